package cgroups

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/sandbox/limit"
)

// files are a directory tree: path to text.
type files map[string]string

// fixture is a v2 machine in plain files, in which the caller stands in a cgroup.
func fixture(t testing.TB, own string, tree files) *Machine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range tree {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machineOf(t, "2 1 0:25 / "+dir+" rw - cgroup2 cgroup2 rw\n", "0::"+own+"\n")
}

func machineOf(t testing.TB, mountinfo, lines string) *Machine {
	t.Helper()
	h, err := cgroup.Discover([]byte(mountinfo), "")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := proc.ParseCgroup([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	return &Machine{Hierarchies: h, Own: &cgroup.Membership{Lines: parsed}}
}

// login is how systemd has set up a login of root's.
var login = files{
	"cgroup.controllers": "cpuset cpu io memory pids\n", "cgroup.subtree_control": "cpuset cpu io memory pids\n", "cgroup.procs": "",
	"user.slice/cgroup.controllers": "cpuset cpu io memory pids\n", "user.slice/cgroup.subtree_control": "cpu memory pids\n",
	"user.slice/cgroup.procs": "", "user.slice/cgroup.events": "populated 1\n",
	"user.slice/user-0.slice/cgroup.controllers": "cpu memory pids\n", "user.slice/user-0.slice/cgroup.subtree_control": "memory pids\n",
	"user.slice/user-0.slice/cgroup.procs":                    "",
	"user.slice/user-0.slice/s1.scope/cgroup.controllers":     "memory pids\n",
	"user.slice/user-0.slice/s1.scope/cgroup.subtree_control": "",
	"user.slice/user-0.slice/s1.scope/cgroup.procs":           "100\n101\n",
	"user.slice/user-0.slice/s1.scope/memory.max":             "1073741824\n",
	"user.slice/user-0.slice/s1.scope/pids.max":               "max\n",
}

const ownScope = "/user.slice/user-0.slice/s1.scope"

func TestChooseParent(t *testing.T) {
	for name, c := range map[string]struct {
		needed []string
		change files
		parent string
		writes string // what the parent's cgroup.subtree_control holds then
	}{
		"nothing needed":                  {nil, nil, ownScope, ""},
		"on above":                        {[]string{"memory"}, nil, "/user.slice/user-0.slice", "memory pids\n"},
		"can be turned on above":          {[]string{"cpu"}, nil, "/user.slice/user-0.slice", "+cpu\n"},
		"reaches only further above":      {[]string{"io"}, nil, "/user.slice", "+io\n"},
		"held up by processes":            {[]string{"cpu"}, files{"user.slice/user-0.slice/cgroup.procs": "7\n"}, "/user.slice", "cpu memory pids\n"},
		"the root may have processes":     {[]string{"cpuset"}, files{"cgroup.procs": "1\n2\n", "user.slice/cgroup.procs": "3\n"}, "/", "cpuset cpu io memory pids\n"},
		"what only shows use is left out": {[]string{"io"}, files{"cgroup.controllers": "io\n", "cgroup.subtree_control": "io\n", "user.slice/cgroup.controllers": "io\n", "user.slice/cgroup.subtree_control": "io\n"}, "/user.slice", "io\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fixture(t, ownScope, with(login, c.change))
			own, ok := m.Hierarchies.Place(m.Own, "")
			if !ok {
				t.Fatal("no place")
			}
			would, off, err := m.Parent(c.needed)
			if turns := strings.HasPrefix(c.writes, "+"); err != nil || would.Path != c.parent || turns != (len(off) > 0) || turns && c.writes != "+"+strings.Join(off, " +")+"\n" {
				t.Errorf("Parent says %s, and to turn on %v, %v", would.Path, off, err)
			}
			wanted := slices.Clone(c.needed)
			for _, u := range usage {
				if !slices.Contains(wanted, u) {
					wanted = append(wanted, u)
				}
			}
			parent, err := chooseParent(own, c.needed, wanted)
			if err != nil || parent.Path != c.parent || parent.Dir != filepath.Join(own.Mount, c.parent) {
				t.Fatalf("%+v, %v, want %s", parent, err, c.parent)
			}
			if text, _ := os.ReadFile(filepath.Join(parent.Dir, "cgroup.subtree_control")); string(text) != c.writes {
				t.Errorf("cgroup.subtree_control of %s has %q, want %q", parent.Path, text, c.writes)
			}
		})
	}
}

func with(tree, more files) files {
	all := files{}
	for name, text := range tree {
		all[name] = text
	}
	for name, text := range more {
		all[name] = text
	}
	return all
}

func TestChooseParentRefused(t *testing.T) {
	m := fixture(t, ownScope, with(login, files{"user.slice/cgroup.procs": "5\n", "user.slice/user-0.slice/cgroup.procs": "6\n", "cgroup.subtree_control": "memory"}))
	own, _ := m.Hierarchies.Place(m.Own, "")
	_, err := chooseParent(own, []string{"rdma"}, []string{"rdma"})
	if err == nil || !strings.Contains(err.Error(), "rdma controller does not reach") || !strings.Contains(err.Error(), "Delegate=yes") {
		t.Errorf("got %v", err)
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(filepath.Join(own.Mount, "user.slice/user-0.slice/cgroup.procs"), 0o444); err != nil {
			t.Fatal(err)
		}
		if parent, err := chooseParent(own, []string{"memory"}, []string{"memory"}); err != nil || parent.Path != "/user.slice" {
			t.Errorf("a cgroup whose cgroup.procs cannot be written: %+v, %v", parent, err)
		}
		for _, dir := range []string{"user.slice", "."} {
			if err := os.Chmod(filepath.Join(own.Mount, dir, "cgroup.procs"), 0o444); err != nil {
				t.Fatal(err)
			}
		}
		if parent, off, err := m.Parent([]string{"memory"}); err == nil || parent.Dir != own.Dir || off != nil {
			t.Errorf("nothing can be written, but Parent says %+v, %v, %v", parent, off, err)
		}
	}
}

func TestEscaped(t *testing.T) {
	for _, c := range []struct{ beside, memory, pids, want string }{
		{"user.slice/user-0.slice/box", "max", "max", "memory.max 1073741824, FILE/pids.max 4096, FILE/cpu.max 50000 100000"},
		{"user.slice/user-0.slice/box", "1073741824", "100", "cpu.max 50000 100000"},
		{"user.slice/user-0.slice/s1.scope/box", "max", "max", ""},
	} {
		m := fixture(t, ownScope, with(login, files{
			"user.slice/user-0.slice/s1.scope/pids.max": "4096\n", "user.slice/user-0.slice/s1.scope/cpu.max": "50000 100000\n",
			c.beside + "/memory.max": c.memory + "\n", c.beside + "/pids.max": c.pids + "\n", c.beside + "/cpu.max": "100000 100000\n",
		}))
		own, _ := m.Hierarchies.Place(m.Own, "")
		group := own
		group.Dir = filepath.Join(own.Mount, c.beside)
		f, err := openFolder(group)
		if err != nil {
			t.Fatal(err)
		}
		got := escaped(own, f)
		f.close()
		if _, limits, _ := strings.Cut(got, "do not hold there: "+own.Dir+"/"); limits != strings.ReplaceAll(c.want, "FILE", own.Dir) || c.want == "" && got != "" {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// box is a container's cgroup on v2.
var box = files{
	"cgroup.controllers": "cpuset cpu io memory pids\n", "cgroup.procs": "1\n",
	"box/cgroup.procs": "42\n", "box/cgroup.events": "populated 1\nfrozen 0\n", "box/cgroup.freeze": "0\n",
	"box/memory.max": "max\n", "box/memory.swap.max": "max\n", "box/pids.max": "max\n", "box/cpu.max": "max 50000\n", "box/cpu.weight": "100\n",
	"box/io.max": "8:16 rbps=1048576 wbps=max riops=max wiops=max\n", "box/cpuset.cpus": "\n", "box/cpuset.mems": "\n",
}

func openBox(t testing.TB, tree files) *Group {
	t.Helper()
	m := fixture(t, "/box", tree)
	g, err := m.Open(m.Own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func TestSettingsOnV2(t *testing.T) {
	g := openBox(t, box)
	cpus, weight := 0.5, uint64(20)
	settings, err := g.Settings(&limit.Set{
		Memory: amount(8 << 20), Swap: amount(-1), PIDs: amount(100), CPUs: &cpus, Weight: &weight, CPUSet: "1,0", MemSet: "0",
		IO: []limit.IO{{Device: "8:16", WriteBPS: 1 << 20, ReadBPS: limit.Max}, {Device: "8:0", ReadIOPS: 7}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range settings {
		got = append(got, s.Limit+" "+s.File+": "+s.Old+" -> "+s.New)
		if s.Changes() == (s.Limit == "swap") {
			t.Errorf("%s: changes %v", s.File, s.Changes())
		}
		if now, err := s.Write(); err != nil && s.Limit != "io" { // a plain file does not keep a line for each device
			t.Errorf("%s: %s, %v", s.File, now, err)
		}
	}
	want := []string{
		"memory memory.max: max -> 8388608", "swap memory.swap.max: max -> max", "cpus cpu.max: max 50000 -> 25000 50000",
		"weight cpu.weight: 100 -> 20", "pids pids.max: max -> 100",
		"io io.max: 8:16 rbps=1048576 wbps=max riops=max wiops=max -> 8:16 rbps=max wbps=1048576",
		"io io.max: 8:0 rbps=max wbps=max riops=max wiops=max -> 8:0 riops=7",
		"cpuset cpuset.cpus:  -> 0-1", "memset cpuset.mems:  -> 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A short period makes place for a small quota.
func TestQuota(t *testing.T) {
	for _, c := range []struct {
		cpus           float64
		period         string
		quota, becomes int64
	}{
		{0.5, "100000", 50000, 100000},
		{0.01, "100000", 1000, 100000},
		{0.01, "50000", 1000, 100000},
		{2, "10000", 20000, 10000},
		{0, "50000", -1, 50000},
		{0.5, "", 50000, 100000},
		{0.5, "0", 50000, 100000},
		{1.0 / 3, "100000", 33333, 100000},
	} {
		if quota, period := quotaOf(c.cpus, c.period); quota != c.quota || period != c.becomes {
			t.Errorf("quotaOf(%g, %q) = %d, %d", c.cpus, c.period, quota, period)
		}
	}
}

func TestMissingFiles(t *testing.T) {
	tree := with(box, nil)
	for name, says := range map[string]string{"memory.swap.max": "swapaccount=1", "pids.max": "echo +pids > "} {
		delete(tree, "box/"+name)
		g := openBox(t, tree)
		_, err := g.Settings(&limit.Set{Swap: amount(0)})
		if name == "pids.max" {
			_, err = g.Settings(&limit.Set{PIDs: amount(5)})
		}
		if !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := openBox(t, with(box, files{"cgroup.controllers": "cpu\n"}))
	if _, err := g.Settings(&limit.Set{PIDs: amount(5)}); err == nil || !strings.Contains(err.Error(), "no hierarchy") {
		t.Errorf("a controller that there is not: %v", err)
	}
}

// v1 without an account of swap can limit memory, and says what it takes to limit swap.
func TestWithoutSwapAccount(t *testing.T) {
	dir := t.TempDir()
	box := filepath.Join(dir, "memory", "box")
	if err := os.MkdirAll(box, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(box, "memory.limit_in_bytes")
	if err := os.WriteFile(file, []byte("9223372036854771712\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := machineOf(t, "2 1 0:25 / "+dir+"/memory rw - cgroup cgroup rw,memory\n", "3:memory:/box\n")
	g, err := m.Open(m.Own)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	settings, err := g.Settings(&limit.Set{Memory: amount(5 << 20)})
	if err != nil || len(settings) != 1 || settings[0].Old != "-1" || settings[0].New != "5242880" {
		t.Errorf("%+v, %v", settings, err)
	}
	if _, err := g.Settings(&limit.Set{Memory: amount(5 << 20), Swap: amount(0)}); err == nil || !strings.Contains(err.Error(), "swapaccount=1") {
		t.Errorf("got %v", err)
	}
}

// What a kernel might keep of what was asked for: rounded to pages, no more.
func TestAgree(t *testing.T) {
	for _, c := range []struct {
		file, wrote, reads string
		want               bool
	}{
		{"memory.max", "8000001", "7999488", true},
		{"memory.max", "8388608", "8388608", true},
		{"memory.max", "8388608", "4194304", false},
		{"memory.max", "8388608", "max", false},
		{"memory.max", "max", "8388608", false},
		{"memory.limit_in_bytes", "-1", "9223372036854771712", true},
		{"pids.max", "16", "15", false},
		{"cpu.max", "50000 100000", "50000 100000", true},
		{"cpu.cfs_quota_us", "-1", "-1", true},
		{"cpuset.cpus", "0-1", "0,1", true},
		{"io.max", "8:0 rbps=5", "8:0 rbps=5 wbps=max riops=max wiops=max", true},
		{"io.max", "8:0 rbps=5", "8:0 rbps=6 wbps=max riops=max wiops=max", false},
		{"blkio.throttle.read_bps_device", "8:0 0", "", true},
		{"blkio.throttle.read_bps_device", "8:0 5", "8:16 7\n8:0 5", true},
		{"blkio.throttle.read_bps_device", "8:0 5", "8:16 5", false},
	} {
		device := ""
		if strings.Contains(c.wrote, ":") {
			device = "8:0"
		}
		f := forms[c.file]
		if got := f.agree(c.wrote, f.present(device, c.reads)); got != c.want {
			t.Errorf("%s: %q reads back as %q: %v", c.file, c.wrote, c.reads, got)
		}
	}
}

// Nothing is written to what is no file of a cgroup, or through a link.
func TestHostileTree(t *testing.T) {
	g := openBox(t, box)
	dir := g.Paths()[0]
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("1000"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "pids.max")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, "pids.max")); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Settings(&limit.Set{PIDs: amount(5)}); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a link: %v", err)
	}
	if _, err := g.Setting("pids", "cgroup.procs", "", "1"); err == nil {
		t.Error("cgroup.procs is no limit")
	}
	for _, bad := range []string{dir + "/..", filepath.Dir(filepath.Dir(dir)), "/etc", "box", "", dir + "/../../etc"} {
		if g, err := g.machine.OpenDir(bad); err == nil {
			g.Close()
			t.Errorf("opened %q", bad)
		}
	}
	if text, _ := os.ReadFile(victim); string(text) != "1000" {
		t.Error("the link was followed")
	}
}

func TestOpenShared(t *testing.T) {
	m := fixture(t, "/", box)
	if _, err := m.Open(m.Own); !errors.Is(err, ErrShared) {
		t.Errorf("the root: %v", err)
	}
}

func TestPresent(t *testing.T) {
	g := openBox(t, box)
	var got []string
	for _, s := range g.Present() {
		got = append(got, s.File+"="+s.Old)
	}
	want := []string{
		"memory.max=max", "memory.swap.max=max", "cpu.max=max 50000", "cpu.weight=100", "pids.max=max",
		"io.max=8:16 rbps=1048576 wbps=max riops=max wiops=max", "cpuset.cpus=", "cpuset.mems=",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestFreezeWords(t *testing.T) {
	g := openBox(t, box)
	if file, freeze, thaw := g.FreezeFile(); filepath.Base(file) != "cgroup.freeze" || freeze != "1" || thaw != "0" {
		t.Errorf("%s %s %s", file, freeze, thaw)
	}
	if frozen, err := g.Frozen(); frozen || err != nil {
		t.Errorf("%v, %v", frozen, err)
	}
	g = openBox(t, with(box, files{"box/cgroup.events": "populated 1\nfrozen 1\n"}))
	if frozen, err := g.Frozen(); !frozen || err != nil {
		t.Errorf("%v, %v", frozen, err)
	}
}
