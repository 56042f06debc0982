package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/compare"
	"cutaway/inspect/engine"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/users"
)

const evil = "\x1b[31mevil\xff"

// fixture is a machine with one container of two processes and a namespace that a mount alone keeps.
func fixture() *Record {
	set := func(first uint64) *proc.Namespaces {
		var ns proc.Namespaces
		for link := range ns.Ino {
			ns.Ino[link], ns.How[link].State = first+uint64(proc.NSLinkKind(proc.NSLink(link))), reading.Known
		}
		return &ns
	}
	process := func(pid, ppid int, comm string, ns *proc.Namespaces, cg string) inspect.Process {
		return inspect.Process{
			ID: inspect.ID{PID: pid, Start: uint64(pid) * 10}, How: reading.How{State: reading.Known}, PPID: ppid, State: 'S', Threads: 1, Comm: comm,
			CPU: 1.5, Facts: &inspect.Facts{
				Read: time.Unix(5, 0), NS: ns, Cgroup: reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: cg}}}),
				Status:  reading.Value(&proc.Status{NSpid: []int{pid}, UID: [4]uint32{1, 1, 1, 1}}),
				Cmdline: reading.Value(comm + "\x00--password=hunter2\x00--token\x00hunter3\x00"), Exe: reading.Missing[string](reading.Denied),
			},
		}
	}
	host, own := set(100), set(200)
	s := inspect.Assemble(inspect.Host{Name: "node7", Kernel: "6.18.1", BootID: "b007", NS: host, NSDev: 4, InitSeen: true},
		[]inspect.Process{process(1, 0, "init", host, "/"), process(20, 1, evil, own, "/c1"), process(21, 20, "worker", own, "/c1")},
		[]engine.Container{{Key: "docker/1", Engine: engine.Docker, Name: "db", Init: 20, Members: []int{20, 21}}})
	s.Seq, s.Taken = 7, time.Unix(1_700_000_000, 5).UTC()
	s.Containers[0].Usage = &cgroup.Usage{Path: "/c1", MemoryUsage: reading.Value[uint64](5)}
	s.IDMaps = map[uint64]inspect.IDMaps{205: {UID: reading.Value([]proc.IDMapping{{Outside: 1000, Count: 10}})}}
	census := &inspect.Census{Unread: 2}
	for _, n := range s.Namespaces {
		census.Namespaces = append(census.Namespaces, &inspect.NamespaceObject{Namespace: n, First: &s.Procs[n.Members[0]]})
	}
	bound := &inspect.NamespaceObject{Namespace: &inspect.Namespace{Kind: proc.Net, ID: inspect.NSID{Dev: 4, Ino: 900}}}
	bound.Holders = []inspect.Holder{
		{Kind: inspect.HeldByMount, PID: 1, Path: "/run/netns/" + evil, MountNS: 100},
		{Kind: inspect.HeldByNamespace, Namespace: s.Namespaces[0]},
	}
	census.Namespaces = append(census.Namespaces, bound)
	r := New("1.2", s, census)
	r.Uptime, r.Self, r.LastCap = time.Hour, 1, 40
	r.Names = users.Names{Users: map[uint32]string{1: "daemon"}, SubUID: []users.Grant{{Owner: "me", Start: 100000, Count: 65536}}}
	r.Add(&inspect.Detail{
		ID: s.Procs[1].ID, Taken: s.Taken, Cmdline: s.Procs[1].Facts.Cmdline,
		Environ: reading.Value([]proc.EnvVar{{Name: "PATH", Value: "/bin"}, {Name: "API_TOKEN", Value: "hunter4"}, {Name: "URL", Value: "postgres://u:hunter5@h/d"}}),
		Mounts:  reading.Value([]proc.Mount{{ID: 1, MountPoint: "/" + evil}}),
		Cgroup:  &cgroup.Usage{Path: "/c1"}, CgroupFiles: []cgroup.Entry{{Name: "memory.max", Raw: reading.Value("5")}},
		Raw: map[string]reading.Of[string]{"status": reading.Value("Name:\tx\n")},
	}, &inside.View{Kernel: inside.Kernel{Hostname: reading.Value("c1")}})
	return r
}

