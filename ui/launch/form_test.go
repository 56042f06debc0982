package launch

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/sandbox"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/shell"
)

func preset(t testing.TB, name string) sandbox.Preset {
	t.Helper()
	p, ok := sandbox.PresetNamed(name)
	if !ok {
		t.Fatalf("there is no preset %s", name)
	}
	return p
}

// elsewhere says for each flag that a form has no row for which row says the same.
var elsewhere = map[string]string{
	"new":       "the rows of the namespaces are changed one by one",
	"host":      "the rows of the namespaces are changed one by one",
	"overlay":   "the row root has it as a value",
	"no-mounts": "each row of mounts can be emptied",
	"cap-add":   "the row cap-keep has the whole set",
	"cap-drop":  "the row cap-keep has the whole set",
	"no-limits": "each limit can be set to max",
	"clear-env": "the row env has the whole environment",
	"no-init":   "the row init can be turned off",
	"tty":       "the row terminal has it as a value",
}

// Every flag has a row in the form, or a reason why another says the same.
func TestEveryOptionIsARowOrElsewhere(t *testing.T) {
	inRows := map[string]int{}
	for _, g := range Rows() {
		for _, o := range g.Options {
			inRows[o.Name]++
			if len(o.About) > 71 {
				t.Errorf("the sentence of %s has %d characters: it stands in one line beside the row", o.Name, len(o.About))
			}
			if o.About == "" || o.get == nil || o.set == nil || !o.Typed && len(o.Choices) < 2 {
				t.Errorf("the row %s has no sentence, or its value can be neither seen nor changed", o.Name)
			}
		}
	}
	elsewhere := maps.Clone(elsewhere)
	for _, g := range Groups() {
		for _, o := range g.Options {
			if rows := inRows[o.Name]; rows > 1 || rows == 1 == (elsewhere[o.Name] != "") {
				t.Errorf("%s is in %d rows, and elsewhere: %q", o.Name, rows, elsewhere[o.Name])
			}
			delete(elsewhere, o.Name)
			delete(inRows, o.Name)
		}
	}
	if len(elsewhere) > 0 || len(inRows) != 1 || inRows["command"] != 1 {
		t.Errorf("%v are said of no flag; %v are rows without one", elsewhere, inRows)
	}
}

// samples are values for the rows that take other ones than their choices.
var samples = map[string][]string{
	"command": {"ls -l '/a b'", "/bin/true"}, "workdir": {"/srv"}, "user": {"33:44", "0:0"}, "group-add": {"5 6", "7", ""},
	"env": {"TERM LC_* 'A=b c' B=", "*", ""}, "hostname": {"web", ""},
	"root": {"dir:/srv/x", "tar:/srv/r.tar", "image:/srv/i.tar"}, "image-ref": {"v1", ""}, "tmp": {"/tmp '/a b'", ""}, "hide": {"/etc/ssh", ""},
	"uid-map": {"0:100000:65536", "0:1000:1 1:5000:10", ""}, "gid-map": {"0:100000:65536", ""},
	"boottime": {"86400", "0"}, "monotonic": {"-5", "0"}, "veth": {"10.77.0.1/30,10.77.0.2/30", "10.77.0.1/30,10.77.0.2/30,no-gateway", ""},
	"bind": {"/usr:/mnt '/a b'", ""}, "ro-bind": {"/usr /lib:/x", ""}, "dev-bind": {"/dev/fuse:/dev/fuse:ro /dev/kvm", ""},
	"tmpfs": {"/srv/a:1M /srv/b", ""}, "mqueue": {"/dev/mqueue", ""}, "cgroupfs": {"/sys/fs/cgroup", ""},
	"cap-keep": {"net_raw", "chown,kill"}, "landlock-ro": {"/usr /lib", ""}, "landlock-rw": {"/tmp", ""}, "rlimit": {"nofile=10:20 core=0:0", ""},
	"memory": {"64M", "max"}, "swap": {"0", "max"}, "cpus": {"0.5", "max"}, "pids": {"16", "max"}, "weight": {"50", ""},
	"io": {"8:0,rbps=1M", ""}, "cpuset": {"0-1", ""}, "memset": {"0", ""},
	"mnt": {"process:7"}, "net": {"container:db", "process:42"}, "pid": {"container:db"}, "ipc": {"process:42"}, "uts": {"process:42"},
	"userns": {"process:42"}, "cgroupns": {"process:42"}, "timens": {"process:42"},
}

