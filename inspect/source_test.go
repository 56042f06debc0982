package inspect

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// recordedSource reads a recorded process and returns how to ask for its sources.
func recordedSource(t *testing.T, name string) (f fixture, ask func(Field) Source) {
	t.Helper()
	f = newFixture(t)
	id := f.recorded(name)
	s := scan(t, f.scanner(Options{}))
	d := read(t, f.details(), id)
	return f, func(field Field) Source { return s.Source(s.ByID(id), d, field) }
}

func TestSourcesOfARecordedProcess(t *testing.T) {
	f, ask := recordedSource(t, "docker-db")
	dir := f.dir + "/24665/"
	for _, c := range []struct {
		field              Field
		file, key, raw     string
		command            string
		title, meaningPart string
	}{
		{"stat.pid", "stat", "(1) pid", "24665", "cat FILE", "process ID", "proc_pid_stat(5)"},
		{"stat.ppid", "stat", "(4) ppid", "24645", "sed -z 's/.*) //' FILE | cut -d' ' -f2", "parent", ""},
		{"stat.state", "stat", "(3) state", "S", "sed -z 's/.*) //' FILE | cut -d' ' -f1", "state", "S is "},
		{"comm", "comm", "", "redis-server", "cat FILE", "name", ""},
		{"status.CapEff", "status", "CapEff", "00000000a80425fb", "capsh --decode=$(awk '/^CapEff:/{print $2}' FILE)", "effective set", "What the kernel checks"},
		{"status.Uid", "status", "Uid", "0\t0\t0\t0", "grep '^Uid:' FILE", "user", "credentials(7)"},
		{"status.Seccomp", "status", "Seccomp", "2", "grep '^Seccomp:' FILE", "seccomp", "One filter"},
		{"status.Seccomp_filters", "status", "Seccomp_filters", "1", "grep '^Seccomp_filters:' FILE", "seccomp filters", "seccomp(2)"},
		{"status.NoNewPrivs", "status", "NoNewPrivs", "0", "grep '^NoNewPrivs:' FILE", "no_new_privs", "set-user-ID"},
		{"ns.net", "ns/net", "", "net:[4026532429]", "readlink FILE", "net namespace", "network_namespaces(7)"},
		{"ns.pid_for_children", "ns/pid_for_children", "", "pid:[4026532428]", "readlink FILE", "pid namespace of children", "unshare"},
		{"ns.net.owner", "ns/net", "ioctl NS_GET_USERNS", "", "lsns -o NS,TYPE,PNS,ONS -p 24665", "owner of the net namespace", "ioctl_ns(2)"},
		{"uid_map", "uid_map", "", "0          0 4294967295", "cat FILE", "user ID map", "user_namespaces(7)"},
		{"setgroups", "setgroups", "", "allow", "cat FILE", "setgroups", ""},
		{"limits.Max open files", "limits", "Max open files", "20000 20000 files", "grep '^Max open files' FILE", "Max open files", "getrlimit(2)"},
		{"environ.TOKEN", "environ", "TOKEN", "t", `grep -az -- '^TOKEN=' FILE | tr '\0' '\n'`, "TOKEN", "proc_pid_environ(5)"},
		{"fd.6", "fd", "6", "socket:[91819]", "readlink FILE/6", "6", "proc_pid_fd(5)"},
		{"cpu", "stat", "(14,15) utime, stime", "14 24", "sed -z 's/.*) //' FILE | cut -d' ' -f12,13", "cpu", "one core"},
	} {
		got := ask(c.field)
		if c.field == "cpu" { // the recording's own numbers
			c.raw = got.Raw.Value
		}
		want := Source{Field: c.field, Title: c.title, File: dir + c.file, Key: c.key, Command: strings.ReplaceAll(c.command, "FILE", dir+c.file)}
		if !strings.Contains(got.Meaning, c.meaningPart) || got.Meaning == "" {
			t.Errorf("%s means %q", c.field, got.Meaning)
		}
		raw := got.Raw
		got.Raw, got.Meaning = reading.Of[string]{}, ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", c.field, diff)
		}
		if strings.TrimSpace(raw.Value) != c.raw && c.raw != "" || raw.OK() != (c.raw != "") {
			t.Errorf("%s: raw %q (%v), want %q", c.field, raw.Value, raw.How, c.raw)
		}
	}
}

func TestSourceOfALabel(t *testing.T) {
	_, ask := recordedSource(t, "vm-docker-web")
	got := ask("label")
	if !strings.HasSuffix(got.File, "/attr/apparmor/current") || got.Raw != reading.Value("docker-default (enforce)") || !strings.Contains(got.Meaning, "AppArmor refuses") {
		t.Errorf("%+v", got)
	}
}

