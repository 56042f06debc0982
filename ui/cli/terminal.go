package cli

import (
	"os"

	"golang.org/x/sys/unix"

	"cutaway/ui/text"
)

// isTerminal asks the kernel (tcgetattr(3) answers for terminals alone).
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// style is how output looks where it goes.
type style struct {
	glyphs *text.Glyphs
	color  bool
	width  int // cells; 0 is no limit, since a file has no edge
}

// style finds out about stdout once a command is about to write.
func (a *app) style() *style {
	st := &style{glyphs: text.GlyphsFor(os.Getenv)}
	out, ok := a.out.(*os.File)
	if !ok || !isTerminal(out) {
		st.color = a.color == "always"
		return st
	}
	if size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ); err == nil {
		st.width = int(size.Col)
	}
	st.color = a.color == "always" || (a.color == "auto" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
	return st
}

// The few styles of printed output, in the terminal's own palette (ECMA-48 SGR).
func (st *style) bold(s string) string   { return st.sgr("1", s) }
func (st *style) dim(s string) string    { return st.sgr("2", s) }
func (st *style) green(s string) string  { return st.sgr("32", s) }
func (st *style) yellow(s string) string { return st.sgr("33", s) }
func (st *style) red(s string) string    { return st.sgr("31", s) }

func (st *style) sgr(code, s string) string {
	if !st.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