// Every row takes its values, shows them as they were given, and goes back.
func TestRowsChangeAndReset(t *testing.T) {
	for _, g := range Rows() {
		for _, o := range g.Options {
			values := samples[o.Name]
			if o.Typed == (values == nil) {
				t.Errorf("%s: samples are for rows that are typed", o.Name)
			}
			for _, value := range append(slices.Clone(o.Choices), values...) {
				f := NewForm(preset(t, "isolated"))
				before, _, _ := f.Spec()
				if err := f.Set(o, value); err != nil {
					t.Errorf("%s: %v", o.Name, err)
					continue
				}
				if got := f.Value(o); got != value {
					t.Errorf("%s is %q after it was set to %q", o.Name, got, value)
				}
				if f.Changed(o) == (value == f.Was(o)) {
					t.Errorf("%s: changed is %v with %q, which was %q", o.Name, f.Changed(o), value, f.Was(o))
				}
				f.Reset(o)
				if after, _, _ := f.Spec(); cmp.Diff(before, after) != "" || f.Changed(o) || f.Differs(o) {
					t.Errorf("%s: after the reset\n%s", o.Name, cmp.Diff(before, after))
				}
			}
			for _, value := range o.Choices {
				f := NewForm(preset(t, "isolated"))
				_ = f.Set(o, value)
				f.Turn(o, 1)
				if f.Value(o) == value {
					t.Errorf("%s stays %s", o.Name, value)
				}
				if f.Turn(o, -1); f.Value(o) != value {
					t.Errorf("%s goes on and back, and is %q, not %q", o.Name, f.Value(o), value)
				}
			}
		}
	}
}

func TestFormRefuses(t *testing.T) {
	for name, c := range map[string][2]string{
		"root ": {"dir:", "there is no path"}, "command": {"", "name a program"}, "env": {"'A=b", "not closed"}, "group-add": {"wheel", "not a number"}, "seccomp": {"none", "docker, strict, off"},
		"net": {"container:", "container:NAME"}, "uid-map": {"0:1", "INSIDE"}, "root": {"/no/such/place", "docker save"}, "memory": {"1X", "no size"},
		"tmp": {"/a 'b", "not closed"}, "io": {"8:0", "I/O limit"}, "bind": {":/x", "no SRC"}, "init": {"maybe", "false, true"}, "cap-keep": {"net_rew", "did you mean"},
	} {
		f := NewForm(preset(t, "isolated"))
		o := Named(strings.TrimSpace(name))
		before := f.Value(o)
		if err := f.Set(o, c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s=%s: %v, which does not say %q", name, c[0], err, c[1])
		}
		if f.Value(o) != before || f.Changed(o) {
			t.Errorf("%s is %q after a value was refused", name, f.Value(o))
		}
	}
}

// What follows from a change is seen in the other rows, and goes with it.
func TestFormFollows(t *testing.T) {
	f := NewForm(preset(t, "isolated"))
	uts, hostname := Named("uts"), Named("hostname")
	f.Turn(uts, 1)
	if f.Value(hostname) != "" || f.Changed(hostname) || !f.Differs(hostname) {
		t.Errorf("with the host's uts namespace the name is %q", f.Value(hostname))
	}
	f.Reset(uts)
	if f.Value(hostname) != "sandbox" {
		t.Errorf("after the reset the name is %q", f.Value(hostname))
	}
	f = NewForm(preset(t, "cgroup"))
	if err := f.Set(hostname, "box"); err != nil {
		t.Fatal(err)
	}
	if _, notes, err := f.Spec(); f.Value(uts) != "new" || err != nil || !strings.Contains(strings.Join(notes, "\n"), "a new uts namespace too") {
		t.Errorf("with a name the uts namespace is %s, notes %q, %v", f.Value(uts), notes, err)
	}
}

// The command stays when another preset is chosen; that of a Spec takes its place.
func TestFormBeginsAnew(t *testing.T) {
	f := NewForm(preset(t, "isolated"))
	command, net := Named("command"), Named("net")
	if err := f.Set(command, "/bin/true"); err != nil {
		t.Fatal(err)
	}
	f.Turn(net, 1)
	f.Begin(preset(t, "docker"))
	if f.Value(command) != "/bin/true" || f.Changed(net) {
		t.Errorf("the command is %s, the change of net stayed: %v", f.Value(command), f.Changed(net))
	}
	s := sandbox.Default()
	s.Command = []string{"redis-server"}
	f.BeginAs(&s)
	if f.Value(command) != "redis-server" {
		t.Errorf("the command is %s", f.Value(command))
	}
	if _, ok := f.Preset(); ok {
		t.Error("the preset is still there")
	}
}

// Mounts keep their places when those of one kind are replaced: one may lie on another.
func TestFormKeepsTheOrderOfMounts(t *testing.T) {
	s := sandbox.Default()
	s.Mounts = []sandbox.Mount{
		{Kind: sandbox.BindRO, Source: "/usr", Target: "/usr"},
		{Kind: sandbox.TmpFS, Target: "/usr/share"},
		{Kind: sandbox.BindRO, Source: "/lib", Target: "/usr/share/lib"},
	}
	f := NewForm(preset(t, "isolated"))
	f.BeginAs(&s)
	for value, want := range map[string][]string{
		"/usr /lib:/usr/share/lib": {"/usr", "/usr/share", "/usr/share/lib"},
		"/bin":                     {"/bin", "/usr/share"},
		"":                         {"/usr/share"},
		"/a /b /c":                 {"/a", "/usr/share", "/b", "/c"},
	} {
		if err := f.Set(Named("ro-bind"), value); err != nil {
			t.Fatal(err)
		}
		spec, _, _ := f.Spec()
		var got []string
		for _, m := range spec.Mounts {
			got = append(got, m.Target)
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %q the mounts are %q, want %q", value, got, want)
		}
	}
	if len(s.Mounts) != 3 || s.Mounts[0].Target != "/usr" {
		t.Errorf("the beginning was changed: %v", s.Mounts)
	}
}

