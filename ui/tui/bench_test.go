package tui

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"cutaway/inspect"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/ui/vterm"
)

// large is a machine with many processes, a part of them in containers with their own namespaces.
func large(n int) *inspect.Snapshot {
	m := &machine{boot: time.Unix(1_700_000_000, 0)}
	host := namespaces(nil)
	m.add(1, 0, "systemd", 0, host, "/init.scope", 0)
	for i := range n - 1 {
		pid := 100 + i
		if i%40 < 4 {
			ns := namespaces(from(4026540000+uint64(i/40*10), proc.Mnt, proc.Net, proc.PID, proc.IPC, proc.UTS))
			m.add(pid, 1, "worker --number 1", 1000, ns, fmt.Sprintf("/docker/%d", i/40), 1+i%40)
			if i%40 == 3 {
				m.contain(engine.Docker, fmt.Sprintf("c%d", i/40), fmt.Sprintf("%012d", i), pid-3, pid-2, pid-1, pid)
			}
			continue
		}
		parent := 1
		if i%3 > 0 {
			parent = pid - i%3
		}
		m.add(pid, parent, "process --with some --arguments /etc/and/a/file", 0, host, "/system.slice/x.service", 0)
	}
	return m.snapshot(1)
}

// BenchmarkKey is Update and View for one key at 10,000 processes; the budget is 5 ms.
func BenchmarkKey(b *testing.B) {
	s := large(10_000)
	d := testApp(b, 200, 60, s, s)
	d.press("*", "G", "home")
	for _, c := range []struct {
		name string
		keys [2]string
	}{
		{"move", [2]string{"down", "up"}},
		{"page", [2]string{"pgdown", "pgup"}},
		{"end", [2]string{"G", "g"}},
		{"fold", [2]string{"space", "space"}},
		{"tab", [2]string{"]", "["}},
	} {
		b.Run(c.name, func(b *testing.B) {
			d.app.View()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d.app.Update(keyPress(c.keys[i%2]))
				d.app.View()
			}
		})
	}
}

// BenchmarkTick is taking a new snapshot of 10,000 processes: what Update and View do of it, without the scan and the
// tree, which are made in a command.
func BenchmarkTick(b *testing.B) {
	s, t := large(10_000), large(10_000)
	t.Seq = 2
	d := testApp(b, 200, 60, s, s)
	d.press("*")
	scr := d.app.screen()
	_, process := scr.wish()
	made := []any{process(t), process(s)}
	snaps := []*inspect.Snapshot{t, s}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.app.snap = snaps[i%2]
		scr.show(snaps[i%2], made[i%2])
		scr.reads()
		d.app.View()
	}
}

// BenchmarkBuild is making the tree of 10,000 processes, in a command.
func BenchmarkBuild(b *testing.B) {
	s := large(10_000)
	d := testApp(b, 80, 24, s, s)
	for g := range inspect.Grouping(inspect.Groupings) {
		b.Run(g.String(), func(b *testing.B) {
			d.tree().spec.grouping = g
			_, process := d.app.screen().wish()
			b.ReportAllocs()
			for b.Loop() {
				process(s)
			}
		})
	}
}

// benchShell shows a running shell on the sandbox screen, whose program writes to the file.
func benchShell(b *testing.B, d *driver) (x *session, program *os.File) {
	b.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		b.Skipf("needs a pseudo terminal: %v", err)
	}
	b.Cleanup(func() { slave.Close(); master.Close() })
	d.press("5")
	spec := sandbox.Default()
	x = &session{number: 1, kind: "isolated shell", order: order{spec: &spec}, state: running, began: time.Now()}
	x.box = &boxed{PID: 103}
	x.kernel, x.staged = newKernelPane(d.app.look, d.app.kernel), newStepPane(d.app.look)
	size := d.app.shellSize()
	x.term = vterm.New(master, size.w, size.h)
	d.app.sessions.list = append(d.app.sessions.list, x)
	d.app.sandboxScreen().turnTo(x, true)
	d.app.sandboxScreen().show(d.app.snap, map[uint32]string{})
	return x, slave
}

// BenchmarkShell is Update and View while a shell is shown, at 10,000 processes: for a key, for output after which the
// whole terminal is drawn, and for a look at the machine. The budget is 5 ms.
func BenchmarkShell(b *testing.B) {
	s, t := large(10_000), large(10_000)
	t.Seq = 2
	snaps := []*inspect.Snapshot{t, s}
	d := testApp(b, 200, 60, s, s)
	x, program := benchShell(b, d)
	if _, err := program.WriteString(strings.Repeat("\x1b[1;42mb \x1b[mc "+strings.Repeat("c ", 38)+"\r\n", 60) + "\x1b]2;all\a"); err != nil {
		b.Fatal(err)
	}
	for x.term.Screen(0).Title != "all" {
		<-x.term.Changed()
	}
	for _, c := range []struct {
		name string
		do   func(i int)
	}{
		{"key", func(int) { d.app.Update(keyPress("up")) }},
		{"output", func(int) { d.app.Update(wrote{x, x.run}) }},
		{"tick", func(i int) {
			d.app.snap = snaps[i%2]
			d.app.sandboxScreen().show(snaps[i%2], map[uint32]string{})
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				c.do(i)
				d.app.View()
			}
		})
	}
}
