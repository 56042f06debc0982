package tui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/sandbox/rootfs"
)

// hostileOutput is what programs write to break a terminal that shows them.
var hostileOutput = []string{
	evil, "\x1b]0;title\x07", "\x1b]52;c;aGFsbG8=\x07", "\x1b[2J\x1b[H", "\x1b[?1049h", "\x1b[?1049l", "\x1b[999;999H", "\x1b[?1002h\x1b[?1006h", "\x1b[?25l",
	"\x1bP$q\"p\x1b\\", "\x1b[6n\x1b[c", "\x9b31m", "\x1b[31;1;4", "漢字漢字漢字", "e\u0301\u0301\u0301", "a\tb\r\n", "\x1b[5;2r\x1bM\x1bM", "\x1b#8", "\x1b_apc\x1b\\", "\x1b[?2004h",
	"\x1b[38;2;1;2;3;48;5;99mx", "\xff\xfe\x00", "\u202e\u2066bidi", "\x1b[100000@\x1b[100000P\x1b[100000L", "\x1bc",
}

// sandboxKeysToPress are those that lead around the screen; everyKey has all others.
var sandboxKeysToPress = []string{"5", "enter", "enter", "ctrl+]", "ctrl+]", "tab", "N", "X", "D", "z", "[", "]", "S", "n", "c", "y", "w", "a", "esc", "y", "j", "down", "shift+pgup"}

// The sandbox screen never panics, never draws beyond its window nor lets anything of a shell's through to the terminal, whatever is
// pressed, clicked, pasted, written and ended, in whatever order the screen hears of it.
func TestSandboxAtRandom(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			b := testBench(t, 120, 36)
			b.becomes(randomLaunch(b, rand.New(rand.NewPCG(seed, 6))))
			b.press("5")
			for range 300 {
				checkScreen(t, b.driver, randomEvent(r, b))
			}
		})
	}
}

// randomLaunch starts shells most often. It has its own randomness, as launches go on beside the test.
func randomLaunch(b *bench, r *rand.Rand) func(*order, context.Context, sandbox.Options) (*boxed, error, error) {
	return func(o *order, ctx context.Context, opts sandbox.Options) (*boxed, error, error) {
		b.mu.Lock()
		what := r.IntN(8)
		b.mu.Unlock()
		if opts.Before != nil {
			opts.Planned(coursePlan())
			for _, stage := range []sandbox.Stage{sandbox.StageClone, sandbox.StageMaps, sandbox.StageExec} {
				if err := opts.Before(stage, 0); err != nil {
					return nil, nil, &sandbox.LaunchError{Stage: stage, What: "stopped", Err: err}
				}
			}
		}
		switch what {
		case 0:
			return nil, nil, &sandbox.LaunchError{Stage: sandbox.StageExec, What: "execve", Path: evil, Err: syscall.ENOENT}
		case 1:
			return waitsForEver(o, ctx, opts)
		case 2:
			opts.Progress(rootfs.Progress{What: rootfs.Unpacking, Done: 5, Total: 7, Entries: 3})
		}
		f, box := newFakeShell(b.t, b.box.first)
		if what == 3 {
			box.Notes = []string{evil}
		}
		b.mu.Lock()
		b.shells = append(b.shells, f)
		b.mu.Unlock()
		return box, nil, nil
	}
}

// randomEvent is something that a person does, that a shell does, or that the screen hears of.
func randomEvent(r *rand.Rand, b *bench) string {
	what := "news"
	switch r.IntN(10) {
	case 0, 1, 2:
		return randomInput(r, b.driver)
	case 3, 4:
		key := sandboxKeysToPress[r.IntN(len(sandboxKeysToPress))]
		b.press(key)
		return "key " + key
	case 5:
		if f := b.someShell(r); f != nil {
			text := hostileOutput[r.IntN(len(hostileOutput))] + hostileOutput[r.IntN(len(hostileOutput))]
			_, _ = f.tty.WriteString(text) // it may have ended
			what = fmt.Sprintf("output %q", text)
		}
	case 6:
		if f := b.someShell(r); f != nil && r.IntN(3) == 0 {
			f.end(sandbox.Status{Code: r.IntN(3), Signal: syscall.Signal(r.IntN(3))}, map[bool]error{true: errors.New(evil)}[r.IntN(2) == 0])
			what = "an end"
		}
	case 7:
		b.drag(r.IntN(max(b.app.w, 1)), r.IntN(max(b.app.h, 1)), r.IntN(max(b.app.w, 1)), r.IntN(max(b.app.h, 1)))
		return "drag"
	case 8:
		s := sandbox.Default()
		b.send(likened{title: evil, found: &sandbox.Likeness{Spec: s, Marks: []sandbox.Mark{{Field: "seccomp", Text: evil}}}})
		return "a form like a process"
	case 9:
		w, h := 1+r.IntN(200), 1+r.IntN(60)
		b.send(tea.WindowSizeMsg{Width: w, Height: h})
		return fmt.Sprintf("size %dx%d", w, h)
	}
	for range r.IntN(4) {
		select {
		case msg := <-b.waits:
			b.send(msg)
			what += fmt.Sprintf(", %T", msg)
		default:
		}
	}
	return what
}

// someShell is one of the shells, those that ended too.
func (b *bench) someShell(r *rand.Rand) *fakeShell {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.shells) == 0 {
		return nil
	}
	return b.shells[r.IntN(len(b.shells))]
}

// Every state draws at every size from nothing on.
func TestSandboxEverySize(t *testing.T) {
	for _, do := range []func(b *bench){
		func(*bench) {},
		func(b *bench) { b.press("tab", "tab") },
		func(b *bench) { b.says(b.starts("enter"), lsOutput, "ready>") },
		func(b *bench) { b.says(b.starts("enter"), lsOutput, "ready>"); b.press("ctrl+]", "z") },
		func(b *bench) { b.starts("enter"); b.press("ctrl+]", "tab") },
		func(b *bench) { b.becomes(waitsForEver); b.press("S"); b.course(4) },
		func(b *bench) { b.becomes(waitsForEver); b.press("enter") },
		func(b *bench) { b.press("1", "#", "4", "2", "4", "2", "enter", "e") },
	} {
		b := testBench(t, 120, 36)
		b.press("5")
		do(b)
		for _, w := range []int{1, 2, 7, 39, 40, 41, 79, 109, 110, 111, 150, 199} {
			for _, h := range []int{1, 2, 7, 8, 9, 24, 31, 32, 50} {
				b.size(w, h)
				checkScreen(t, b.driver, fmt.Sprint(w, "x", h))
			}
		}
	}
}
