package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/text"
)

// onDB is a screen on which the container db is selected.
func onDB(t testing.TB, w, h int) *driver {
	t.Helper()
	d := testApp(t, w, h)
	d.press("#", "4", "2", "4", "2", "enter", "left")
	return d
}

func (d *driver) wantCalls(want ...string) {
	d.t.Helper()
	if got := d.control().calls; !slices.Equal(got, want) {
		d.t.Errorf("what was done is %q, want %q", got, want)
	}
}

// hasWords is has for texts that may be broken into lines.
func (d *driver) hasWords(want ...string) {
	d.t.Helper()
	got := strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(d.screen())), " ")
	for _, w := range want {
		if !strings.Contains(got, w) {
			d.t.Errorf("the screen does not show %q:\n%s", w, d.screen())
		}
	}
}

const dbName = "db (docker container, PID 4242)"

func TestLimitsKeep(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.has("limits of "+dbName, "8.1M     12M    128M       128M  itself")
	d.typed("64M")
	d.has("12.7% of 64M", "128M → 64M", "at most 64M of memory", "$ echo 67108864 > ")
	d.hasNot("below what it uses now")
	d.press("enter")
	d.wantCalls("apply --memory=64M to " + dbName)
	d.has("keep? reverting in 15 s")
	d.beat()
	d.has("keep? reverting in 14 s")
	d.press("k")
	d.has("kept; u takes it back")
	for range 20 {
		d.beat()
	}
	d.press("u")
	d.has("Take back the change of " + dbName)
	d.press("y")
	d.wantCalls("apply --memory=64M to "+dbName, `undo "batch234"`)
	if err := d.app.limits.close(); err != nil || len(d.control().calls) != 2 {
		t.Error("what was kept is reverted on the way out")
	}
}

// The clock reverts with the dialog closed too, says so in the bar, and l comes back to it wherever the cursor is.
func TestLimitsRevert(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q")
	d.has("Tree · by container", "limits: reverting in 15 s, l to keep")
	for range keepTime - 1 {
		d.beat()
	}
	d.press("g")
	d.has("limits: reverting in 1 s")
	d.press("l")
	d.has("limits of "+dbName, "keep? reverting in 1 s")
	d.press("q")
	d.beat()
	d.wantCalls("apply --memory=64M to "+dbName, "revert batch234")
	d.has("reverted: the limits of " + dbName + " are as before")
	d.hasNot("l to keep")
	d.beat()
	if n := len(d.control().calls); n != 2 {
		t.Errorf("reverted %d times", n-1)
	}
}

func TestLimitsRevertNow(t *testing.T) {
	for _, key := range []string{"u", "esc"} {
		d := onDB(t, 80, 24)
		d.press("l")
		d.typed("64M")
		d.press("enter", key)
		d.wantCalls("apply --memory=64M to "+dbName, "revert batch234")
		d.has("reverted: its limits are as before")
	}
}

// A revert that fails is told until the person decides.
func TestLimitsRevertFails(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q")
	d.control().fails = errFake
	for range keepTime {
		d.beat()
	}
	d.has("limits: could not be reverted, l to keep")
	if err := d.app.limits.close(); err == nil {
		t.Error("the way out says nothing")
	}
	d.press("l")
	d.has("permission denied (errno 13)", "tries again")
	d.control().fails = nil
	d.press("u")
	d.has("reverted: its limits are as before")
}

// Whoever leaves the screen has what waits taken back.
func TestLimitsRevertOnTheWayOut(t *testing.T) {
	d := onDB(t, 80, 24)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q", "q")
	if err := d.app.limits.close(); err != nil {
		t.Fatal(err)
	}
	d.wantCalls("apply --memory=64M to "+dbName, "revert batch234")
}

// While a change waits, the screen is not stopped, nor made read-only.
func TestLimitsWait(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q")
	for _, key := range []string{"R", "ctrl+z"} {
		d.press(key)
		d.has("limits of " + dbName + ": reverting in 15 s; l keeps or reverts them first")
	}
}

// What can hurt, and what concerns others, is asked for; the answer is no unless it is yes.
func TestLimitsAsk(t *testing.T) {
	for _, c := range []struct {
		typed     string
		strangers int
		want      string
	}{
		{"4M", 0, "! below its present use of 8.1M"},
		{"64M", 2, "its cgroup also holds 2 processes that are not in the container"},
	} {
		d := onDB(t, 120, 36)
		d.control().strangers = c.strangers
		d.press("l")
		d.typed(c.typed)
		d.press("enter")
		d.has("Change the limits of "+dbName+"?", c.want, "[>No<]")
		d.press("enter")
		d.hasNot("[>No<]")
		d.wantCalls()
		d.press("enter", "y")
		d.wantCalls("apply --memory=" + c.typed + " to " + dbName)
	}
}