// What is wrong with a field is said in a row.
func TestRowOf(t *testing.T) {
	s := sandbox.Default()
	s.Mounts = []sandbox.Mount{{Kind: sandbox.MQueue}, {Kind: sandbox.BindRO, Dev: true}}
	for field, want := range map[string]string{
		"namespaces.user": "userns", "root.kind": "root", "root.switch": "chroot", "mounts[0]": "mqueue", "mounts[1]": "dev-bind", "time": "boottime",
		"capabilities": "cap-keep", "limits.memory": "memory", "network.veth": "veth", "root.new": "root", "uid_map": "uid-map", "mounts": "bind", "mounts[7]": "bind", "mounts[-1]": "bind",
	} {
		if o := RowOf(&s, field); o == nil || o.Name != want {
			t.Errorf("%s is said in the row %v, not %s", field, o, want)
		}
	}
	for _, field := range []string{"limits", "version", "preset"} {
		if o := RowOf(&s, field); o != nil {
			t.Errorf("%s is said in the row %s", field, o.Name)
		}
	}
}

// Whatever is changed in whatever order, the beginning stays as it was, and what rows show makes the same Spec again.
func TestFormAtRandom(t *testing.T) {
	const seed = 5
	r := rand.New(rand.NewPCG(seed, seed))
	var all []*Option
	for _, g := range Rows() {
		all = append(all, g.Options...)
	}
	for range 300 {
		from := sandbox.Default()
		from.Landlock = &sandbox.Landlock{Read: []string{"/usr"}}
		from.Limits.IO = []limit.IO{{Device: "8:0", ReadBPS: 5}}
		untouched := string(from.JSON())
		f := NewForm(sandbox.Presets()[r.IntN(len(sandbox.Presets()))])
		if r.IntN(3) == 0 {
			f.BeginAs(&from)
		}
		for range r.IntN(12) {
			play(f, all[r.IntN(len(all))], r)
		}
		s, _, _ := f.Spec()
		again := NewForm(preset(t, "isolated"))
		if p, ok := f.Preset(); ok {
			again.Begin(p)
		} else {
			again.BeginAs(f.wish.From)
		}
		for _, o := range all {
			if f.Changed(o) {
				if err := again.Set(o, f.Value(o)); err != nil {
					t.Fatalf("%s=%s: %v", o.Name, f.Value(o), err)
				}
			}
		}
		if t2, _, _ := again.Spec(); string(t2.JSON()) != string(s.JSON()) {
			t.Fatalf("with %v\n%s", f.given, cmp.Diff(string(s.JSON()), string(t2.JSON())))
		}
		if string(from.JSON()) != untouched {
			t.Fatalf("%v changed the beginning", f.given)
		}
	}
}

// play does something with a row.
func play(f *Form, o *Option, r *rand.Rand) {
	switch values := samples[o.Name]; r.IntN(4) {
	case 0:
		f.Reset(o)
	case 1:
		f.Turn(o, 1-2*r.IntN(2))
	default:
		if len(values) > 0 {
			_ = f.Set(o, values[r.IntN(len(values))])
		}
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                       nil,
		"  a  b\t":               {"a", "b"},
		`'a b' "c d" e\ f ''`:    {"a b", "c d", "e f", ""},
		`a'b'"c"\d`:              {"abcd"},
		`$'x\012\'\\' $x "\$\a"`: {"x\n'\\", "$x", `$\a`},
		`\`:                      {`\`},
		`$'\400'`:                {"400"},
	} {
		got, err := Words(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is %q %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`'a`, `"a`, `$'a`, `a "b\"`} {
		if got, err := Words(line); err == nil {
			t.Errorf("%s is %q", line, got)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("a b", "it's\n\x1b\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, _, _ = strings.Cut(a, "\x00")
		b, _, _ = strings.Cut(b, "\x00")
		if got, err := Words(shell.Join(a, b)); err != nil || !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q %q came back as %q: %v", a, b, got, err)
		}
		_, _ = Words(a)
	})
}

// What is neither files nor an archive is refused at once: opening a FIFO would wait for a writer.
func TestRootThatIsNoFile(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/null"} {
		if _, _, err := rootKind(path); err == nil || !strings.Contains(err.Error(), "neither a directory nor an archive") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