func encoded(t testing.TB, r *Record) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoundTrip holds that a record comes back from its file, and is the same file again.
func TestRoundTrip(t *testing.T) {
	r := fixture()
	file := encoded(t, r)
	back, err := Read(bytes.NewReader(file), "x")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, back), file) {
		t.Error("it is another file when it is written again")
	}
	s := back.Snapshot
	if p := s.ByPID(20); p.Comm != evil || p.Container == nil || p.Container.Name != "db" || p.Facts.NS != s.ByPID(21).Facts.NS || p.Facts.Cgroup.Value != s.ByPID(21).Facts.Cgroup.Value {
		t.Errorf("the process is %+v", p)
	}
	if !reflect.DeepEqual(r.Header, back.Header) || !reflect.DeepEqual(s.IDMaps, r.Snapshot.IDMaps) || !reflect.DeepEqual(back.Names, r.Names) {
		t.Errorf("the rest is %+v, %+v, %+v", back.Header, s.IDMaps, back.Names)
	}
	id := s.ByPID(20).ID
	d, err := back.ReadParts(context.Background(), s, id, inspect.AllParts)
	if err != nil || d.Cgroup == nil || len(d.CgroupFiles) != 1 || d.Mounts.Value[0].MountPoint != "/"+evil || d.Threads.How != reading.NotSaved {
		t.Errorf("its detail is %+v, %v", d, err)
	}
	if none, err := back.ReadParts(context.Background(), s, s.ByPID(21).ID, 0); err != nil || none.Environ.How != reading.NotSaved || none.Cgroup == nil {
		t.Errorf("the detail that was not saved is %+v, %v", none, err)
	}
	if v, err := back.Inside(context.Background(), inside.Target{PID: 20, Start: 200}); err != nil || v.Hostname.Value != "c1" {
		t.Errorf("from inside: %+v, %v", v, err)
	}
	c, _ := back.Namespaces(context.Background(), s)
	want, _ := r.Namespaces(context.Background(), s)
	if len(c.Namespaces) != len(want.Namespaces) || c.Unread != 2 {
		t.Fatalf("%d namespaces", len(c.Namespaces))
	}
	last := c.Namespaces[len(c.Namespaces)-1]
	if last.Holders[0].Path != "/run/netns/"+evil || last.Holders[1].Namespace != s.Namespaces[0] {
		t.Errorf("its holders are %+v", last.Holders)
	}
}

func TestMask(t *testing.T) {
	r := fixture()
	before := r.Snapshot.Procs[0].Facts
	r.mask()
	text := plain(t, encoded(t, r))
	if strings.Contains(text, "hunter") {
		t.Errorf("a secret is in the file:\n%s", text)
	}
	for _, kept := range []string{`--password=********`, `--token\u0000********`, `"Name":"PATH","Value":"/bin"`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is not in the file", kept)
		}
	}
	if !strings.Contains(before.Cmdline.Value, "hunter2") {
		t.Error("facts that others hold were changed")
	}
}

