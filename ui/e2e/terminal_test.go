package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cutaway/inspect/livetest"
)

// The shell's terminal is as large as its pane, whatever becomes of the window and of the pane.
func TestLiveSizes(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.launch("isolated")
	w.fits(w.ofPane)
	w.resize(120, 36)
	w.fits(w.ofPane)
	w.resize(80, 24)
	w.fits(func() string { return "21 80" }) // no frame: the title above, how it is and the keys below
	w.resize(wide, high)
	w.fits(w.ofPane)

	w.keys("C-]")
	w.sees("zoom")
	w.keys("z")
	w.sees("back to the screen")
	w.fits(func() string { return fmt.Sprintf("%d %d", high-1, wide) })
	w.keys("C-]")
	w.sees("what the kernel says")
	w.keys("Enter")
	w.sees("^] leave")
	w.fits(w.ofPane)
}

// ofPane is the size of the shell's pane, in its frame.
func (w *window) ofPane() string {
	rows, columns := 0, 0
	for line := range strings.Lines(w.screen()) {
		if rest, framed := strings.CutPrefix(line, "│"); framed {
			before, _, _ := strings.Cut(rest, "│")
			rows, columns = rows+1, utf8.RuneCountInString(before)
		}
	}
	return fmt.Sprintf("%d %d", rows, columns)
}

// fits asks the shell for the size of its terminal, until that is as it should be.
func (w *window) fits(size func() string) {
	w.t.Helper()
	want, is := "", ""
	if !poll(func() bool {
		lines, _ := w.run("stty size")
		is, want = strings.Join(lines, " "), size()
		return is == want
	}) {
		w.t.Fatalf("stty size says %q, the pane is %s", is, want)
	}
}

// Programs that use the whole terminal give it back as it was, in the pane and in the whole window.
func TestLiveFullScreenPrograms(t *testing.T) {
	t.Parallel()
	livetest.NeedTools(t, "vi", "less")
	w := open(t, wide, high)
	w.launch("isolated")
	for _, zoomed := range []bool{false, true} {
		if zoomed {
			w.keys("C-]")
			w.sees("zoom")
			w.keys("z")
			w.sees("back to the screen")
		}
		w.run("echo before")
		w.types("vi /tmp/text")
		w.keys("Enter")
		w.until("an empty file in vi", func(screen string) bool { return slices.Contains(pane(screen), "~") })
		w.without("before")
		w.keys("i")
		w.types("typed into it")
		w.keys("Escape")
		w.sees("typed into it")
		w.keys(":wq", "Enter")
		w.without("typed into it")
		w.sees("before")
		if lines, _ := w.run("cat /tmp/text; rm /tmp/text"); len(lines) == 0 || lines[0] != "typed into it" {
			t.Errorf("the file holds %q", lines)
		}
		w.run("echo before")
		w.types("less /etc/services")
		w.keys("Enter")
		w.sees("tcp")
		w.without("before")
		w.keys("q")
		w.sees("before")
		w.without("tcp")
	}
}

// without waits until the shell's pane has no such line.
func (w *window) without(text string) {
	w.t.Helper()
	w.until(text+" to be gone", func(screen string) bool { return !strings.Contains(strings.Join(pane(screen), "\n"), text) })
}

// What is pasted is text: several lines are not run before enter is pressed, and control characters do not act, neither on
// the shell nor on the screen.
func TestLivePaste(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.launch("isolated")
	w.paste("touch /tmp/one\ntouch /tmp/two\n")
	w.sees("touch /tmp/one", "touch /tmp/two")
	w.keys("C-c")
	w.prompt() // bash takes keys that come before it has heeded ^C for the old line
	if lines, _ := w.run("ls -A /tmp"); len(lines) != 0 {
		t.Errorf("what was pasted ran: %q", lines)
	}
	w.paste("touch /tmp/one\ntouch /tmp/two\n")
	w.sees("touch /tmp/two")
	w.keys("Enter")
	if lines, _ := w.run("ls -A /tmp"); strings.Join(lines, " ") != "one  two" && strings.Join(lines, " ") != "one two" {
		t.Errorf("after enter: %q", lines)
	}

	w.types("cat -v > /tmp/got")
	w.keys("Enter")
	w.command("cat")
	w.paste("a\x03b\x04c\x1dd\x1a\x1b[31me\x15\x7f\tf\x1bOAg\n")
	w.paste("end\n")
	w.sees("end", "^] leave")
	w.keys("C-d")
	lines, _ := w.run("cat /tmp/got")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "abcd") || strings.Contains(lines[0], "^") || lines[1] != "end" {
		t.Errorf("what arrived: %q", lines)
	}
}