func TestLimitsBelowUse(t *testing.T) {
	d := onDB(t, 80, 24)
	d.press("l")
	d.typed("4M")
	d.has("new ████", "202% of 4M  ! below what it uses now", "this can hurt")
}

func TestLimitsMistakes(t *testing.T) {
	for _, c := range []struct{ down, typed, want string }{
		{"", "64Q", `"64Q" is no size`},
		{"down", "-", "M"}, // steps
		{"down down", "half", "is no number of CPUs"},
		{"down down down", "0", "pids limit of 0"},
		{"down down down down", "0", "is no weight"},
		{"down down down down down", "3-", "is no list"},
		{"down down down down down down down", "sda rbps=1", "is no device"},
		{"", "128M", "memory is as asked already"},
	} {
		d := onDB(t, 120, 36)
		d.press("l")
		d.press(strings.Fields(c.down)...)
		d.typed(c.typed)
		d.has(c.want)
		d.press("enter")
		d.wantCalls()
	}
}

// Every character of a disk's path can be typed, and of sizes those that are no commands.
func TestLimitsTyping(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l", "up", "up")
	for range limitKinds {
		d.press("down")
	}
	d.typed("/dev/quy-1,riops=5")
	d.has("uy-1,riops=5")
	d.press("esc")
	d.hasNot("quy-1")
	d.press("esc")
	d.has("Tree · by container")
	d.press("l")
	d.send(tea.PasteMsg{Content: " 32M\n"})
	d.has("128M → 32M")
	d.press("y")
	if got := d.copied(); !strings.HasPrefix(got, "echo 33554432 > /sys") {
		t.Errorf("y copied %q", got)
	}
}

func TestLimitsRefused(t *testing.T) {
	for _, c := range []struct {
		refused, gone error
		want          []string
	}{
		{fmt.Errorf("change %s: %w", dbName, &cgroups.Error{What: "find its cgroup: /", Err: cgroups.ErrShared}), nil, []string{"can be looked at only", "no cgroup of its own", "systemd-run --scope"}},
		{fmt.Errorf("change: refused for /x: %w: PID 1", control.ErrProtected), nil, []string{"it holds what must go on running", "choose a container"}},
		{nil, fmt.Errorf("process 4242: %w", control.ErrGone), []string{"the process has ended", "esc closes this"}},
	} {
		d := onDB(t, 120, 36)
		d.control().refused, d.control().gone = c.refused, c.gone
		d.press("l")
		d.hasWords(c.want...)
		d.typed("5M")
		d.press("enter")
		d.wantCalls()
	}
}

// What the kernel refuses is shown, and what was typed stays.
func TestLimitsFail(t *testing.T) {
	d := onDB(t, 120, 36)
	d.control().fails = errFake
	d.press("l")
	d.typed("64M")
	d.press("enter")
	d.has("run cutaway as root", "64M")
	d.hasNot("keep?")
}

func TestLimitsNotInJournal(t *testing.T) {
	d := onDB(t, 200, 60)
	d.control().unwritten = errors.New("open the journal /x: read-only file system")
	d.press("l")
	d.typed("64M")
	d.press("enter")
	d.has("it is not in the journal: open the journal /x: read-only file system")
	d.press("u")
	d.wantCalls("apply --memory=64M to "+dbName, "revert batch234")
}

// It looks again after each snapshot.
func TestLimitsLive(t *testing.T) {
	m := newMachine()
	d := testApp(t, 120, 36, m.snapshot(1), m.snapshot(2), m.snapshot(3), m.snapshot(4))
	d.press("#", "4", "2", "4", "2", "enter", "left", "l")
	looks := d.control().looks
	d.has("cpus           …")
	d.control().use.MemoryUsage = reading.Value[uint64](100 << 20)
	d.tick()
	if d.control().looks != looks+1 {
		t.Errorf("it looked %d times", d.control().looks)
	}
	d.has("100M     12M", "78.1% of 128M", "cpus         0.4", "80.0% of 0.5")
}