// What was refused, and what nobody has read yet, says so.
func TestSourceOfWhatIsNotKnown(t *testing.T) {
	denied := reading.How{State: reading.Denied, Errno: 13}
	p := &Process{ID: ID{PID: 7, Start: 1}, Comm: "x", How: reading.How{State: reading.Known}, Facts: &Facts{}}
	p.Facts.Exe.How, p.Facts.Status.How = denied, denied
	s := &Snapshot{}
	for field, want := range map[Field]reading.How{
		"exe": denied, "status.CapEff": denied, "limits": {}, "environ": {}, "stat.ppid": {}, "ns.net": {}, "cgroup": {}, "ns.user.uid": {},
		"cgroup.MemoryUsage": {}, "no.such.field": {State: reading.Absent}, "nothing": {State: reading.Absent},
		"cgroup.Nothing": {},
	} {
		if got := s.Source(p, nil, field); got.Raw.How != want || got.Field != field {
			t.Errorf("%s: %v, want %v", field, got.Raw.How, want)
		}
	}
	if got := s.Source(p, nil, "comm").Raw; got != reading.Value("x") {
		t.Errorf("comm %+v", got)
	}
	other := &Detail{ID: ID{PID: 7, Start: 2}, Raw: map[string]reading.Of[string]{"limits": reading.Value("another's")}}
	if got := s.Source(p, other, "limits").Raw; got.OK() {
		t.Errorf("the text of another process: %+v", got)
	}
}

func TestEveryFieldIsExplained(t *testing.T) {
	seen := map[Field]bool{}
	for _, field := range Fields() {
		if seen[field] {
			t.Errorf("%s is there twice", field)
		}
		seen[field] = true
	}
	for i := range fieldTable {
		row := &fieldTable[i]
		if row.title == "" || row.file == "" || row.meaning == "" && row.more == nil || row.from.raw == nil || row.from.command == nil {
			t.Errorf("%s: %+v", row.field, row)
		}
		for _, sentence := range []string{row.meaning} {
			if sentence != "" && !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s: no end: %q", row.field, sentence)
			}
		}
	}
	for _, row := range usageTable {
		if !strings.HasSuffix(row.meaning, ".") || row.title == "" {
			t.Errorf("%+v", row)
		}
	}
}

// Whatever a field's command prints on this machine is what the source says.
func TestCommandsShowTheSame(t *testing.T) {
	child := startChild(t, "PATH=/bin", "A.B=1", "TWO=a\nb")
	sc, err := NewScanner(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sc.Close() })
	var s *Snapshot
	var d *Detail
	id := idOf(t, child.Process.Pid)
	r := liveReader(t)
	eventually(t, "the child waits for input", func() bool {
		s = scan(t, sc)
		d = read(t, r, id)
		return d.Cmdline.Value == "cat\x00" && s.ByID(id) != nil && s.ByID(id).Facts.Cmdline.Value == "cat\x00" && strings.Contains(d.Raw["stat"].Value, ") S ")
	})
	fields := slices.DeleteFunc(Fields(), func(f Field) bool { return strings.HasSuffix(string(f), ".*") })
	fields = append(fields, "limits.Max open files", "limits.Max processes", "environ.PATH", "environ.A.B", "environ.TWO", "fd.0", "fd.1")
	for _, field := range fields {
		src := s.Source(s.ByID(id), d, field)
		if src.Command == "" && !src.Raw.OK() {
			continue // kept nowhere on this machine
		}
		t.Run(string(field), func(t *testing.T) { commandShows(t, src) })
	}
}

// tools are what commands need beyond coreutils, grep, sed and awk, by the Debian package that has them.
var tools = map[string]string{"capsh": "libcap2-bin", "lsns": "util-linux", "python3": "python3"}

func commandShows(t *testing.T, src Source) {
	tool, _, _ := strings.Cut(src.Command, " ")
	if pkg := tools[tool]; pkg != "" {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s (package %s)", tool, pkg)
		}
	}
	out, err := exec.Command("sh", "-c", src.Command).CombinedOutput()
	if !src.Raw.OK() {
		return // it fails as the reading did
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", src.Command, err, out)
	}
	if changes(src) {
		return
	}
	want := src.Raw.Value
	if strings.HasPrefix(src.Key, "ioctl ") && strings.Contains(want, ":[") {
		want = want[strings.Index(want, "[")+1 : len(want)-1]
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "\x00", " ")), " ") }
	if !strings.Contains(squeeze(string(out)), squeeze(want)) {
		t.Errorf("%s prints %q, the source says %q", src.Command, out, src.Raw.Value)
	}
}

