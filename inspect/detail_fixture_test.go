package inspect

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// recorded puts a recorded process into a fixture and tells who it is.
func (f fixture) recorded(name string) ID {
	f.t.Helper()
	from := filepath.Join("testdata", "detail", name)
	text, err := os.ReadFile(filepath.Join(from, "stat"))
	if err != nil {
		f.t.Fatal(err)
	}
	var st proc.Stat
	if err := proc.ParseStat(text, &st); err != nil {
		f.t.Fatal(err)
	}
	files := map[string]string{"environ": "PATH=/bin\x00TOKEN=t\x00bare\x00"}
	list, err := os.ReadDir(from)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, file := range list {
		text, err := os.ReadFile(filepath.Join(from, file.Name()))
		if err != nil {
			f.t.Fatal(err)
		}
		files[recordedAs(file.Name())] = string(text)
	}
	links := map[string]string{}
	for line := range strings.Lines(files["fd.txt"]) {
		fd, target, found := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
		if !found {
			continue
		}
		links["fd/"+fd] = target
		files["fdinfo/"+fd] = "pos:\t0\nflags:\t02004002\nmnt_id:\t15\nino:\t7\n"
	}
	for line := range strings.Lines(files["ns.txt"]) {
		link, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		links["ns/"+link] = target
	}
	for _, notProc := range []string{"fd.txt", "ns.txt", "links.txt"} {
		delete(files, notProc)
	}
	f.process(st.PID, st.PPID, string(st.Comm), int(st.StartTime), files)
	f.links(filepath.Join(f.dir, strconv.Itoa(st.PID)), links)
	return ID{PID: st.PID, Start: st.StartTime}
}

// recordedAs is the name below /proc/PID of a file of a recording.
func recordedAs(name string) string {
	switch name {
	case "attr_current":
		return "attr/current"
	case "attr_apparmor_current":
		return "attr/apparmor/current"
	}
	return strings.Replace(name, "net_", "net/", 1)
}

