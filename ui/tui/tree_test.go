package tui

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/engine"
)

// selected names the row under the cursor.
func (d *driver) selected() string {
	d.t.Helper()
	r := d.tree().selected()
	if r == nil {
		return ""
	}
	_, text := nodeText(r.node)
	return text
}

func (d *driver) expectSelected(want string) {
	d.t.Helper()
	if got := d.selected(); got != want {
		d.t.Errorf("selected %q, want %q:\n%s", got, want, d.screen())
	}
}

func TestSelectionStays(t *testing.T) {
	first, second := newMachine(), newMachine()
	second.add(100, 1, "early", 0, second.procs[0].Facts.NS, "/", 0).New = true
	d := testApp(t, 120, 36, first.snapshot(1), first.snapshot(1), second.snapshot(2))
	d.press("#", "4", "3", "4", "1", "enter")
	d.expectSelected("4341")
	for _, step := range []struct{ what, key string }{
		{"the next grouping", "t"},
		{"the third grouping", "t"},
		{"the fourth grouping", "t"},
		{"the first grouping again", "t"},
		{"another order", ">"},
		{"that order inverted", "I"},
		{"kernel threads", "K"},
	} {
		d.press(step.key)
		if d.selected() != "4341" {
			t.Errorf("after %s the selection is %s", step.what, d.selected())
		}
	}
	d.tick()
	d.expectSelected("4341")
}

func TestSelectionOfContainerFindsItsProcess(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("j", "j")
	d.expectSelected("397f67197f60aabb")
	d.press("t")
	d.expectSelected("4242")
}

func TestFolds(t *testing.T) {
	d := testApp(t, 120, 36)
	d.has("systemd +6")
	d.hasNot("sshd")
	d.press("j", "space")
	d.has("sshd", "containerd +1")
	d.tick()
	d.has("sshd")
	d.press("left")
	d.hasNot("sshd")
	d.press("right", "right")
	d.expectSelected("712")
	d.press("left")
	d.expectSelected("1")
	d.press("+")
	d.has(" 790 ")
	d.press("-")
	d.hasNot("sshd")
	d.press("*")
	d.has(" 790 ")
	d.press("G", "*")
	d.hasNot("redis-server")
	d.expectSelected("7777aabbccdd") // the row that the fold put the selection under
	d.press("*")
	d.has("redis-server")
}

func TestSort(t *testing.T) {
	d := testApp(t, 200, 40)
	d.press("*")
	order := func() string {
		var list []string
		for _, l := range d.lines() {
			if strings.Contains(l, "nginx:") {
				list = append(list, regexp.MustCompile(`\b43\d\d\b`).FindString(l))
			}
		}
		return strings.Join(list, " ")
	}
	d.has("PID↑")
	if got := order(); got != "4310 4341 4342" {
		t.Errorf("by PID: %s", got)
	}
	d.press("I")
	d.has("PID↓")
	if got := order(); got != "4310 4342 4341" {
		t.Errorf("by PID inverted: %s", got)
	}
	header := d.lines()[2]
	d.click(cells(header, "CPU%"), 2)
	d.has("CPU%↓")
	d.click(cells(header, "INSIDE"), 2)
	d.has("cannot be sorted by INSIDE")
	d.press("<", ">")
	d.has("CPU%↓")
}

// cells is the column of a text in a line.
func cells(line, text string) int {
	before, _, found := strings.Cut(line, text)
	if !found {
		return -1
	}
	return len([]rune(before))
}

func TestFilter(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("/")
	d.typed("ngin")
	d.has("nginx", "/ngin 9 hidden", "3 of 12 processes")
	d.hasNot("redis")
	d.press("enter")
	d.press("j")
	d.expectSelected("4310")
	d.press("n")
	d.expectSelected("4341")
	d.press("N", "N")
	d.expectSelected("4342")
	d.press("/")
	d.typed("x xyz:")
	d.has("unknown filter key", "nginx")
	d.press("esc")
	d.has("redis")
	d.hasNot("/ngin")
	d.press("n")
	d.has("no filter is on")

	d.press("/")
	d.typed("nothing-is-called-so")
	d.has("no process matches", "esc clears")
	d.press("enter", "esc")
	d.has("redis")
}

func TestJumpToPID(t *testing.T) {
	d := testApp(t, 80, 24)
	d.press("#", "7", "9", "0")
	d.expectSelected("790")
	d.has("containerd-sh")
	d.press("w")
	d.press("#")
	d.typed("99")
	d.has("no process 99")
	d.press("esc")
	d.press("2")
	d.has("there is no screen 2")
	d.press("#", "2")
	d.has("2 is a kernel thread: K shows them")
	d.press("esc", "K", "#")
	d.typed("2")
	d.expectSelected("2")
	d.press("j")
	if d.app.input != nil {
		t.Error("a key that is no digit leaves the line open")
	}
}

func TestNewAndEnded(t *testing.T) {
	before, after := newMachine(), newMachine()
	before.add(5000, 4242, "brief", 0, before.procs[0].Facts.NS, "/", 2)
	after.add(5001, 1, "newcomer", 0, after.procs[0].Facts.NS, "/", 0).New = true
	first, second := before.snapshot(1), after.snapshot(2)
	later := newMachine()
	later.add(5001, 1, "newcomer", 0, later.procs[0].Facts.NS, "/", 0)
	d := testApp(t, 120, 36, first, first, second, later.snapshot(3), later.snapshot(4), later.snapshot(5), later.snapshot(6))
	d.press("*", "#")
	d.typed("5000")
	d.press("enter")
	d.tick()
	d.has("brief  ended")
	d.expectSelected("5000")
	if !strings.Contains(d.app.View().Content, "\x1b[32mnewcomer") {
		t.Error("a new process does not stand out")
	}
	for range 4 {
		d.tick()
	}
	d.hasNot("brief")
	if strings.Contains(d.app.View().Content, "\x1b[32mnewcomer") {
		t.Error("a new process stands out for ever")
	}
	if d.selected() == "" {
		t.Error("nothing is selected after the selection ended")
	}
}