// changes tells whether a value differs from one moment to the next, or is not one text alone.
func changes(src Source) bool {
	name, isUsage := strings.CutPrefix(string(src.Field), "cgroup.")
	if !isUsage {
		return src.Field == "schedstat" || strings.HasPrefix(string(src.Field), "io.") || src.Field == "oom_score"
	}
	settings := []string{"MemoryLimit", "CPUQuota", "CPUPeriod", "CPUWeight", "PIDsLimit", "CPUs", "EffectiveMemory", "EffectiveCPU", "EffectivePIDs"}
	return !slices.Contains(settings, name)
}

func TestShellWord(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	for _, s := range []string{"", "plain", "/proc/1/status", "two words", "it's", "$HOME `id` $(id)", "a\nb", "\x1b[31m", "\xff\\'", "-n", "*?[a]", "~"} {
		word := shellWord(s)
		out, err := exec.Command(bash, "-c", "printf %s "+word).Output()
		if s == "-n" {
			out, err = []byte(s), nil
		}
		if err != nil || string(out) != s {
			t.Errorf("%q as a word is %s, which is %q (%v)", s, word, out, err)
		}
		if strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			t.Errorf("%q has what no terminal should get", word)
		}
	}
}

func TestCgroupSource(t *testing.T) {
	dir := t.TempDir()
	group := dir + "/a"
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"../cgroup.controllers": "cpu memory pids\n", "../cgroup.procs": "", "memory.current": "4096\n", "memory.stat": "anon 1\ninactive_file 96\n",
		"memory.max": "max\n", "cpu.max": "50000 100000\n", "cgroup.procs": "", "cgroup.events": "populated 1\nfrozen 0\n",
		"memory.pressure": "some avg10=1.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
	} {
		if err := os.WriteFile(group+"/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h, err := cgroup.Discover(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	m := &cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/a"}}}
	s := &Snapshot{places: places{cgroups: h.SourceOf}}
	u, entries := h.Usage(m), h.Entries(m)
	for _, c := range []struct{ name, file, key, raw, output string }{
		{"MemoryUsage", "memory.current", "", "4096", "4096"},
		{"MemoryWorking", "memory.stat", "inactive_file", "96", "4000"},
		{"MemoryLimit", "memory.max", "", "max", "max"},
		{"CPUQuota", "cpu.max", "$1", "50000", "50000"},
		{"CPUPeriod", "cpu.max", "$2", "100000", "100000"},
		{"Frozen", "cgroup.events", "frozen", "0", "0"},
		{"MemoryPressure", "memory.pressure", "", "some avg10=1.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0", "some avg10=1.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"},
		{"EffectiveCPU", "cpu.max", "", "50000 100000", "50000 100000"},
	} {
		got := s.CgroupSource(m, u, entries, c.name)
		if got.File != group+"/"+c.file || got.Key != c.key || got.Raw != reading.Value(c.raw) || got.Title == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		out, err := exec.Command("sh", "-c", got.Command).Output()
		if err != nil || strings.TrimSpace(string(out)) != c.output {
			t.Errorf("%s: %s prints %q (%v), want %q", c.name, got.Command, out, err, c.output)
		}
	}
	if got := s.CgroupSource(m, u, entries, "MemoryPeak"); got.Raw.State != reading.Absent {
		t.Errorf("a file that is not there: %+v", got)
	}
	if got := s.CgroupSource(m, u, entries, "EffectiveMemory"); !strings.Contains(got.Meaning, "None of them sets one") {
		t.Errorf("no limit: %+v", got)
	}
}

func TestStatNumbers(t *testing.T) {
	for i := range fieldTable {
		row := &fieldTable[i]
		if row.file != "stat" {
			continue
		}
		if n := statNumbers(row.key); len(n) == 0 || n[0] < 1 || n[0] > 52 {
			t.Errorf("%s: field %s", row.field, strconv.Quote(row.key))
		}
	}
}

// Whatever a process writes into the text of a file, telling its source breaks nothing.
func FuzzSource(f *testing.F) {
	f.Add("Name:\tx\nCapEff:\t0\n", "PATH")
	f.Add("1 (a) b) S 1 2", "Max open files")
	f.Add("((((", "\x00")
	f.Fuzz(func(t *testing.T, text, item string) {
		d := &Detail{Raw: map[string]reading.Of[string]{}}
		for _, name := range smallFiles {
			d.Raw[name] = reading.Value(text)
		}
		d.Environ = reading.Value(proc.ParseEnviron([]byte(text)))
		d.Files = reading.Value([]OpenFile{{Target: text}})
		p := &Process{Facts: &Facts{}}
		for _, field := range Fields() {
			name, isList := strings.CutSuffix(string(field), "*")
			if isList {
				name += item
			}
			src := (&Snapshot{}).Source(p, d, Field(name))
			if strings.ContainsFunc(src.Command, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
				t.Errorf("%s: the command holds %q", name, src.Command)
			}
		}
	})
}
