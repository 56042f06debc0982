package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/livetest"
)

// patience is how long anything may take: the machines of continuous integration are slow and share their cores.
const patience = 30 * time.Second

// window is cutaway in a window of a tmux server that is the test's own.
type window struct {
	t      *testing.T
	socket string
	home   string // HOME, with the state in it
	pid    int    // cutaway's
	start  string // its start time as /proc/PID/stat has it, for the names of its cgroups
	asked  int    // commands that were run in shells
}

var sockets atomic.Int32

// open starts cutaway in a window of that size and waits for its first frame.
func open(t *testing.T, columns, rows int, args ...string) *window {
	t.Helper()
	return openIn(t, t.TempDir(), columns, rows, args...)
}

// openIn starts cutaway with a home that has the state of an earlier one.
func openIn(t *testing.T, home string, columns, rows int, args ...string) *window {
	t.Helper()
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "tmux", "bash")
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	w := &window{t: t, home: home, socket: fmt.Sprintf("cutaway-e2e-%d-%d", os.Getpid(), sockets.Add(1))}
	conf := filepath.Join(t.TempDir(), "tmux.conf")
	// The pane stays when cutaway has ended, with what it wrote last and its exit status.
	settings := "set -g remain-on-exit on\nset -g default-terminal tmux-256color\nset -g escape-time 0\n" +
		"set -g status off\nset -g exit-empty off\n"
	if err := os.WriteFile(conf, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	line := []string{"-f", conf, "new-session", "-d", "-s", "e2e", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows), "-c", home, "--", program}
	t.Cleanup(w.close)
	w.tmux(append(line, args...)...)
	w.pid, _ = strconv.Atoi(w.tmux("display-message", "-p", "-t", "e2e", "#{pane_pid}"))
	w.start = startTime(w.pid)
	w.sees("Tree", "Sandbox")
	return w
}

// tmux runs a command of the window's own server, with an environment that has nothing of the caller's.
func (w *window) tmux(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("tmux %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (w *window) try(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-L", w.socket}, args...)...)
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TERM=xterm-256color", "SHELL=/bin/bash",
		"HOME=" + w.home, "XDG_STATE_HOME=" + filepath.Join(w.home, "state"), "XDG_CACHE_HOME=" + filepath.Join(w.home, "cache"),
		"TMUX_TMPDIR=" + os.TempDir(), livetest.Mark(w.t),
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// close ends the tmux server, and with its terminal cutaway; then nothing may be left of it.
func (w *window) close() {
	if w.t.Failed() {
		screen, _ := w.try("capture-pane", "-p", "-t", "e2e")
		w.t.Logf("the screen at the end:\n%s", screen)
	}
	below := descendants(w.pid)
	_, _ = w.try("kill-server")
	w.leavesNothing(below)
	_ = os.Remove(filepath.Join(os.TempDir(), fmt.Sprintf("tmux-%d", os.Geteuid()), w.socket))
}

// leavesNothing waits until cutaway and what was below it are gone, with its cgroups.
func (w *window) leavesNothing(below []process) {
	w.t.Helper()
	if w.pid == 0 {
		return
	}
	var left []string
	gone := func() bool {
		left = left[:0]
		for _, p := range append(below, process{w.pid, w.start}) {
			if p.alive() {
				left = append(left, fmt.Sprintf("process %d %s", p.pid, comm(p.pid)))
			}
		}
		left = append(left, w.cgroups()...)
		return len(left) == 0
	}
	if !poll(gone) {
		w.t.Errorf("left behind: %s", strings.Join(left, ", "))
	}
}

// cgroups lists the cgroups that carry this cutaway's name.
func (w *window) cgroups() []string {
	return cgroupsNamed(fmt.Sprintf("cutaway-%d-%s-", w.pid, w.start))
}

// keys presses keys by tmux's names: Enter, C-z, Down, or characters.
func (w *window) keys(names ...string) {
	w.t.Helper()
	w.tmux(append([]string{"send-keys", "-t", "e2e", "--"}, names...)...)
}

// types types text, character by character.
func (w *window) types(text string) {
	w.t.Helper()
	w.tmux("send-keys", "-t", "e2e", "-l", "--", text)
}

// paste pastes text as a terminal does for a program that asked for brackets.
func (w *window) paste(text string) {
	w.t.Helper()
	w.tmux("set-buffer", "-b", "e2e", "--", text)
	w.tmux("paste-buffer", "-p", "-r", "-d", "-b", "e2e", "-t", "e2e")
}

