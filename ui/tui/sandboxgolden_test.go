package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/sandbox/rootfs"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// lsOutput is what a shell with colours, a wide letter, a tab and a wrapped line writes.
const lsOutput = "\x1b]0;a title\x07root@sandbox:/# ls --color\r\n\x1b[01;34mbin\x1b[0m  \x1b[01;36mlib\x1b[0m\ta\tb  漢字\r\n" +
	"\x1b[41mred on\x1b[m \x1b[7mreverse\x1b[m \x1b[4munder\x1b[m \x1b[2mdim\x1b[m\r\n" +
	"a line that is so long that it goes on below, since no pane is wide enough for all of it, not even that of the widest window\r\n" +
	"ready> "

// manyLines fill the terminal several times.
func manyLines() string {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "line %d of what was written\r\n", i+1)
	}
	return b.String() + "$ "
}

// fails makes a launch fail.
func fails(err error) func(*order, context.Context, sandbox.Options) (*boxed, error, error) {
	return func(*order, context.Context, sandbox.Options) (*boxed, error, error) { return nil, nil, err }
}

// coursePlan is a launch of eight stages, which a launcher of this test only tells of.
func coursePlan() *steps.Launch {
	l := &steps.Launch{
		Clone: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUSER, UIDMap: []proc.IDMapping{{Inside: 0, Outside: 165536, Count: 65536}},
		Cgroups: []string{"/sys/fs/cgroup/cutaway-8809"}, Limits: []steps.Limit{{Path: "/sys/fs/cgroup/cutaway-8809/memory.max", Value: "67108864"}},
	}
	for _, s := range []sandbox.Stage{sandbox.StageProc, sandbox.StageRoot, sandbox.StageHostname, sandbox.StageExec} {
		l.Ops = append(l.Ops, stage.Op{Verb: stage.Begin, Data: string(s)})
	}
	l.Ops = append(l.Ops, stage.Op{Verb: stage.Exec, List: []string{"/bin/sh"}})
	return l
}

// course tells the screen of a launch up to the stage of a number, before which it waits; 0 is to the end.
func (b *bench) course(upTo int) {
	x, plan := b.session(), coursePlan()
	n := len(plan.Steps(8809, text.ShellQuote))
	changes := courseChanges()
	for number := 1; number <= n; number++ {
		r := stepReport{plan: plan, number: number, pid: 8809, waits: true}
		if number == 1 {
			r.pid = 0
		} else {
			r.changes = changes[min(number-2, len(changes)-1)]
		}
		b.send(stepped{x, x.run, r})
		if number == upTo {
			return
		}
	}
	b.send(stepped{x, x.run, stepReport{plan: plan, number: n + 1, pid: 8809, runs: "It is PID 8810, bash, below the tiny init, PID 8809; inside it is PID 2."}})
}

// goToRow puts the cursor of the form on a row.
func goToRow(b *bench, name string) {
	b.t.Helper()
	b.press("g")
	for range 100 {
		if b.app.sandboxScreen().form.selected().Name == name {
			return
		}
		b.press("j")
	}
	b.t.Fatalf("no row %s", name)
}