// details makes a reader of the fixture. It has no cgroup hierarchies but what this machine has.
func (f fixture) details() *DetailReader {
	f.t.Helper()
	r, err := NewDetailReader(Options{Proc: f.dir}, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *DetailReader, id ID) *Detail {
	t.Helper()
	d, err := r.Read(context.Background(), nil, id)
	if err != nil {
		t.Fatalf("Read(%v): %v", id, err)
	}
	return d
}

func TestDetailOfARecordedProcess(t *testing.T) {
	f := newFixture(t)
	id := f.recorded("docker-db")
	d := read(t, f.details(), id)
	if d.ID != id || d.Taken.IsZero() || len(d.Cut) > 0 {
		t.Errorf("ID %v, taken %v, cut %v", d.ID, d.Taken, d.Cut)
	}
	if want := reading.Value("redis-server 0.0.0.0:6379\x00"); d.Cmdline.How != want.How || !strings.HasPrefix(d.Cmdline.Value, "redis-server") {
		t.Errorf("cmdline %+v", d.Cmdline)
	}
	wantEnv := []proc.EnvVar{{Name: "PATH", Value: "/bin"}, {Name: "TOKEN", Value: "t"}, {Name: "bare", Bare: true}}
	if diff := cmp.Diff(reading.Value(wantEnv), d.Environ); diff != "" {
		t.Error(diff)
	}
	if _, kept := d.Raw["environ"]; kept {
		t.Error("the environment is kept twice")
	}
	at := slices.IndexFunc(d.Limits.Value, func(l proc.ResourceLimit) bool { return l.Name == "Max open files" })
	if at < 0 || d.Limits.Value[at].Hard.N != 20000 {
		t.Errorf("limits %+v", d.Limits)
	}
	if d.OOMScoreAdj != reading.Value(0) || d.OOMScore.State != reading.Absent {
		t.Errorf("oom_score_adj %+v, oom_score %+v", d.OOMScoreAdj, d.OOMScore)
	}
	if len(d.Mounts.Value) < 10 || d.Mounts.Value[0].FSType != "overlay" || !d.Raw["mountinfo"].OK() {
		t.Errorf("mounts %+v", d.Mounts)
	}
	if want := []proc.IDMapping{{Count: 4294967295}}; !cmp.Equal(d.Maps.UID, reading.Value(want)) || d.Maps.Setgroups != reading.Value("allow") {
		t.Errorf("maps %+v", d.Maps)
	}
	if n := d.Namespaces[proc.Net]; n.Ino != reading.Value[uint64](4026532429) || n.Owner.State != reading.Absent {
		t.Errorf("net %+v", n)
	}
	if got := d.Raw["attr/current"].State; got != reading.Absent && got != reading.Known {
		t.Errorf("attr/current %v", got)
	}
}

func TestDetailFilesAndSockets(t *testing.T) {
	f := newFixture(t)
	d := read(t, f.details(), f.recorded("docker-db"))
	type file struct {
		FD            int
		Kind          FileKind
		Target, About string
	}
	var got []file
	for _, o := range d.Files.Value {
		got = append(got, file{o.FD, o.Kind, o.Target, o.About})
		if names := proc.FDFlagNames(o.Info.Value.Flags); !o.Info.OK() || names != "O_RDWR|O_CLOEXEC|O_NONBLOCK" {
			t.Errorf("flags of %d: %v %s", o.FD, o.Info.How, names)
		}
	}
	want := []file{
		{0, DeviceFile, "/dev/null", ""},
		{1, PipeFile, "pipe:[91709]", ""},
		{2, PipeFile, "pipe:[91710]", ""},
		{3, PipeFile, "pipe:[91818]", ""},
		{4, PipeFile, "pipe:[91818]", ""},
		{5, FileKind(proc.FDAnonInode), "anon_inode:[eventpoll]", ""},
		{6, SocketFile, "socket:[91819]", "tcp 0.0.0.0:6379 LISTEN"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(d.Listening.Value) != 1 || d.Listening.Value[0].FD != 6 || !d.Listening.Value[0].Own() || d.Listening.Value[0].Local.Port() != 6379 {
		t.Errorf("listening %+v", d.Listening)
	}
	var names []string
	for _, i := range d.Interfaces.Value {
		names = append(names, i.Name)
	}
	if diff := cmp.Diff([]string{"lo", "eth0"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestDetailOfATimeNamespace(t *testing.T) {
	f := newFixture(t)
	d := read(t, f.details(), f.recorded("unshare-time"))
	if len(d.TimeOffsets.Value) != 2 || d.TimeOffsets.Value[0].Offset.Seconds() != 500 {
		t.Errorf("offsets %+v", d.TimeOffsets)
	}
}

func TestDetailOfAnAppArmorLabel(t *testing.T) {
	f := newFixture(t)
	d := read(t, f.details(), f.recorded("vm-docker-web"))
	if got := d.Raw["attr/current"].Value; got != "docker-default (enforce)\n" {
		t.Errorf("attr/current %q", got)
	}
}

// Each file in turn is a FIFO that nobody writes to: its reading fails, at once, and the others do not suffer.
func TestAFIFOInAFilesPlace(t *testing.T) {
	f := newFixture(t)
	r := f.details()
	for _, name := range []string{
		"cmdline", "environ", "mountinfo", "status", "cgroup", "limits", "uid_map", "attr/current", "net/dev", "net/tcp", "fdinfo/1",
		"io", "schedstat",
	} {
		id := f.recorded("docker-db")
		path := filepath.Join(f.dir, strconv.Itoa(id.PID), name)
		_ = os.Remove(path)
		if err := unix.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		d := read(t, r, id)
		if r.guard.Avoids(hang{id, name}) || r.guard.Avoids(hang{id, "net"}) || r.guard.Avoids(hang{id, "fd"}) || r.guard.Avoids(hang{id, "io"}) {
			t.Errorf("a FIFO as %s was waited for", name)
		}
		if _, small := d.Raw[name]; small && d.Raw[name].State != reading.Failed {
			t.Errorf("a FIFO as %s: %v", name, d.Raw[name].How)
		}
		if !d.OOMScoreAdj.OK() {
			t.Errorf("a FIFO as %s took oom_score_adj along: %v", name, d.OOMScoreAdj.How)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// A text that no kernel writes breaks nothing, whichever file holds it.
func TestDetailOfHostileTexts(t *testing.T) {
	f := newFixture(t)
	r := f.details()
	for _, text := range []string{"", "\x00", "\n", "x", "a b c\n", "-1\n", ":\n::\n", strings.Repeat("9", 100) + "\n", "\xff\xfe\n"} {
		for _, name := range []string{
			"cmdline", "environ", "mountinfo", "status", "cgroup", "limits", "uid_map", "gid_map", "setgroups", "oom_score",
			"oom_score_adj", "timens_offsets", "net/dev", "net/tcp", "net/udp", "net/unix", "fdinfo/1", "io", "schedstat",
		} {
			id := f.recorded("docker-db")
			path := filepath.Join(f.dir, strconv.Itoa(id.PID), name)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			read(t, r, id)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLongFilesAreCut(t *testing.T) {
	f := newFixture(t)
	id := f.recorded("docker-db")
	dir := filepath.Join(f.dir, strconv.Itoa(id.PID))
	line := "1204 1203 0:93 / /dev/pts rw - devpts devpts rw\n"
	for name, text := range map[string][]byte{
		"environ":   bytes.Repeat([]byte("A=bbbbbb\x00"), maxEnviron/8),
		"mountinfo": bytes.Repeat([]byte(line), maxMounts/len(line)+10),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d := read(t, f.details(), id)
	if diff := cmp.Diff([]string{"environ", "mountinfo"}, d.Cut); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Mounts.Value); !d.Mounts.OK() || n != maxMounts/len(line) {
		t.Errorf("%d mounts, %v", n, d.Mounts.How)
	}
	if n := len(d.Raw["mountinfo"].Value); n > maxRawMounts || n%len(line) != 0 {
		t.Errorf("%d bytes of mountinfo are kept", n)
	}
}

func TestGoneAndReused(t *testing.T) {
	f := newFixture(t)
	id := f.recorded("docker-db")
	r := f.details()
	for want, other := range map[error]ID{ErrGone: {PID: 999, Start: 1}, ErrReused: {PID: id.PID, Start: id.Start + 1}} {
		d, err := r.Read(context.Background(), nil, other)
		if d != nil || err != want {
			t.Errorf("Read(%v) = %v, %v; want %v", other, d, err, want)
		}
	}
}