func plain(t testing.TB, file []byte) string {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRefused holds that what is no snapshot, or not all of one, says what to do.
func TestRefused(t *testing.T) {
	small := limits{line: 128 << 10, text: 8 << 20, room: 2 << 20, procs: 10, ratio: 100, ratioFrom: 1 << 20}
	if _, err := read(bytes.NewReader(encoded(t, fixture())), small); err != nil {
		t.Fatal(err)
	}
	file := encoded(t, fixture())
	text := plain(t, file)
	header, rest, _ := strings.Cut(text, "\n")
	lines := strings.SplitAfter(text, "\n")
	for name, c := range map[string]struct {
		file []byte
		err  error
		says string
	}{
		"empty":            {nil, errNone, "no snapshot"},
		"text":             {[]byte("hello\n"), errNone, "no snapshot"},
		"short":            {file[:2], nil, "x "},
		"other zstd":       {packed(t, "hello\n"), errNone, "no snapshot"},
		"other JSON":       {packed(t, `{"Header":{"Format":"else","Version":1}}`+"\n"), errNone, "no snapshot"},
		"newer":            {packed(t, strings.Replace(header, `"Version":1`, `"Version":2`, 1)+"\n"+"nonsense\n"), errNewer, "format 2"},
		"cut in the frame": {file[:len(file)-20], errCut, "cut short"},
		"cut at a line":    {packed(t, strings.Join(lines[:3], "")), errCut, "cut short"},
		"a line missing":   {packed(t, header+"\n"+strings.Join(lines[2:], "")), errForm, "take another"},
		"more behind":      {packed(t, text+`{"Machine":{}}`+"\n"), errForm, "take another"},
		"two of a PID":     {packed(t, header+"\n"+lines[2]+rest), errForm, "not in order"},
		"damaged":          {append(append(bytes.Clone(file[:len(file)/2]), file[len(file)/2]^0xff), file[len(file)/2+1:]...), nil, "x "},
		"not JSON":         {packed(t, header+"\nnonsense\n"), errForm, "take another"},
		"nothing in it":    {packed(t, header+"\n"+`{"End":{"Lines":1}}`+"\n"), errForm, "no process"},
		"a long line":      {packed(t, header+"\n"+`{"New":"`+strings.Repeat("x", small.line)+`"}`+"\n"), errBomb, "more than cutaway reads"},
		"a bomb":           {packed(t, header+"\n"+strings.Repeat(`{"New":"`+strings.Repeat("x", small.line/2)+`"}`+"\n", 30)), errBomb, "more than cutaway reads"},
		"many things":      {packed(t, header+"\n"+`{"Detail":{"CgroupFiles":[{}`+strings.Repeat(`,{}`, 20_000)+"]}}\n"), errBomb, "more than cutaway reads"},
	} {
		_, err := Read(bytes.NewReader(c.file), "x")
		if errors.Is(c.err, errBomb) {
			_, err = read(bytes.NewReader(c.file), small)
		}
		if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryCut holds that no beginning of a file passes for a snapshot.
func TestEveryCut(t *testing.T) {
	file := encoded(t, fixture())
	for n := range file {
		if _, err := Read(bytes.NewReader(file[:n]), "x"); err == nil {
			t.Fatalf("%d of %d bytes are taken for a snapshot", n, len(file))
		}
	}
}

// failing is a writer on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.snap")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := fixture()
	if err := r.WriteFile(name); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := ReadFile(name); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(filepath.Dir(name)); len(list) != 1 {
		t.Errorf("%d files are there", len(list))
	}
	if err := r.Write(failing{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("to a full disk: %v", err)
	}
	if err := r.WriteFile(filepath.Join(t.TempDir(), "none", "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(filepath.Join(folder, "taken")); err == nil {
		t.Error("a directory was replaced")
	}
	if list, _ := os.ReadDir(folder); len(list) != 1 {
		t.Errorf("something was left behind: %v", list)
	}
}

// A device, a FIFO or a link to either is not replaced: that would be the end of /dev/null.
func TestWriteFileReplacesFilesAlone(t *testing.T) {
	folder := t.TempDir()
	fifo, link := filepath.Join(folder, "fifo"), filepath.Join(folder, "link")
	if err := errors.Join(unix.Mkfifo(fifo, 0o600), os.Symlink("/dev/stdout", link)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fifo, link} {
		before, _ := os.Lstat(name)
		if err := fixture().WriteFile(name); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.Lstat(name); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s was replaced: %v", name, err)
		}
	}
}

// A name that something has got while the machine was looked at keeps what it has.
func TestWriteNew(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "a.snap")
	if err := fixture().WriteNew(name); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(name)
	if err := fixture().WriteNew(name); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if after, _ := os.ReadFile(name); !bytes.Equal(before, after) {
		t.Error("what was there is another now")
	}
	if list, _ := os.ReadDir(folder); len(list) != 1 {
		t.Errorf("something was left behind: %v", list)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestTake holds that a record of this machine has everything of the process that takes it.
func TestTake(t *testing.T) {
	r, err := Take(context.Background(), Options{Cutaway: "test"})
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(bytes.NewReader(encoded(t, r)), "x")
	if err != nil {
		t.Fatal(err)
	}
	p := back.Snapshot.ByPID(os.Getpid())
	if p == nil || back.Self != os.Getpid() || back.Uptime == 0 || back.BootID == "" || p.CPU < 0 {
		t.Fatalf("this process is %+v in %+v", p, back.Header)
	}
	d, err := back.ReadParts(context.Background(), back.Snapshot, p.ID, 0)
	if err != nil || !d.Environ.OK() || d.Cgroup == nil && p.Facts.Cgroup.OK() {
		t.Errorf("its detail is %+v, %v", d, err)
	}
	host := compare.Host(back.Snapshot, back.Self)
	if d, _ := back.ReadParts(context.Background(), back.Snapshot, host.ID, 0); !d.Mounts.OK() {
		t.Errorf("the host's mounts: %v", d.Mounts.How)
	}
	if v, _ := back.Inside(context.Background(), inside.Target{PID: host.PID, Start: host.Start}); v == nil || !v.Hostname.OK() {
		t.Errorf("the host from inside: %+v", v)
	}
}

// FuzzRead holds that no text makes a reader crash, and that what is accepted can be shown: trees, shares,
// sources and comparisons come to an end. The fuzzer changes the text, since it would never get past the checksum.
func FuzzRead(f *testing.F) {
	file := encoded(f, fixture())
	f.Add([]byte(plain(f, file)))
	if r, err := Take(context.Background(), Options{Cutaway: "test"}); err == nil { // a few processes: a fuzzer gets nowhere with megabytes
		r = New("test", inspect.Assemble(r.Snapshot.Host, slices.Clone(r.Snapshot.Procs[:min(3, len(r.Snapshot.Procs))]), nil), nil)
		f.Add([]byte(plain(f, encoded(f, r))))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := readText(bytes.NewReader(text), most)
		if err != nil {
			return
		}
		use(t, r)
		var first, second bytes.Buffer
		r.write(&writer{w: &first})
		again, err := readText(bytes.NewReader(first.Bytes()), most)
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		again.write(&writer{w: &second})
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatal("what was read is written otherwise the second time")
		}
	})
}

// FuzzReadRaw is FuzzRead of the compressed bytes.
func FuzzReadRaw(f *testing.F) {
	f.Add(encoded(f, fixture()))
	f.Fuzz(func(t *testing.T, file []byte) {
		if r, err := Read(bytes.NewReader(file), "x"); err == nil {
			use(t, r)
		}
	})
}

// use does with a record what screens and commands do.
func use(t *testing.T, r *Record) {
	ctx, s := context.Background(), r.Snapshot
	for g := range inspect.Grouping(inspect.Groupings) {
		inspect.Tree(s, g, inspect.TreeOptions{})
	}
	var sides []*compare.Side
	for i := range s.Procs {
		p := &s.Procs[i]
		d, err := r.ReadParts(ctx, s, p.ID, inspect.AllParts)
		if err != nil {
			t.Fatal(err)
		}
		s.Fingerprint(p.Facts.NS)
		for _, field := range inspect.Fields() {
			s.Source(p, d, field)
		}
		side, err := compare.Look(ctx, s, r, r.Inside, p, p.Container)
		if err != nil {
			t.Fatal(err)
		}
		if sides = append(sides, side); len(sides) == 4 {
			break
		}
	}
	for _, side := range sides {
		compare.Compare(sides[0], side)
	}
}
