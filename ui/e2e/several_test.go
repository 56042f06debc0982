package e2e

import (
	"strings"
	"testing"
	"time"
)

// Several shells run at once: each keeps its output, one that is busy does not hinder another, and the menu lists them.
func TestLiveSeveralShells(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.launch("isolated")
	w.run("echo the first one")
	w.types("seq 1 10000000")
	w.keys("Enter")
	w.until("the numbers", func(screen string) bool { return strings.Contains(screen, "\n│1") })
	w.keys("C-]")
	w.sees("N new")
	w.keys("N")
	w.sees("begin with", "shell 1")
	w.launch("pid")
	w.sees("shell 2")
	began := time.Now()
	w.run("echo the second one")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("beside a busy shell a command took %v", took)
	}

	w.keys("C-]")
	w.sees("switch")
	w.keys("[")
	w.sees("shell 1 · isolated shell")
	w.without("the second one")
	w.keys("]")
	w.sees("shell 2 · only a PID namespace", "the second one")
	w.keys("[")
	w.sees("shell 1 · isolated shell")
	w.keys("Enter")
	w.sees("^] leave")
	w.keys("C-c")
	w.prompt()
	w.types("exit 4")
	w.keys("Enter")
	w.sees("ended: exit 4")
	w.keys("N")
	list := w.sees("begin with", "shells")
	row := func(name string) string {
		for _, line := range pane(list) {
			if strings.Contains(line, name) {
				return line
			}
		}
		return ""
	}
	if !strings.Contains(row("shell 1"), "exit 4") || !strings.Contains(row("shell 2"), "up ") {
		t.Errorf("the menu says %q and %q", row("shell 1"), row("shell 2"))
	}
	w.keys("G", "Enter")
	w.sees("shell 2 · only a PID namespace", "^] leave")
	if lines, _ := w.run("echo $((6*7))"); len(lines) != 1 || lines[0] != "42" {
		t.Errorf("the second shell says %q", lines)
	}
}
