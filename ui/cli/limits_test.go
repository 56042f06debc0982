package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/ui/text"
)

// limitsFixture is the database of the fixture with limits on a disk and processors.
func limitsFixture(t *testing.T, width int) *limitsView {
	t.Helper()
	v := fixtureView()
	v.st.width = width
	db, err := v.find("db")
	if err != nil {
		t.Fatal(err)
	}
	usage := *v.Containers[0].Usage
	usage.EffectivePIDs.Path, usage.EffectivePIDs.Limit.Value.Unlimited, usage.EffectivePIDs.Limit.Value.Value = "/\x1b[31mdocker", false, 50
	dir := strings.TrimSuffix(usage.EffectiveMemory.File, "/memory.max")
	return &limitsView{view: v, target: db, usage: &usage, files: []cgroups.Setting{
		{Limit: "memory", Dir: dir, File: "memory.max", Old: "134217728"},
		{Limit: "cpus", Dir: dir, File: "cpu.max", Old: "50000 100000"},
		{Limit: "io", Dir: dir, File: "io.max", Device: "8:0", Old: "8:0 rbps=1048576 wbps=max riops=max wiops=max"},
		{Limit: "io", Dir: dir, File: "blkio.throttle.write_bps_device", Device: "8:16", Old: "8:16 1048576"},
		{Limit: "cpuset", Dir: dir, File: "cpuset.cpus", Old: "0-1"},
		{Limit: "memset", Dir: dir, File: "cpuset.mems", Old: ""},
	}}
}

func TestLimitsGolden(t *testing.T) {
	for name, width := range map[string]int{"limits": 0, "limits-60": 60} {
		var out bytes.Buffer
		if err := limitsText(&app{out: &out}, limitsFixture(t, width)); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		for line := range strings.Lines(out.String()) {
			if w := text.Width(strings.TrimSuffix(line, "\n")); width > 0 && w > width && !strings.HasPrefix(line, "cgroup  ") {
				t.Errorf("%d cells wide: %q", w, line)
			}
		}
	}
	lv := limitsFixture(t, 0)
	lv.shared, lv.files = cgroups.ErrShared, nil
	var out bytes.Buffer
	if err := limitsText(&app{out: &out}, lv); err != nil {
		t.Fatal(err)
	}
	golden(t, "limits-shared", out.String())
}

func planFixture() *control.Plan {
	return &control.Plan{
		Target: "db\x1b[2J (docker container, PID 4242)", Same: []string{"pids"},
		Writes: []control.Write{
			{
				Limit: "memory", File: "/sys/fs/cgroup/memory/db/memory.limit_in_bytes", Old: "-1", New: "8388608", Hurts: true,
				What: "below its present use of 10M: the kernel will reclaim", Shell: "echo 8388608 > /sys/fs/cgroup/memory/db/memory.limit_in_bytes",
			},
			{Limit: "swap", File: "/sys/fs/cgroup/memory/db/memory.memsw.limit_in_bytes", Old: "-1", New: "8388608", What: "together", Shell: "echo 8388608 > f"},
			{Limit: "cpus", File: "/sys/fs/cgroup/cpu/db/cpu.cfs_quota_us", Old: "-1", New: "50000", What: "half", Shell: "echo 50000 > f"},
			{Limit: "cpus", File: "/sys/fs/cgroup/db/cpu.max", Old: "max 100000", New: "25000 50000", What: "half", Shell: "echo '25000 50000' > f"},
			{Limit: "cpuset", File: "/sys/fs/cgroup/cpuset/db/cpuset.cpus", Old: "", New: "0-1", What: "two", Shell: "echo 0-1 > f"},
		},
		Warnings: []string{"docker knows nothing of this: docker update --memory=8388608 db"},
	}
}

func TestPlanGolden(t *testing.T) {
	t.Setenv("LANG", "C.UTF-8")
	var out bytes.Buffer
	a := &app{out: &out, color: "never"}
	p := planFixture()
	if err := a.printPlan(p); err != nil {
		t.Fatal(err)
	}
	results := []control.Result{{Write: p.Writes[0], Now: "8384512", Rounded: true}, {Write: p.Writes[2], Now: "50000"}}
	if err := a.printResults(results, "abcdefgh"); err != nil {
		t.Fatal(err)
	}
	golden(t, "limits-plan", out.String())
}

func journalFixture() []journal.Entry {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return []journal.Entry{
		{
			Time: at, ID: "aaaaaaaa", Batch: "bbbbbbbb", PID: 77, Action: "limit", Target: "db\x1b[31m", Shell: "echo 5 > /f", File: "/f",
			Old: "max", New: "5", Result: "ok", Undo: &journal.Undo{Limit: "pids", Inode: 3, Boot: "x"},
		},
		{Time: at.Add(time.Minute), ID: "cccccccc", Batch: "cccccccc", PID: 78, UID: 1000, Action: "kill", Target: "web", Shell: "echo 1 > /k", Result: "no\n\x07such", Errno: 3},
		{Time: at.Add(time.Hour), ID: "dddddddd", Batch: "dddddddd", PID: 79, Action: "undo", Target: "db", Shell: "echo max > /f", File: "/f", Device: "8:0", New: "max", Result: "ok", Undoes: "bbbbbbbb"},
	}
}

func TestJournalGolden(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	t.Setenv("LANG", "C.UTF-8")
	var out bytes.Buffer
	if err := journalText(&app{out: &out, color: "never"}, journalFixture()); err != nil {
		t.Fatal(err)
	}
	golden(t, "journal", out.String())
}

func TestSetFlags(t *testing.T) {
	f := setFlags{
		memory: "64M", swap: "max", cpus: "0.5", pids: "100", weight: "50", cpuset: "1,0", memset: "0",
		io: []string{"8:0,rbps=1M", "8:16 wiops=max"},
	}
	set, err := f.parse()
	want := []string{
		"--memory=64M", "--swap=max", "--cpus=0.5", "--pids=100", "--weight=50", "--io=8:0,rbps=1M", "--io=8:16,wiops=max", "--cpuset=0-1", "--memset=0",
	}
	if got := set.Flags(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if set, err := (&setFlags{}).parse(); err != nil || !set.Empty() {
		t.Errorf("%+v, %v", set, err)
	}
}
