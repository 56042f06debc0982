package vterm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
)

// session is a program that runs on a terminal of its own.
type session struct {
	*testing.T
	*Terminal
}

// start runs a program on a terminal of 80x24, or skips the test when it is not installed.
func start(t *testing.T, command ...string) session {
	t.Helper()
	file, err := exec.LookPath(command[0])
	if err != nil {
		t.Skipf("needs %s", command[0])
	}
	cmd := exec.Command(file, command[1:]...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"TERM=xterm-256color", "PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "LANG=C.UTF-8", "PS1=ready$ ",
		"HISTFILE=/dev/null", "LESS=", "INPUTRC=/dev/null",
	}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := session{t, New(master, 80, 24)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		master.Close()
		awaitDone(t, s.Terminal)
		if s.machine.resets > 0 {
			t.Error("the emulator panicked")
		}
	})
	return s
}

func shell(t *testing.T) session {
	t.Helper()
	s := start(t, "bash", "--norc", "--noprofile", "-i")
	s.see("ready$")
	return s
}

// run types a line.
func (s session) run(line string) {
	s.Helper()
	s.Type(line)
	s.press(tea.KeyEnter, 0)
}

// Type types text.
func (s session) Type(text string) {
	s.Helper()
	for _, r := range text {
		if !s.Key(tea.KeyPressMsg{Code: r, Text: string(r)}) {
			s.Fatalf("%q was not taken", r)
		}
	}
}

func (s session) press(code rune, mod tea.KeyMod) {
	s.Helper()
	if !s.Key(tea.KeyPressMsg{Code: code, Mod: mod}) {
		s.Fatalf("key %v was not taken", code)
	}
}

// see waits for a text on the screen.
func (s session) see(want string) Screen {
	s.Helper()
	return awaitText(s.T, s.Terminal, want)
}

// until waits for a screen.
func (s session) until(what string, ok func(string, Screen) bool) Screen {
	s.Helper()
	return await(s.T, s.Terminal, what, func(now Screen) bool { return ok(shown(now), now) })
}

// prompt waits until the last line is an empty prompt.
func (s session) prompt() Screen {
	s.Helper()
	return s.until("prompt", func(text string, _ Screen) bool { return strings.HasSuffix(text, "ready$") })
}

func TestBash(t *testing.T) {
	s := shell(t)
	s.run("stty size")
	s.see("24 80")
	s.Resize(100, 30)
	s.run("stty size")
	s.see("30 100")
	s.run("clear; tput cup 5 10; tput smacs; printf lqqk; tput rmacs; tput cup 10 0; tput rep - 5 2>/dev/null || printf ok; echo")
	s.see("          ┌──┐")
	s.prompt()

	// Line editing: the middle of a long line that wraps, and back.
	s.Type("echo " + strings.Repeat("x", 120) + "y")
	s.press(tea.KeyHome, 0)
	for range 5 {
		s.press(tea.KeyRight, 0)
	}
	s.Type("start-")
	s.press(tea.KeyEnd, 0)
	s.press(tea.KeyBackspace, 0)
	s.Type("end")
	s.press(tea.KeyEnter, 0)
	s.until("the edited line", func(text string, _ Screen) bool {
		return strings.Contains(strings.ReplaceAll(text, "\n", ""), "start-"+strings.Repeat("x", 120)+"end")
	})
	s.prompt()

	s.run("clear")
	s.until("cleared screen", func(text string, _ Screen) bool { return text == "ready$" })
	s.Paste("echo one\necho two")
	s.see("ready$ echo one\necho two") // bash asks for brackets: nothing runs yet
	s.press(tea.KeyEnter, 0)
	s.see("\none\ntwo\n")
}

func TestJobControl(t *testing.T) {
	s := shell(t)
	s.run("sh -c 'echo begun; exec sleep 1000'")
	s.see("\nbegun")
	s.press('c', tea.ModCtrl)
	s.prompt()
	s.run("echo status $?")
	s.see("status 130")
	s.run("clear; cat")
	s.until("cat to wait", func(text string, _ Screen) bool { return text == "" })
	s.run("to cat")
	s.see("to cat\nto cat")
	s.press('z', tea.ModCtrl)
	s.see("Stopped")
	s.prompt()
	s.run("fg")
	s.see("ready$ fg\ncat")
	s.run("again")
	s.see("again\nagain")
	s.press('d', tea.ModCtrl)
	s.prompt()
}

