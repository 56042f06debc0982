package cgroup

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

const absent = reading.Absent

func known[T any](v T) reading.Of[T]               { return reading.Value(v) }
func missing[T any](s reading.State) reading.Of[T] { return reading.Missing[T](s) }
func noFile[T any]() reading.Of[T]                 { return reading.Error[T](unix.ENOENT) }
func limited(n uint64) reading.Of[Limit]           { return known(Limit{Value: n}) }
func unlimited() reading.Of[Limit]                 { return known(Limit{Unlimited: true}) }
func gone[T any]() reading.Of[T]                   { return reading.Of[T]{How: howOf(errGone)} }
func pressureOf(some, full [3]float64) reading.Of[Pressure] {
	return known(Pressure{Some: some, Full: full})
}

func TestUsageV1(t *testing.T) {
	h, dir := machine(t, sample(t, "host-shell/mountinfo"), dockerOnV1(t))
	memory := filepath.Join(dir, "memory", dockerV1)
	files{
		"memory.max_usage_in_bytes": "4000000\n", "memory.memsw.limit_in_bytes": "268435456\n",
		"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
	}.write(t, memory)
	want := &Usage{
		Path:        dockerV1,
		MemoryUsage: known[uint64](3600384), MemoryWorking: known[uint64](3600384), MemoryPeak: known[uint64](4000000),
		MemoryLimit: limited(128 << 20), MemorySwap: known[uint64](0), SwapLimit: limited(128 << 20), OOMKills: known[uint64](3),
		CPUTime: known[uint64](119240), CPUQuota: limited(50000), CPUPeriod: known[uint64](100000),
		CPUWeight: known[uint64](1024), CPUWeightIsShares: true,
		Periods: known[uint64](144), Throttled: known[uint64](0), ThrottledTime: known[uint64](0),
		PIDs: known[uint64](5), PIDsLimit: limited(64),
		CPUs: known[uint64](2), IORead: missing[uint64](absent), IOWritten: missing[uint64](absent),
		Frozen: known(false), Populated: gone[bool](), // v2 has a line for this cgroup, but no directory
		MemoryPressure: gone[Pressure](), CPUPressure: gone[Pressure](), IOPressure: gone[Pressure](),
		EffectiveMemory: Effective{Limit: limited(128 << 20), Path: dockerV1, File: filepath.Join(memory, "memory.limit_in_bytes")},
		EffectiveCPU:    Effective{Limit: limited(500), Path: dockerV1, File: filepath.Join(dir, "cpu", dockerV1, "cpu.cfs_quota_us")},
		EffectivePIDs:   Effective{Limit: limited(64), Path: dockerV1, File: filepath.Join(dir, "pids", dockerV1, "pids.max")},
	}
	if diff := cmp.Diff(want, h.Usage(member(sample(t, "docker-db/cgroup")))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUsageV2(t *testing.T) {
	h, dir := machine(t, sample(t, "vm-apparmor-host/mountinfo"), dockerOnV2(t))
	own := filepath.Join(dir, dockerV2)
	files{"io.stat": "259:0 rbytes=4000 wbytes=12 rios=1 wios=3 dbytes=0 dios=0\n8:0 rbytes=96 wbytes=0\n7:0\n"}.write(t, own)
	var zero [3]float64
	want := &Usage{
		Path:        dockerV2,
		MemoryUsage: known[uint64](311296), MemoryWorking: known[uint64](311296), MemoryPeak: known[uint64](4370432),
		MemoryLimit: limited(64 << 20), MemorySwap: noFile[uint64](), SwapLimit: noFile[Limit](), OOMKills: known[uint64](0),
		CPUTime: known[uint64](339253), CPUQuota: limited(50000), CPUPeriod: known[uint64](100000), CPUWeight: known[uint64](100),
		Periods: known[uint64](9), Throttled: known[uint64](3), ThrottledTime: known[uint64](220113),
		CPUs: known[uint64](2), IORead: known[uint64](4096), IOWritten: known[uint64](12),
		PIDs: known[uint64](1), PIDsLimit: limited(50), Frozen: known(false), Populated: known(true),
		MemoryPressure:  pressureOf(zero, zero),
		CPUPressure:     pressureOf([3]float64{0.28, 0.19, 0.05}, [3]float64{0.25, 0.17, 0.04}),
		IOPressure:      pressureOf(zero, zero),
		EffectiveMemory: Effective{Limit: limited(64 << 20), Path: dockerV2, File: filepath.Join(own, "memory.max")},
		EffectiveCPU:    Effective{Limit: limited(500), Path: dockerV2, File: filepath.Join(own, "cpu.max")},
		EffectivePIDs:   Effective{Limit: limited(50), Path: dockerV2, File: filepath.Join(own, "pids.max")},
	}
	if diff := cmp.Diff(want, h.Usage(member(sample(t, "vm-docker-web/cgroup")))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// From inside, the same numbers, but what stands above cannot be seen.
func TestUsageInsideContainer(t *testing.T) {
	h, dir := machine(t, sample(t, "vm-docker-web/mountinfo"), sampleFiles(t, "vm-docker-web", "cgroup", "cpu", "io", "memory", "pids"))
	u := h.Usage(member(sample(t, "vm-docker-web/cgroup")))
	want := Effective{Limit: limited(64 << 20), Path: dockerV2, File: filepath.Join(dir, "memory.max"), Above: true}
	if diff := cmp.Diff(want, u.EffectiveMemory); diff != "" {
		t.Errorf("effective memory (-want +got):\n%s", diff)
	}
	if u.MemoryUsage != known[uint64](311296) {
		t.Errorf("MemoryUsage = %+v", u.MemoryUsage)
	}
}

func TestUsageWhereItIsNot(t *testing.T) {
	const mounts = "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 c rw\n"
	tree := files{"cgroup.controllers": "memory cpu pids\n"}.with("a", files{"memory.current": "5\n"})
	h, dir := machine(t, mounts, tree)
	tests := []struct {
		name, lines string
		want        reading.How
		above       bool
	}{
		{"removed", "0::/gone\n", reading.How{State: reading.Gone, Errno: uint16(unix.ENOENT)}, false},
		{"removed, as the kernel says", "0::/a (deleted)\n", reading.How{State: reading.Gone, Errno: uint16(unix.ENOENT)}, false},
		{"outside of the namespace", "0::/../a\n", reading.How{State: reading.Failed, Errno: uint16(unix.EXDEV)}, true},
		{"no line", "", reading.How{State: absent}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := h.Usage(member(test.lines))
			for _, got := range []reading.How{
				u.MemoryUsage.How, u.MemoryWorking.How, u.PIDsLimit.How, u.CPUTime.How, u.Frozen.How, u.IOPressure.How,
				u.EffectiveMemory.Limit.How, u.EffectiveCPU.Limit.How, u.EffectivePIDs.Limit.How,
			} {
				if got != test.want {
					t.Errorf("a reading is %v, want %v", got, test.want)
				}
			}
			if u.EffectiveCPU.Above != test.above {
				t.Errorf("Above = %v", u.EffectiveCPU.Above)
			}
		})
	}
	t.Run("a link out of the hierarchy", func(t *testing.T) {
		outside := t.TempDir()
		files{"memory.current": "7\n"}.write(t, outside)
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		if u := h.Usage(member("0::/link\n")); u.MemoryUsage.OK() {
			t.Errorf("MemoryUsage = %+v", u.MemoryUsage)
		}
	})
}

// A value that is missing, denied or not understood is not 0.
func TestUsageUnknownIsNotZero(t *testing.T) {
	const mounts = "2 1 0:25 / /sys/fs/cgroup rw - cgroup2 c rw\n"
	h, dir := machine(t, mounts, files{
		"cgroup.controllers": "memory cpu pids\n", "cgroup.procs": "1\n",
		"a/memory.current": "100\n", "a/memory.stat": "anon 5\ninactive_file 300\n", "a/memory.max": "lots\n",
		"a/pids.current": "\n", "a/pids.max": "max\n", "a/cpu.max": "max 100000\n", "a/cpu.stat": "usage_usec 7\n",
	})
	u := h.Usage(member("0::/a\n"))
	failed := reading.Missing[Limit](reading.Failed)
	for name, pair := range map[string][2]any{
		"a working set never falls below 0": {u.MemoryWorking, known[uint64](0)},
		"text that no kernel writes":        {u.MemoryLimit, failed},
		"an empty file":                     {u.PIDs, missing[uint64](reading.Failed)},
		"no limit":                          {u.PIDsLimit, unlimited()},
		"no quota":                          {u.CPUQuota, unlimited()},
		"its period":                        {u.CPUPeriod, known[uint64](100000)},
		"CPU time without the controller":   {u.CPUTime, known[uint64](7)},
		"a line that is not there":          {u.Periods, missing[uint64](absent)},
		"a file that is not there":          {u.MemoryPeak, noFile[uint64]()},
		"pressure that is off":              {u.CPUPressure, noFile[Pressure]()},
		"a limit that cannot be understood": {u.EffectiveMemory.Limit, failed},
		"no limit on the way up":            {u.EffectiveCPU, Effective{Limit: unlimited(), Path: "/a", File: filepath.Join(dir, "a/cpu.max")}},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %+v, want %+v", name, pair[0], pair[1])
		}
	}

	if os.Geteuid() == 0 {
		return // root reads what is mode 0
	}
	if err := os.Chmod(filepath.Join(dir, "a/memory.current"), 0); err != nil {
		t.Fatal(err)
	}
	u = h.Usage(member("0::/a\n"))
	if u.MemoryUsage.State != reading.Denied || u.MemoryWorking.State != reading.Denied {
		t.Errorf("use is %v and working set %v, want denied", u.MemoryUsage.How, u.MemoryWorking.How)
	}
}

// A hierarchy in which the process stays in an ancestor has numbers of others; its limits hold all the same.
func TestUsageLeftInAncestor(t *testing.T) {
	h, dir := machine(t, sample(t, "host-shell/mountinfo"), files{
		"cpuacct/cpuacct.usage": "1000\n", "cpu/user.slice/cpu.cfs_quota_us": "20000\n", "cpu/user.slice/cpu.cfs_period_us": "100000\n",
		"cpu/cgroup.sane_behavior": "", "pids/other/pids.current": "3\n",
		"memory/user.slice/session-1.scope/memory.usage_in_bytes": "50\n",
	})
	u := h.Usage(member("4:memory:/user.slice/session-1.scope\n2:cpuacct:/\n1:cpu:/user.slice\n8:pids:/other\n"))
	if u.Path != "/user.slice/session-1.scope" || u.MemoryUsage != known[uint64](50) {
		t.Errorf("path %q with a use of %+v", u.Path, u.MemoryUsage)
	}
	if u.CPUTime != missing[uint64](absent) || u.CPUQuota != missing[Limit](absent) {
		t.Errorf("CPUTime %+v and CPUQuota %+v are an ancestor's", u.CPUTime, u.CPUQuota)
	}
	if u.PIDs != known[uint64](3) {
		t.Errorf("PIDs = %+v of a cgroup that is no ancestor", u.PIDs)
	}
	want := Effective{Limit: limited(200), Path: "/user.slice", File: filepath.Join(dir, "cpu/user.slice/cpu.cfs_quota_us")}
	if diff := cmp.Diff(want, u.EffectiveCPU); diff != "" {
		t.Errorf("effective CPU (-want +got):\n%s", diff)
	}
}

func TestUsageFrozen(t *testing.T) {
	v1, dir := machine(t, sample(t, "host-shell/mountinfo"), dockerOnV1(t))
	files{"freezer.state": "FROZEN\n"}.write(t, filepath.Join(dir, "freezer", dockerV1))
	if u := v1.Usage(member(sample(t, "docker-db/cgroup"))); u.Frozen != known(true) {
		t.Errorf("v1: %+v", u.Frozen)
	}
	v2, dir := machine(t, sample(t, "vm-apparmor-host/mountinfo"), dockerOnV2(t))
	files{"cgroup.events": "populated 1\nfrozen 1\n"}.write(t, filepath.Join(dir, dockerV2))
	if u := v2.Usage(member(sample(t, "vm-docker-web/cgroup"))); u.Frozen != known(true) {
		t.Errorf("v2: %+v", u.Frozen)
	}
}

// Every field has a source, and what stands there is what the field shows: the field changes with its file alone.
func TestSourceOf(t *testing.T) {
	machines := map[string]func(t *testing.T) (*Hierarchies, *Membership){
		"v1": func(t *testing.T) (*Hierarchies, *Membership) {
			h, dir := machine(t, sample(t, "host-shell/mountinfo"), dockerOnV1(t))
			files{
				"memory.max_usage_in_bytes": "4000000\n", "memory.memsw.limit_in_bytes": "268435456\n", "memory.oom_control": "oom_kill 3\n",
			}.write(t, filepath.Join(dir, "memory", dockerV1))
			return h, member(sample(t, "docker-db/cgroup"))
		},
		"v2": func(t *testing.T) (*Hierarchies, *Membership) {
			h, dir := machine(t, sample(t, "vm-apparmor-host/mountinfo"), dockerOnV2(t))
			files{"memory.swap.current": "0\n", "memory.swap.max": "max\n", "io.stat": "8:0 rbytes=1 wbytes=2\n"}.write(t, filepath.Join(dir, dockerV2))
			return h, member(sample(t, "vm-docker-web/cgroup"))
		},
	}
	onlyV2 := []string{"Populated", "MemoryPressure", "CPUPressure", "IOPressure", "IORead", "IOWritten"}
	if len(readings()) < 20 {
		t.Fatalf("readings of Usage: %q", readings())
	}
	for version, build := range machines {
		t.Run(version, func(t *testing.T) {
			h, m := build(t)
			for _, name := range readings() {
				file, key := h.SourceOf(m, name)
				if version == "v1" && slices.Contains(onlyV2, name) {
					continue
				}
				before := h.Usage(m)
				old, err := os.ReadFile(file)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if err := os.WriteFile(file, []byte(changed(string(old), key)), 0o644); err != nil {
					t.Fatal(err)
				}
				if reflect.DeepEqual(fieldOf(before, name), fieldOf(h.Usage(m), name)) {
					t.Errorf("%s does not change with %q of %s", name, key, file)
				}
				if err := os.WriteFile(file, old, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	h, m := machines["v2"](t)
	if file, key := h.SourceOf(m, "NoSuchField"); file != "" || key != "" {
		t.Errorf("a field that is none has the source %q %q", file, key)
	}
}

// readings are the names of Usage's readings.
func readings() []string {
	var names []string
	for f := range reflect.TypeFor[Usage]().Fields() {
		if strings.HasPrefix(f.Type.Name(), "Of[") {
			names = append(names, f.Name)
		}
	}
	return names
}

func fieldOf(u *Usage, name string) any {
	return reflect.ValueOf(u).Elem().FieldByName(name).Interface()
}

// changed replaces the value that a key stands for, and nothing else of the text.
func changed(text, key string) string {
	value, ok := pick([]byte(text), key)
	if !ok {
		return text
	}
	words := strings.Fields(text)
	switch {
	case key == "$1":
		return "777 " + words[1]
	case key == "$2":
		return words[0] + " 777"
	case strings.HasSuffix(key, "="):
		return strings.Replace(text, key, key+"7", 1)
	case key != "":
		other := "1"
		switch {
		case string(value) == "1":
			other = "0"
		case key == "throttled_time": // nanoseconds
			other = "5000"
		}
		return strings.Replace("\n"+text, "\n"+key+" "+string(value), "\n"+key+" "+other, 1)
	case strings.HasPrefix(text, "some"):
		return strings.Replace(text, "avg10=0", "avg10=7", 1)
	case strings.HasPrefix(text, "THAWED"):
		return "FROZEN\n"
	case strings.HasPrefix(text, "0-"):
		return "0\n"
	default:
		return "777\n"
	}
}

func TestCommand(t *testing.T) {
	for want, source := range map[string][2]string{
		`cat /sys/fs/cgroup/a.slice/memory.max`:              {"/sys/fs/cgroup/a.slice/memory.max", ""},
		`awk '$1=="inactive_file"{print $2}' /a/memory.stat`: {"/a/memory.stat", "inactive_file"},
		`awk '{print $2}' /a/cpu.max`:                        {"/a/cpu.max", "$2"},
		`cat '/a/it'\''s; rm -r $HOME/x'`:                    {"/a/it's; rm -r $HOME/x", ""},
		`grep -o 'rbytes=[0-9]*' /a/io.stat`:                 {"/a/io.stat", "rbytes="},
		"cat '/a/new\nline'":                                 {"/a/new\nline", ""},
	} {
		if got := Command(source[0], source[1]); got != want {
			t.Errorf("Command(%q) = %s, want %s", source, got, want)
		}
	}
}
