package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/export"
	"cutaway/ui/launch"
)

// formDriver plays a form as the App would.
type formDriver struct {
	t testing.TB
	*formPane
}

func testForm(t testing.TB, preset string) *formDriver {
	t.Helper()
	t.Setenv("SHELL", "/bin/sh")
	f := newFormPane(newTestLook(), presetOf(t, preset))
	f.setSize(rect{w: 80, h: 22}, false)
	return &formDriver{t, f}
}

// answer is what the machine says, for a machine that tests do not depend on.
func (d *formDriver) answer(findings ...check.Finding) {
	d.took(errandDone{to: d.formPane, seq: d.errand.wished, result: findingsOf(findings)})
}

func (d *formDriver) press(keys ...string) string {
	d.t.Helper()
	return pressIn(d.t, d.section(), d.typing, d.typeKey, keys...)
}

// goTo puts the cursor on a row.
func (d *formDriver) goTo(name string) {
	d.t.Helper()
	d.press("g")
	for range d.lines {
		if d.selected().Name == name {
			return
		}
		d.press("j")
	}
	d.t.Fatalf("no row %s", name)
}

func (d *formDriver) has(want ...string) {
	d.t.Helper()
	got := paneText(d.t, d.r, d.view(true))
	for _, w := range want {
		if !strings.Contains(got, w) {
			d.t.Errorf("the form does not show %q:\n%s", w, got)
		}
	}
}

// is fails unless a row has a value.
func (d *formDriver) is(name, want string) {
	d.t.Helper()
	if got := d.form.Value(launch.Named(name)); got != want {
		d.t.Errorf("%s is %q, want %q", name, got, want)
	}
}

var (
	refusedUsers = check.Finding{
		Name: "user namespaces", Health: check.Refused, Value: "user.max_user_namespaces is 0", Reason: "none can be made",
		Advice: "sysctl -w user.max_user_namespaces=10000",
	}
	limitedSeccomp = check.Finding{Name: "seccomp", Health: check.Limited, Value: "a filter stands before it already"}
)

func TestFormGolden(t *testing.T) {
	like := sandbox.Default()
	like.Env.Set = map[string]string{"API_TOKEN": "s3cr3t-value-0123456789", "LANG": "C"}
	for _, c := range []struct {
		name, preset string
		do           func(*formDriver)
	}{
		{"isolated", "isolated", func(d *formDriver) { d.answer() }},
		{"asking", "docker", func(d *formDriver) { d.goTo("net") }},
		{"refused", "isolated", func(d *formDriver) {
			d.goTo("net")
			d.press("space", "j", "space")
			d.answer(refusedUsers, limitedSeccomp)
		}},
		{"wrong", "chroot", func(d *formDriver) { d.answer() }},
		{"typed", "isolated", func(d *formDriver) {
			d.answer()
			d.goTo("memory")
			d.press("enter", "ctrl+u", "6", "4", "X", "enter")
		}},
		{"like", "isolated", func(d *formDriver) {
			d.beginAs("as redis-server 4242", &like, map[string]mark{
				"seccomp": {false, "the kernel does not show which system calls a filter refuses"}, "namespaces.net": {true, "process 4242's"},
			})
			d.answer()
			d.goTo("seccomp")
		}},
	} {
		for _, r := range []rect{{w: 80, h: 22}, {w: 45, h: 34}, {w: 86, h: 58}, {w: 120, h: 34}} {
			name := fmt.Sprintf("form-%s-%dx%d", c.name, r.w, r.h)
			t.Run(name, func(t *testing.T) {
				d := testForm(t, c.preset)
				d.setSize(r, r.h > 22)
				c.do(d)
				golden(t, name, paneText(t, r, d.view(true)))
			})
		}
	}
}