// resize gives the window another size.
func (w *window) resize(columns, rows int) {
	w.t.Helper()
	w.tmux("resize-window", "-t", "e2e", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows))
}

// screen is what the window shows.
func (w *window) screen() string {
	w.t.Helper()
	return w.tmux("capture-pane", "-p", "-t", "e2e")
}

// until waits until the screen is as it should be, and returns it.
func (w *window) until(what string, right func(screen string) bool) string {
	w.t.Helper()
	var screen string
	if !poll(func() bool { screen = w.screen(); return right(screen) }) {
		w.t.Fatalf("waited %v in vain for %s", patience, what)
	}
	return screen
}

// sees waits until all of these texts are on the screen.
func (w *window) sees(texts ...string) string {
	w.t.Helper()
	return w.until("the screen to show "+strings.Join(texts, ", "), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// status waits until cutaway has ended and returns its exit status, or "signal 9". It asks the kernel for one that tmux has
// not waited for: tmux 3.3 does not always.
func (w *window) status() string {
	w.t.Helper()
	status := ""
	if !poll(func() bool {
		if fields := statFields(w.pid); len(fields) > 49 && fields[0] == "Z" {
			exit, _ := strconv.Atoi(fields[49])
			status = ended(syscall.WaitStatus(exit))
			return true
		}
		code, signal, _ := strings.Cut(w.tmux("display-message", "-p", "-t", "e2e", "#{pane_dead_status}/#{pane_dead_signal}"), "/")
		if status = code; signal != "" {
			status = "signal " + signal
		}
		return status != ""
	}) {
		w.t.Fatalf("cutaway does not end: its state is %v", statFields(w.pid))
	}
	return status
}

func ended(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "signal " + itoa(int(s.Signal()))
	}
	return itoa(s.ExitStatus())
}

// signal sends cutaway a signal.
func (w *window) signal(s syscall.Signal) {
	w.t.Helper()
	if err := syscall.Kill(w.pid, s); err != nil {
		w.t.Fatal(err)
	}
}

// pane is the pane at the left: the shell's lines, with or without the frame.
func pane(screen string) []string {
	var lines []string
	for line := range strings.Lines(screen) {
		line = strings.TrimRight(line, "\n")
		if rest, framed := strings.CutPrefix(line, "│"); framed {
			line, _, _ = strings.Cut(rest, "│")
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// beside is the pane at the right of it.
func beside(screen string) string {
	var b strings.Builder
	for line := range strings.Lines(screen) {
		if parts := strings.Split(line, "│"); len(parts) >= 5 {
			b.WriteString(strings.TrimSpace(parts[3]) + "\n")
		}
	}
	return b.String()
}

// run runs a command line in the shell that has the keys, and returns its lines and exit status.
func (w *window) run(command string) ([]string, int) {
	w.t.Helper()
	w.asked++
	end := fmt.Sprintf("=%d", w.asked)
	w.types(`printf '\033[2J\033[H'; ` + command + `; printf '\n=%d` + end + `\n' $?`)
	w.keys("Enter")
	var lines []string
	status := -1
	w.until("the end of "+command, func(screen string) bool {
		lines = lines[:0]
		for _, line := range pane(screen) {
			if code, ok := strings.CutSuffix(line, end); ok && strings.HasPrefix(code, "=") {
				status, _ = strconv.Atoi(code[1:])
				return true
			}
			if !strings.HasPrefix(line, " cutaway ") && !strings.HasPrefix(line, "╭") { // the title, and the frame
				lines = append(lines, line)
			}
		}
		return false
	})
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, status
}

// prompt waits for a shell that has the keys and an empty line to type in.
func (w *window) prompt() {
	w.t.Helper()
	w.until("a prompt", func(screen string) bool {
		if !strings.Contains(screen, "^] leave") && !strings.Contains(screen, "^] back") {
			return false
		}
		last := ""
		for _, line := range pane(screen) {
			if line != "" && line[0] != ' ' && !strings.HasPrefix(line, "╰") { // not the bars below
				last = line
			}
		}
		return strings.HasSuffix(last, "#") || strings.HasSuffix(last, "$")
	})
}

// poll asks until the condition holds or the time is over.
func poll(condition func() bool) bool { return pollFor(patience, condition) }

func pollFor(patience time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}