func TestSandboxGolden(t *testing.T) {
	cases := []struct {
		name string
		do   func(b *bench)
	}{
		{"menu", func(*bench) {}},
		{"form", func(b *bench) {
			b.press("tab")
			goToRow(b, "memory")
			b.press("enter", "ctrl+u", "6", "4", "M", "enter")
		}},
		{"wrong", func(b *bench) {
			b.press("tab")
			goToRow(b, "memory")
			b.press("enter", "ctrl+u", "6", "4", "X", "enter")
		}},
		{"chroot", func(b *bench) { b.press("down", "down", "down", "enter") }},
		{"like", func(b *bench) {
			s := sandbox.Default()
			b.send(likened{title: "redis-server (PID 4242) " + evil, found: &sandbox.Likeness{Spec: s, Marks: []sandbox.Mark{
				{Field: "seccomp", Text: "the kernel does not show which system calls a filter refuses"}, {Field: "namespaces.net", Known: true, Text: "process 4242's"},
			}}})
		}},
		{"scripts", func(b *bench) { b.press("tab", "tab") }},
		{"starting", func(b *bench) {
			b.becomes(waitsForEver)
			b.press("enter")
		}},
		{"unpacking", func(b *bench) {
			b.becomes(waitsForEver)
			b.press("enter")
			x := b.session()
			b.send(unpacking{x, x.run, rootfs.Progress{What: rootfs.Unpacking, Done: 40 << 20, Total: 100 << 20, Entries: 1234}})
		}},
		{"running", func(b *bench) { b.says(b.starts("enter"), lsOutput, "ready>") }},
		{"left", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]")
		}},
		{"kernel", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "tab")
		}},
		{"byhand", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "tab", "tab")
		}},
		{"zoomed", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "z")
		}},
		{"back", func(b *bench) {
			b.says(b.starts("enter"), manyLines(), "line 200")
			b.press("ctrl+]", "pgup", "k")
		}},
		{"selected", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.drag(3, 3, 12, 4)
		}},
		{"ended", func(b *bench) {
			f := b.starts("enter")
			b.says(f, lsOutput+"exit 3\r\n", "exit 3")
			b.clock = b.clock.Add(72e9)
			f.end(sandbox.Status{Code: 3}, nil)
			b.until("the end", func() bool { return b.session().over() })
		}},
		{"killed", func(b *bench) {
			f := b.starts("enter")
			b.says(f, lsOutput, "ready>")
			f.end(sandbox.Status{Signal: syscall.SIGKILL}, errors.New("remove its cgroup: device or resource busy"))
			b.until("the end", func() bool { return b.session().over() })
		}},
		{"failed", func(b *bench) {
			b.becomes(fails(&sandbox.LaunchError{
				Stage: sandbox.StageMounts, What: "mount tmpfs", Path: "/run/" + evil, Err: syscall.EPERM, Advice: "this kernel lets only root mount here; choose another root",
			}))
			b.press("enter")
			b.until("the failure", func() bool { return b.session().over() })
		}},
		{"several", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "N", "down")
			f := b.starts("enter")
			f.end(sandbox.Status{Code: 1}, nil)
			b.until("the end", func() bool { return b.session().over() })
			b.becomes(waitsForEver)
			b.press("N", "down", "enter")
			b.clock = b.clock.Add(72e9)
			b.press("N", "G")
		}},
		{"step-waits", func(b *bench) {
			b.becomes(waitsForEver)
			b.press("S")
			b.course(4)
		}},
		{"step-failed", func(b *bench) {
			b.becomes(waitsForEver)
			b.press("S")
			b.course(4)
			x := b.session()
			b.send(launched{s: x, run: x.run, err: &sandbox.LaunchError{Stage: sandbox.StageMounts, What: "mount tmpfs", Path: "/run/" + evil, Err: syscall.EPERM}})
		}},
		{"step-done", func(b *bench) {
			b.becomes(waitsForEver)
			b.press("S")
			_, box := newFakeShell(b.t, b.box.first)
			b.send(launched{s: b.session(), run: b.session().run, box: box})
			b.course(0)
		}},
		{"enter", func(b *bench) { b.press("1", "#", "4", "2", "4", "2", "enter", "e") }},
		{"enter-rows", func(b *bench) {
			b.press("1", "#", "4", "2", "4", "2", "enter", "e")
			b.typed("ls -l | wc")
			b.press("up", "space", "up", "space", "up", "space", "right")
		}},
		{"enter-host", func(b *bench) { b.press("1", "#", "8", "4", "0", "enter", "e") }},
		{"enter-noshell", func(b *bench) {
			b.becomes(fails(&sandbox.LaunchError{Stage: sandbox.StageExec, What: "execve", Path: "sh", Err: syscall.ENOENT}))
			b.press("1", "#", "4", "2", "4", "2", "enter", "e", "enter")
			b.shows("There is no shell in it")
		}},
		{"quit", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "q")
		}},
		{"stop", func(b *bench) {
			b.says(b.starts("enter"), lsOutput, "ready>")
			b.press("ctrl+]", "X")
		}},
		{"save", func(b *bench) { b.press("w") }},
		{"saved", func(b *bench) { b.press("w", "enter") }},
	}
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 60}} {
		for _, c := range cases {
			name := fmt.Sprintf("sandbox-%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				b := testBench(t, size[0], size[1])
				b.press("5")
				c.do(b)
				golden(t, name, b.screen())
			})
		}
	}
}

// waitsForEver is a launch that answers nothing until it is stopped.
func waitsForEver(_ *order, ctx context.Context, _ sandbox.Options) (*boxed, error, error) {
	<-ctx.Done()
	return nil, nil, &sandbox.LaunchError{Stage: sandbox.StageClone, What: "stopped", Err: ctx.Err()}
}