// Every row can be changed by keys, and goes back by one.
func TestFormRowsByKeys(t *testing.T) {
	for _, g := range launch.Rows() {
		for _, o := range g.Options {
			d := testForm(t, "isolated")
			d.goTo(o.Name)
			was := d.form.Value(o)
			if len(o.Choices) > 0 {
				d.press("space")
				if d.form.Value(o) == was {
					t.Errorf("space leaves %s as it is", o.Name)
				}
				if d.press("backspace"); d.form.Value(o) != was {
					t.Errorf("backspace leaves %s at %s", o.Name, d.form.Value(o))
				}
				if d.press("left"); d.form.Value(o) == was {
					t.Errorf("left leaves %s as it is", o.Name)
				}
				d.press("backspace")
			} else if d.press("space") == "" {
				t.Errorf("space does nothing on %s, and does not say why", o.Name)
			}
			d.press("enter")
			if d.typing() != o.Typed {
				t.Errorf("enter on %s: typing is %v", o.Name, d.typing())
			}
			if d.typing() {
				d.press("esc")
			}
			if d.press("delete"); d.typing() || d.form.Value(o) != was {
				t.Errorf("%s is %s after all", o.Name, d.form.Value(o))
			}
		}
	}
}

func TestFormTyping(t *testing.T) {
	d := testForm(t, "isolated")
	d.goTo("net")
	d.press("enter", "d", "b")
	if d.blocked() == "" {
		t.Error("it can be launched while a row is being typed")
	}
	d.view(true)
	if c := d.cursor(); c == nil || c.X != formValue+len("container:db") {
		t.Errorf("the cursor is at %v", c)
	}
	d.press("enter")
	d.is("net", "container:db")
	d.is("sys-mount", "empty") // it follows
	d.press("enter", "ctrl+u", "x", "enter")
	d.has("! ", "container:NAME")
	d.is("net", "container:db")
	d.press("backspace", "ctrl+u")
	d.typeText("process:42")
	d.press("down")
	if d.typing() || d.selected().Name != "pid" {
		t.Errorf("down leaves the cursor on %s, typing %v", d.selected().Name, d.typing())
	}
	d.is("net", "process:42")
	if d.goTo("sys-mount"); d.press("backspace") == "" {
		t.Error("a row that follows from another is reset without a word")
	}
}

func TestFormBlocked(t *testing.T) {
	d := testForm(t, "isolated")
	for _, c := range []struct {
		do   func()
		says string
	}{
		{func() {}, "asked"},
		{func() { d.answer(limitedSeccomp) }, ""},
		{func() { d.answer(refusedUsers) }, "max_user_namespaces"},
		{func() { d.begin(presetOf(t, "sharenet")); d.answer() }, "container:NAME"},
		{func() { d.begin(presetOf(t, "chroot")); d.answer() }, "root: "},
	} {
		if c.do(); c.says == "" && d.blocked() != "" || !strings.Contains(d.blocked(), c.says) {
			t.Errorf("blocked by %q, which does not say %q", d.blocked(), c.says)
		}
	}
	if d.selected().Name != "root" {
		t.Errorf("the cursor is on %s, not where something is to be filled in", d.selected().Name)
	}
}

// The machine is asked away from the pane; an answer to what is no longer there is followed by another question.
func TestFormAsksTheMachine(t *testing.T) {
	m, err := check.Probe()
	if err != nil {
		t.Skipf("no /proc to look at: %v", err)
	}
	d := testForm(t, "isolated")
	if d.pull() != nil {
		t.Error("it asks a machine that is not known")
	}
	d.setMachine(m)
	first := d.pull()
	if first == nil || d.pull() != nil {
		t.Fatal("it asks not once")
	}
	d.goTo("memory")
	d.press("enter", "ctrl+u", "6", "4", "M", "enter")
	runErrand(t, first)
	if !d.errand.waiting() || !runErrand(t, d.pull()) || d.errand.waiting() || d.pull() != nil {
		t.Error("the newest Spec was not asked for")
	}
}