// A process that reuses the PID of the selected one is not selected in its place.
func TestReusedPID(t *testing.T) {
	before, after := newMachine(), newMachine()
	before.add(5000, 1, "old", 0, before.procs[0].Facts.NS, "/", 0)
	p := after.add(5000, 1, "new", 0, after.procs[0].Facts.NS, "/", 0)
	p.Start = 999999
	first := before.snapshot(1)
	d := testApp(t, 120, 36, first, first, after.snapshot(2))
	d.press("*", "#")
	d.typed("5000")
	d.press("enter")
	d.tick()
	if r := d.tree().selected(); !r.gone || r.process().Comm != "old" {
		t.Errorf("the selection went over to another process: %+v", r.process())
	}
}

func TestFollow(t *testing.T) {
	snaps := func(shift int) *inspect.Snapshot {
		m := newMachine()
		for pid := 1000; pid < 1000+shift; pid++ {
			m.add(pid, 1, fmt.Sprintf("p%d", pid), 0, m.procs[0].Facts.NS, "/", 0)
		}
		return m.snapshot(uint64(shift + 1))
	}
	first := snaps(0)
	d := testApp(t, 80, 12, first, first, snaps(8))
	d.press("*", "#")
	d.typed("4242")
	d.press("enter", "F")
	d.has("follow")
	line := d.tree().list.cursor - d.tree().list.top
	d.tick()
	if got := d.tree().list.cursor - d.tree().list.top; got != line {
		t.Errorf("the followed row moved from line %d to %d", line, got)
	}
	d.expectSelected("4242")
}

func TestPauseAndInterval(t *testing.T) {
	first := newMachine().snapshot(1)
	second := newMachine()
	second.add(5000, 1, "newcomer", 0, second.procs[0].Facts.NS, "/", 0)
	d := testApp(t, 120, 36, first, first, second.snapshot(2))
	d.press("*", "Z")
	d.has("paused")
	d.tick()
	d.hasNot("newcomer")
	d.press("r")
	d.has("newcomer", "paused")
	d.press("Z")
	d.has("● 1s")
	d.press("i")
	d.has("refresh every 2s", "● 2s")
}

func TestScanFails(t *testing.T) {
	d := testApp(t, 80, 24)
	d.app.feed.scanner.(*fakeScanner).err = errors.New("open /proc: too many open files")
	d.tick()
	d.has("too many open files", "redis-server")
	d.app.feed.scanner.(*fakeScanner).err = nil
	d.tick()
	d.hasNot("too many open files")
}

func TestPanicInCommand(t *testing.T) {
	d := testApp(t, 80, 24)
	d.app.feed.scanner = panicking{}
	d.tick()
	if d.app.crash == nil || !strings.Contains(string(d.app.crash.stack), "panicking") {
		t.Fatalf("crash is %+v", d.app.crash)
	}
	if _, quit := d.asked[len(d.asked)-1].(tea.QuitMsg); !quit {
		t.Error("the screen goes on after a panic")
	}
}

type panicking struct{ scanner }

func (panicking) Scan(context.Context) (*inspect.Snapshot, error) { panic("panicking") }

func TestMouse(t *testing.T) {
	d := testApp(t, 120, 36)
	row := func(text string) int {
		for y, l := range d.lines() {
			if strings.Contains(l, text) {
				return y
			}
		}
		t.Fatalf("no line shows %q", text)
		return 0
	}
	d.click(10, row("redis-server"))
	d.expectSelected("4242")
	d.click(4, row("systemd"))
	d.has("sshd")
	d.click(10, row("nginx:  master"))
	d.click(10, row("nginx:  master"))
	if !d.app.screens[0].(*treeScreen).inDetail {
		t.Error("a second click does not open the detail")
	}
	bar := d.lines()[2]
	d.click(cells(bar, "Cgroup"), 2)
	d.has("memory", "/system.slice/docker-5555.scope")
	footer := d.lines()[35]
	d.click(cells(footer, "help"), 35)
	d.has("keys", "search")
	d.press("esc")
	d.size(80, 14)
	d.press("esc", "*", "home")
	top := d.tree().list.top
	d.send(tea.MouseWheelMsg{X: 5, Y: 5, Button: tea.MouseWheelDown})
	if d.tree().list.top == top || d.selected() != "host" {
		t.Error("the wheel does not scroll, or moves the selection")
	}
	d.press("m")
	if d.app.View().MouseMode != tea.MouseModeNone {
		t.Error("m does not give the mouse back")
	}
}

func TestManyShares(t *testing.T) {
	m := newMachine()
	for i := range 40 {
		ns := namespaces(from(4026550000 + uint64(i/2*10)))
		ns.Ino[1] = 4026550000 + uint64(i/2)
		m.add(6000+i, 1, "p", 0, ns, "/", 1)
		m.contain(engine.Docker, fmt.Sprintf("container-with-a-long-name-%d", i), "", 6000+i)
	}
	s := m.snapshot(1)
	d := testApp(t, 120, 40, s, s)
	d.has("shared:", " …")
}
