package e2e

import (
	"fmt"
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
	w.sizeIs(paneSize(w.screen()))
	w.resize(120, 36)
	w.until("the screen in 120 columns", func(screen string) bool { return strings.Count(screen, "\n") == 35 })
	w.sizeIs(paneSize(w.prompt()))
	w.resize(80, 24)
	w.sees("24") // anything: the window follows at once
	w.sizeIs(22, 80)
	w.resize(wide, high)
	w.sees("what the kernel says")
	w.sizeIs(paneSize(w.prompt()))

	w.keys("C-]")
	w.sees("zoom")
	w.keys("z")
	w.sees("back to the screen")
	w.sizeIs(high-2, wide)
	w.keys("C-]")
	w.sees("what the kernel says")
	w.keys("Enter")
	w.sees("^] leave")
	w.sizeIs(paneSize(w.screen()))
}

// paneSize is the size of the frame at the left.
func paneSize(screen string) (rows, columns int) {
	for line := range strings.Lines(screen) {
		if rest, framed := strings.CutPrefix(line, "│"); framed {
			before, _, _ := strings.Cut(rest, "│")
			rows, columns = rows+1, utf8.RuneCountInString(before)
		}
	}
	return rows, columns
}

// sizeIs asks the shell for the size of its terminal, until the new size has reached it.
func (w *window) sizeIs(rows, columns int) {
	w.t.Helper()
	want, is := fmt.Sprintf("%d %d", rows, columns), ""
	if !poll(func() bool {
		lines, _ := w.run("stty size")
		is = strings.Join(lines, " ")
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
		w.sees("~\n", "/tmp/text")
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