func TestSteps(t *testing.T) {
	use := reading.Value[uint64](10 << 20)
	pids := doubling(1, 1<<22, reading.Value[uint64](6), limit.Amount.String, limit.ParseCount)
	now := &looked{use: dbUsage()}
	now.use.CPUs = reading.Value[uint64](4)
	for _, c := range []struct {
		ladder   ladder
		up, down []string // from the first on
	}{
		{byteLadder(1<<20, use), []string{"1M", "1536K", "2M", "3M", "4M"}, []string{"64M", "48M", "32M", "24M"}},
		{byteLadder(1<<20, use), []string{"768G", "1T", "max", "max"}, []string{"max", "24M"}},
		{byteLadder(0, use), []string{"0", "1M"}, []string{"1536K", "1M", "0", "0"}},
		{byteLadder(1<<20, use), []string{"70000000", "96M"}, []string{"2M", "1536K", "1M", "1M"}},
		{pids, []string{"1", "2", "3", "4", "6", "8", "12"}, []string{"max", "16"}},
		{pids, []string{"4194304", "max"}, []string{"3", "2", "1", "1"}},
		{cpuLadder(now), []string{"0.5", "0.75", "1", "1.5", "2", "3", "4", "max", "max"}, []string{"max", "2", "1.5"}},
		{cpuLadder(now), []string{"0.3", "0.5"}, []string{"3.5", "2", "1.5"}},
		{cpuLadder(now), []string{"", "2"}, []string{"0.05", "0.01", "0.01"}},
		{weightLadder, []string{"100", "200", "500"}, []string{"2", "1", "1"}},
		{weightLadder, []string{"10000", "10000"}, []string{"150", "100", "50"}},
	} {
		for i := 1; i < len(c.up); i++ {
			if got := c.ladder(c.up[i-1], true); got != c.up[i] {
				t.Errorf("up from %s is %s, want %s", c.up[i-1], got, c.up[i])
			}
		}
		for i := 1; i < len(c.down); i++ {
			if got := c.ladder(c.down[i-1], false); got != c.down[i] {
				t.Errorf("down from %s is %s, want %s", c.down[i-1], got, c.down[i])
			}
		}
	}
}

// A target that ends while its change waits takes its limits along.
func TestLimitsGoneMeanwhile(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q")
	d.control().fails = fmt.Errorf("undo: %w", control.ErrGone)
	for range keepTime {
		d.beat()
	}
	d.has("the cgroup of " + dbName + " is gone, and its limits with it")
	d.hasNot("l to keep")
}

// What waits is not undone behind the clock's back.
func TestJournalWhileLimitsWait(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	d.press("enter", "q", "@", "j", "j", "u")
	d.hasWords("reverting in 15 s; l keeps or reverts them first")
	d.wantCalls("apply --memory=64M to " + dbName)
}

// A question that comes late, when its dialog was closed, is not asked.
func TestLateQuestion(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("4M")
	_, late := d.app.Update(keyPress("enter"))
	d.press("esc", "esc")
	d.run(late)
	d.hasNot("[>No<]")
	d.wantCalls()
}

// enter waits for what will happen to be worked out.
func TestEarlyEnter(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("ma")
	_, late := d.app.Update(keyPress("x"))
	d.app.Update(keyPress("enter"))
	d.wantCalls()
	d.run(late)
	d.wantCalls("apply --memory=max to " + dbName)
}

func TestConfirmByMouse(t *testing.T) {
	for _, c := range []struct {
		button string
		calls  []string
	}{{"[>No<]", nil}, {"[ Kill ]", []string{"kill " + dbName}}} {
		d := onDB(t, 120, 36)
		d.press("x", "down", "enter")
		for y, l := range d.lines() {
			if before, _, ok := strings.Cut(l, c.button); ok {
				d.click(text.Width(before)+1, y)
			}
		}
		d.hasNot("[>No<]")
		d.wantCalls(c.calls...)
	}
}

// v1's shares are shown as the weight that would be typed for them.
func TestShares(t *testing.T) {
	d := onDB(t, 120, 36)
	d.control().use.CPUWeight, d.control().use.CPUWeightIsShares = reading.Value[uint64](2048), true
	d.press("l", "down", "down", "down", "down")
	d.has(">weight         -       -     200")
	d.press("-")
	d.has("100")
	d.press("+", "+")
	d.has("500")
}

// A change whose command has not begun when the screen is left is not made.
func TestLimitsAfterTheWayOut(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("l")
	d.typed("64M")
	if err := d.app.limits.close(); err != nil {
		t.Fatal(err)
	}
	d.press("enter")
	d.wantCalls()
	d.has("the screen was left before the change was made")
}
