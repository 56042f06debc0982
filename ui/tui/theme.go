package tui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// style is one of the few looks of the screen; each has one meaning.
type style uint8

const (
	plain  style = iota
	dim          // labels, and what is the same or not important
	strong       // names, and what is in front
	accent       // keys, files and engines: what leads somewhere
	own          // a namespace of its own; history
	good
	warn
	bad
	chosen // what the cursor of a dialog is on
	front  // the screen that is shown, in the bar
	mask   // hexadecimal masks and their bits
	share0 // letters of shared namespaces, in turn
	share1
	share2
	share3
	styles
)

// shareStyle is the colour of a share's letter; the letter itself tells shares apart where colours repeat.
func shareStyle(letter byte) style {
	return share0 + style(letter-'A')%(styles-share0)
}

// looks are the styles in the terminal's own sixteen colours, which follow the person's palette and so stay readable on
// light and dark. Faint is used for dim because bright black is the background itself in some palettes.
var looks = [styles]lipgloss.Style{
	dim:    lipgloss.NewStyle().Faint(true),
	strong: lipgloss.NewStyle().Bold(true),
	accent: lipgloss.NewStyle().Foreground(lipgloss.Cyan),
	own:    lipgloss.NewStyle().Foreground(lipgloss.BrightBlue),
	good:   lipgloss.NewStyle().Foreground(lipgloss.Green),
	warn:   lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	bad:    lipgloss.NewStyle().Foreground(lipgloss.Red),
	mask:   lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	chosen: lipgloss.NewStyle().Reverse(true),
	front:  lipgloss.NewStyle().Reverse(true),
	share0: lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	share1: lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	share2: lipgloss.NewStyle().Foreground(lipgloss.Green),
	share3: lipgloss.NewStyle().Foreground(lipgloss.BrightRed),
}

// surface is what a line is drawn on.
type surface uint8

const (
	onBase   surface = iota
	onBar            // the bars at the top and the bottom
	onCursor         // the selected row of the pane that has the keys
	onMarked         // the selected row of another pane
	surfaces
)

// theme holds the escape sequence for every style on every surface, made once: rendering a style for each cell would cost
// some microseconds each time.
type theme struct {
	seq [surfaces][styles]string
}

// newTheme makes the theme for a terminal whose background is bg, or not known when nil. Only a known background
// can be shaded: else the cursor is drawn in reverse, which is readable on all.
func newTheme(bg color.Color) *theme {
	if bg == nil {
		return plainTheme()
	}
	ground := [surfaces]lipgloss.Style{
		onBar:    lipgloss.NewStyle().Background(shade(bg, 14)),
		onMarked: lipgloss.NewStyle().Background(shade(bg, 18)),
		onCursor: lipgloss.NewStyle().Background(shade(bg, 40)),
	}
	t := &theme{}
	for on := range t.seq {
		for st, look := range looks {
			if style(st) == front {
				look = lipgloss.NewStyle().Bold(true).Background(shade(bg, 40))
			}
			t.seq[on][st] = sequence(look.Inherit(ground[on]))
		}
	}
	return t
}

// plainTheme shades nothing. On the cursor all styles look the same, since reverse would turn colours into grounds.
func plainTheme() *theme {
	t := &theme{}
	for st, look := range looks {
		t.seq[onBase][st] = sequence(look)
		t.seq[onBar][st] = sequence(look)
		t.seq[onMarked][st] = sequence(look.Bold(true))
		t.seq[onCursor][st] = sequence(lipgloss.NewStyle().Bold(true).Reverse(true))
	}
	return t
}

// sequence is what a style writes before its text.
func sequence(s lipgloss.Style) string {
	const text = "x"
	before, _, _ := strings.Cut(s.Render(text), text)
	return before
}

// shade is a background some steps (of 255) nearer to the middle than bg.
func shade(bg color.Color, steps int) color.Color {
	r, g, b, _ := bg.RGBA()
	if (r*299+g*587+b*114)/1000 >= 0x8000 {
		steps = -steps
	}
	move := func(c uint32) uint8 { return uint8(min(max(int(c>>8)+steps, 0), 255)) }
	return color.RGBA{move(r), move(g), move(b), 0xff}
}