func TestVi(t *testing.T) {
	for _, editor := range []string{"vi", "vim"} {
		t.Run(editor, func(t *testing.T) {
			if _, err := exec.LookPath(editor); err != nil {
				t.Skipf("needs %s", editor)
			}
			s := shell(t)
			s.run("echo before")
			s.see("\nbefore\n")
			s.prompt()
			before := s.Screen(0)
			s.run(editor + " new")
			screen := s.until("tildes", func(text string, now Screen) bool { return now.Alt && strings.Count(text, "\n~") > 15 })
			if screen.MaxBack != 0 {
				t.Errorf("the alternate screen can be scrolled back by %d", screen.MaxBack)
			}
			s.Type("ihello")
			s.press(tea.KeyEnter, 0)
			s.Type("wörld 日本")
			s.press(tea.KeyEscape, 0)
			s.see("hello\nwörld 日本\n~")
			s.Type("ggOfirst")
			s.press(tea.KeyEscape, 0)
			s.see("first\nhello\nwörld 日本\n~")
			s.Type("jdd")
			s.see("first\nwörld 日本\n~")
			s.Type("G$x0x")
			s.see("first\nörld 日\n~")
			s.Resize(60, 15)
			s.until("a smaller screen", func(text string, now Screen) bool {
				return len(now.Lines) == 15 && strings.Contains(text, "first\nörld 日\n~") && strings.Count(text, "\n~") > 8
			})
			s.Resize(80, 24)
			s.run(":wq")
			after := s.until("the shell again", func(text string, now Screen) bool { return !now.Alt && strings.HasSuffix(text, "ready$") })
			want := shown(before) + " " + editor + " new\nready$"
			if got := shown(after); got != want {
				t.Errorf("after %s the screen is\n%s\nand not\n%s", editor, got, want)
			}
			s.run("cat new")
			s.see("\nfirst\nörld 日\nready$")
		})
	}
}

func TestLess(t *testing.T) {
	s := shell(t)
	if _, err := exec.LookPath("less"); err != nil {
		t.Skip("needs less")
	}
	s.run("seq 1 500 > numbers; less numbers")
	s.see("1\n2\n3\n4")
	s.Type(" ")
	s.see("24\n25\n26\n")
	s.Type("G")
	s.see("\n499\n500\n")
	s.Type("k")
	s.until("a line back", func(text string, _ Screen) bool { return strings.Contains(text, "\n499\n:") })
	s.Type("g")
	s.see("1\n2\n3")
	s.press(tea.KeyDown, 0)
	s.until("a line on", func(text string, _ Screen) bool { return strings.HasPrefix(text, "2\n3\n") })
	s.Type("/250")
	s.press(tea.KeyEnter, 0)
	screen := s.until("the place", func(text string, _ Screen) bool { return strings.HasPrefix(text, "250\n") })
	if style := screen.Lines[0][0].Style; style.Attrs&Reverse == 0 {
		t.Errorf("what was looked for is %+v", style)
	}
	s.Type("q")
	s.until("the shell again", func(text string, now Screen) bool { return !now.Alt && strings.HasSuffix(text, "ready$") })
}

func TestTop(t *testing.T) {
	for _, top := range []string{"top", "htop"} {
		t.Run(top, func(t *testing.T) {
			s := start(t, top)
			s.see("PID")
			s.until("processes", func(text string, _ Screen) bool { return strings.Contains(text, top) })
			if top == "htop" { // top takes keys that come together for one that it does not know
				for range 3 {
					s.press(tea.KeyDown, 0)
				}
				if s.see("Setup"); !s.WantsMouse() {
					t.Error("htop does not want the mouse")
				}
			}
			s.Resize(120, 40)
			s.until("the larger screen", func(text string, now Screen) bool { return len(now.Lines) == 40 && strings.Count(text, "\n") > 25 })
			s.Type("q")
			awaitDone(t, s.Terminal)
		})
	}
}

// TestFloodThenPrompt: the end of a flood is on the screen and in history, complete.
func TestFloodThenPrompt(t *testing.T) {
	s := shell(t)
	s.run("seq 1 100000")
	screen := s.until("the end", func(text string, _ Screen) bool { return strings.HasSuffix(text, "\n100000\nready$") })
	if screen.MaxBack != historyLines {
		t.Errorf("history has %d lines", screen.MaxBack)
	}
	last := screen.First + 22 // the line of 100000
	var want strings.Builder
	for n := 100000 - 1999; n <= 100000; n++ {
		fmt.Fprintln(&want, n)
	}
	if got := s.Text(last-1999, 0, last, 80); got != strings.TrimSuffix(want.String(), "\n") {
		t.Errorf("history is not in order:\n%.200s", got)
	}
	s.run("yes")
	s.until("y", func(text string, _ Screen) bool { return strings.HasSuffix(text, "\ny\ny\ny") })
	s.press('c', tea.ModCtrl)
	s.prompt()
}

// TestHostileFile: what cat shows of a file cannot reach a terminal.
func TestHostileFile(t *testing.T) {
	s := shell(t)
	file := filepath.Join(t.TempDir(), "hostile")
	random := make([]byte, 200<<10)
	for i, seed := 0, uint32(1); i < len(random); i++ {
		seed = seed*1664525 + 1013904223
		random[i] = byte(seed >> 24)
	}
	if err := os.WriteFile(file, append(random, "\x18\x1bc\x1b]0;x\a"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("cat " + file + "; stty sane; echo; echo the e''nd")
	screen := s.see("the end")
	checkScreen(t, screen, 80, 24)
}