// What is not known of a process is said in every row that it is about, until the row is changed.
func TestFormMarks(t *testing.T) {
	s := sandbox.Default()
	d := testForm(t, "isolated")
	d.beginAs("as db", &s, map[string]mark{
		"limits": {false, "no cgroup could be read"}, "limits.cpus": {true, "cpu.max is 100000 100000"}, "mounts": {true, "bound by the engine"},
		"landlock": {false, "not shown by the kernel"},
	})
	for name, want := range map[string]string{
		"memory": "? no cgroup could be read", "io": "? no cgroup could be read", "bind": "bound by the engine", "cpus": "cpu.max is 100000 100000", "tmpfs": "bound by the engine",
		"landlock-ro": "? not shown", "landlock-rw": "? not shown",
	} {
		d.goTo(name)
		d.has(want)
	}
	d.goTo("seccomp")
	if _, ok := d.markOf(d.selected()); ok {
		t.Error("seccomp has a mark that is another row's")
	}
	d.press("space", "k")
	d.goTo("memory")
	d.press("enter", "ctrl+u", "m", "a", "x", "enter")
	if _, ok := d.markOf(d.selected()); ok {
		t.Error("a row that was changed is still what was read")
	}
}

func TestFormMouse(t *testing.T) {
	d := testForm(t, "isolated")
	d.view(true)
	y := d.drawn.body.y + 7 // init
	d.click(5, y)
	if d.selected().Name != "init" {
		t.Fatalf("a click selects %s", d.selected().Name)
	}
	d.view(true)
	d.click(5, y)
	d.is("init", "false")
	d.scroll(wheelRows)
	d.view(true)
	if d.list.top != wheelRows || d.selected().Name != "init" {
		t.Errorf("the wheel scrolls to %d and selects %s", d.list.top, d.selected().Name)
	}
	d.click(5, d.drawn.body.y+d.drawn.body.h) // below the rows
	if d.selected().Name != "init" {
		t.Error("a click below the rows selects one")
	}
}

// Text of a process cannot act on the terminal, and secrets are not shown.
func TestFormHostile(t *testing.T) {
	s := sandbox.Default()
	s.Command, s.Hostname, s.Namespaces.Net = []string{evil}, evil, sandbox.Source("container:"+evil)
	s.Env = sandbox.Env{Keep: []string{evil}, Set: map[string]string{evil: evil, "API_TOKEN": "s3cr3t-value-0123456789"}}
	s.Mounts = []sandbox.Mount{{Kind: sandbox.BindRO, Source: evil, Target: evil}}
	d := testForm(t, "isolated")
	d.beginAs(evil, &s, map[string]mark{"user": {false, evil}})
	d.answer(check.Finding{Name: evil, Value: evil, Reason: evil, Advice: evil, Health: check.Refused})
	for range d.lines {
		isClean(t, d.view(true))
		if got := strings.Join(d.view(true), "\n"); strings.Contains(got, "s3cr3t") {
			t.Fatalf("a secret is shown:\n%s", got)
		}
		d.press("j")
	}
}

// Whatever is pressed, the pane is drawn in its size, and what it comes to can be written as a command line when it is valid.
func TestFormAtRandom(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	keys := []string{
		"up", "down", "j", "k", "pgdown", "pgup", "ctrl+u", "ctrl+d", "g", "G", "space", "left", "right", "enter", "enter", "backspace", "delete",
		"a", "0", "/", ":", ",", "=", "esc", "1", "M",
	}
	sizes := []rect{{w: 80, h: 22}, {w: 45, h: 34}, {w: 86, h: 58}, {w: 120, h: 34}, {w: 1, h: 1}, {w: 5, h: 3}, {w: 40, h: 7}}
	presets := sandbox.Presets()
	valid := 0
	for range 60 {
		d := testForm(t, presets[r.IntN(len(presets))].Name)
		for range r.IntN(60) {
			if r.IntN(20) == 0 {
				size := sizes[r.IntN(len(sizes))]
				d.setSize(size, r.IntN(2) == 0)
			}
			name := keys[r.IntN(len(keys))]
			switch msg := keyPress(name); {
			case d.typing():
				d.typeKey(msg)
			case d.section().find(msg) != nil:
				d.press(name)
			}
			paneText(t, d.r, d.view(r.IntN(2) == 0))
			d.cursor()
			d.click(r.IntN(80), r.IntN(40))
		}
		if s, err := d.spec(); err == nil {
			valid++
			if _, err := export.CutawayRun(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if valid < 10 {
		t.Errorf("only %d forms were valid", valid)
	}
}
