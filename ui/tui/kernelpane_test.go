package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// paneSizes are those that the panes of the sandbox screen have: alone, and beside a terminal in two windows.
var paneSizes = [][2]int{{80, 22}, {58, 34}, {96, 58}}

// box is a machine with a sandbox, which tests change from tick to tick.
type box struct {
	*machine
	first int // the PID of the sandbox's first process
	use   *cgroup.Usage
	ns    *proc.Namespaces
	kids  []kid

	mountinfo string
	guest     bool // a process of the host is in the sandbox's cgroup
	extra     int  // processes of the host
}

// kid is a process of the sandbox.
type kid struct {
	pid, parent, inside int
	cmdline             string
	state               byte
}

const boxCgroup = "/cutaway/shell-1"

// newBox is a sandbox with all that one can have of its own.
func newBox() *box {
	ns := namespaces(from(4026533000, proc.Mnt, proc.Net, proc.PID, proc.IPC, proc.UTS, proc.User, proc.Cgroup))
	use := dbUsage()
	use.Path, use.OOMKills, use.MemoryUsage = boxCgroup, reading.Value[uint64](0), reading.Value[uint64](12<<20)
	use.EffectiveMemory = cgroup.Effective{Limit: limitTo(64 << 20), Path: boxCgroup, File: "/sys/fs/cgroup" + boxCgroup + "/memory.max"}
	return &box{first: 8809, use: use, ns: ns, mountinfo: boxMountinfo, kids: []kid{
		{8809, 1, 1, "cutaway-init", 'S'}, {8810, 8809, 2, "bash -i", 'S'}, {8851, 8810, 20, "head -c 200M /dev/zero", 'R'}, {8852, 8810, 21, "tail", 'R'},
	}}
}

// tick is the snapshot of a moment.
func (b *box) tick(seq uint64) *inspect.Snapshot {
	b.machine = newMachine()
	var pids []int
	for _, k := range b.kids {
		p := b.add(k.pid, k.parent, k.cmdline, 165536, b.ns, boxCgroup, k.inside)
		p.State = k.state
		switch {
		case k.state == 'Z':
			p.Threads, p.RSS = 1, 0
		case k.cmdline == "tail":
			p.RSS = 60 << 20
		}
		st := p.Facts.Status.Value
		st.CapPrm, st.CapEff, st.CapBnd, st.NoNewPrivs = 0, 0, reading.Value[uint64](0), reading.Value(true)
		pids = append(pids, k.pid)
	}
	if len(pids) > 0 {
		b.contain(engine.Cutaway, "shell-1", "", pids...)
		if b.use != nil {
			use := *b.use
			b.usage["shell-1"] = &use
		}
	}
	if b.guest {
		b.add(9999, 1, "guest", 0, b.procs[0].Facts.NS, boxCgroup+"/below", 0)
	}
	for i := range b.extra {
		b.add(20_000+i, 1+i%2, "process --with some", 0, b.procs[0].Facts.NS, "/system.slice/x.service", 0)
	}
	for i := range b.procs { // as root sees it
		if b.procs[i].Comm == "private" {
			b.procs[i].Facts.Cgroup = b.procs[0].Facts.Cgroup
		}
	}
	s := b.snapshot(seq)
	s.Taken = s.Taken.UTC()
	for _, c := range s.Containers {
		if c.Name == "shell-1" && b.use != nil {
			c.Cgroup = s.ByID(b.id()).Facts.Cgroup.Value
		}
	}
	m := []proc.IDMapping{{Inside: 0, Outside: 165536, Count: 65536}}
	s.IDMaps[b.ns.Ino[proc.User]] = inspect.IDMaps{UID: reading.Value(m), GID: reading.Value(m)}
	return s
}

func (b *box) id() inspect.ID { return inspect.ID{PID: b.first, Start: uint64(100 * b.first)} }

const boxMountinfo = `900 800 254:1 / / ro,nosuid,relatime - ext4 /dev/vda1 rw
901 900 0:60 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
902 900 0:61 / /dev rw,nosuid shared:5 - tmpfs tmpfs rw,mode=755
903 902 0:62 / /dev/pts rw,nosuid,noexec master:12 - devpts devpts rw,ptmxmode=666
904 900 254:1 /srv/data /data rw,relatime - ext4 /dev/vda1 rw
905 900 0:63 / /mnt/\033[2Jx\040y ro unbindable - tmpfs a\033]0;title\007 rw
`

const hostMountinfo = `20 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
21 20 0:5 / /proc rw shared:2 - proc proc rw
`

func mountsOf(t testing.TB, mountinfo string) []proc.Mount {
	t.Helper()
	mounts, err := proc.ParseMountinfo([]byte(mountinfo))
	if err != nil {
		t.Fatal(err)
	}
	return mounts
}

// detail is what is read of the first process.
func (b *box) detail(t testing.TB, s *inspect.Snapshot) *inspect.Detail {
	t.Helper()
	d, _ := fakeDetails{}.ReadParts(t.Context(), s, commandOf(s, s.ByID(b.id())).ID, inspect.PartMounts)
	d.Mounts = reading.Value(mountsOf(t, b.mountinfo))
	d.Raw["mountinfo"] = reading.Value(b.mountinfo)
	return d
}

// pane is a pane that has seen the box's ticks up to one.
func (b *box) pane(t testing.TB) *kernelPane {
	t.Helper()
	k := newKernelPane(newTestLook(), kernel{last: 40})
	k.setHostMounts(mountsOf(t, hostMountinfo))
	k.watch(watched{first: b.id(), title: "shell 1 " + evil, started: b.tick(1).Taken.Add(-72 * time.Second)})
	b.show(t, k, 1)
	return k
}

func (b *box) show(t testing.TB, k *kernelPane, seq uint64) {
	t.Helper()
	s := b.tick(seq)
	k.show(s, map[uint32]string{165536: "box"})
	if s.ByID(b.id()) != nil {
		k.take(b.detail(t, s))
	}
}

// drawn is a pane's view as text; it fails when that is not as large as it should be, or holds what a terminal obeys.
func drawn(t testing.TB, lines []string, w, h int) string {
	t.Helper()
	if len(lines) != h {
		t.Fatalf("%d lines in a pane of %dx%d", len(lines), w, h)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		bare := ansi.Strip(l)
		if text.Width(bare) != w {
			t.Fatalf("line %d is %d cells wide in a pane of %dx%d: %q", i, text.Width(bare), w, h, bare)
		}
		if strings.ContainsAny(bare, "\x1b\a\u202e\x00\n") || strings.Contains(l, "\x1b]") {
			t.Fatalf("line %d holds a control character: %q", i, l)
		}
		out[i] = strings.TrimRight(bare, " ")
	}
	return strings.Join(out, "\n") + "\n"
}

// trouble is a sandbox in which memory ran out: the fourth tick found one more kill, and one process less.
func trouble(t testing.TB) (*box, *kernelPane) {
	b := newBox()
	k := b.pane(t)
	b.kids = append(b.kids, kid{8860, 8809, 30, evil + " " + evil, 'D'})
	b.show(t, k, 2)
	b.kids = append(b.kids[:2:2], b.kids[3:]...)
	b.show(t, k, 3)
	b.kids = append(b.kids[:2:2], b.kids[3:]...)
	b.use.OOMKills, b.use.MemoryUsage, b.use.Frozen = reading.Value[uint64](1), reading.Value[uint64](62<<20), reading.Value(true)
	b.show(t, k, 4)
	return b, k
}

func TestKernelPaneGolden(t *testing.T) {
	cases := map[string]func(t *testing.T) *kernelPane{
		"all": func(t *testing.T) *kernelPane { return newBox().pane(t) },
		"shared": func(t *testing.T) *kernelPane {
			b := newBox()
			b.ns, b.use, b.mountinfo = namespaces(nil), nil, hostMountinfo
			for i := range b.kids {
				b.kids[i].inside = 0
			}
			return b.pane(t)
		},
		"entered": func(t *testing.T) *kernelPane {
			b := newBox()
			k := b.pane(t)
			k.watch(watched{first: b.id(), title: "db", entered: &inspect.ID{PID: 4242, Start: 424200}})
			b.ns = namespaces(from(4026532500, proc.Mnt, proc.PID, proc.IPC, proc.UTS))
			b.show(t, k, 2)
			return k
		},
		"trouble": func(t *testing.T) *kernelPane { _, k := trouble(t); return k },
		"ended": func(t *testing.T) *kernelPane {
			b, k := trouble(t)
			k.end(b.tick(5).Taken, "exit 3")
			return k
		},
		"nothing": func(t *testing.T) *kernelPane {
			k := newKernelPane(newTestLook(), kernel{})
			k.watch(watched{first: inspect.ID{PID: 8809, Start: 1}})
			return k
		},
	}
	for name, make := range cases {
		for _, size := range paneSizes {
			name := fmt.Sprintf("kernel-%s-%dx%d", name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				k := make(t)
				k.setSize(rect{3, 1, size[0], size[1]}, size[0] != 80)
				golden(t, name, drawn(t, k.view(true), size[0], size[1]))
			})
		}
	}
}

// The processes of the sandbox are those below the first one and those of its PID namespace, however they are related.
func TestFamily(t *testing.T) {
	b := newBox()
	b.kids = append(b.kids, kid{9000, 1, 40, "daemon", 'S'}, kid{8000, 9000, 41, "older", 'S'})
	k := b.pane(t)
	if got, want := familyText(k), "8809 .8810 ..8851 ..8852 9000 .8000"; got != want {
		t.Errorf("the processes are %s, want %s", got, want)
	}
	b.ns = namespaces(nil)
	k = b.pane(t)
	if got, want := familyText(k), "8809 .8810 ..8851 ..8852"; got != want {
		t.Errorf("in the host's PID namespace the processes are %s, want %s", got, want)
	}
	b.kids[2].parent = 1 // its parent has ended
	b.kids = append(b.kids[:1:1], b.kids[2:]...)
	b.show(t, k, 2)
	if got, want := familyText(k), "8809 .8810! ..8852! 8851"; !strings.Contains(got, "8851") {
		t.Errorf("a process that was given to another parent is lost: %s, want %s", got, want)
	}
}

// familyText writes the tree, a dot for each step down and a mark behind what has ended.
func familyText(k *kernelPane) string {
	var words []string
	for _, m := range k.family.members {
		word := fmt.Sprint(strings.Repeat(".", m.depth), m.proc.PID)
		if m.over() {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// A process that has ended stays for some ticks, and whoever gets its PID is another one.
func TestFamilyOverTime(t *testing.T) {
	b := newBox()
	k := b.pane(t)
	b.kids = b.kids[:3]
	for seq := range uint64(freshTicks) {
		b.show(t, k, seq+2)
		if got, want := familyText(k), "8809 .8810 ..8851 ..8852!"; got != want {
			t.Errorf("%d ticks after its end: %s, want %s", seq, got, want)
		}
	}
	b.show(t, k, freshTicks+2)
	if got, want := familyText(k), "8809 .8810 ..8851"; got != want {
		t.Errorf("at last: %s, want %s", got, want)
	}
	b.show(t, k, freshTicks+2)
	if k.family.ticks != freshTicks+3 {
		t.Errorf("%d ticks were counted", k.family.ticks)
	}
}

// Of thousands that end at once only some stay to be seen.
func TestFamilyGhostsAreFew(t *testing.T) {
	b := newBox()
	for i := range 500 {
		b.kids = append(b.kids, kid{10_000 + i, 8809, 100 + i, "job", 'S'})
	}
	k := b.pane(t)
	b.kids = b.kids[:4]
	b.show(t, k, 2)
	if got := len(k.family.members); got != 4+maxGhosts {
		t.Errorf("%d processes are shown", got)
	}
}

// The kernel's victim is named only when hardly anything else can have happened: another may have come and gone within the tick.
func TestVictim(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *box)
		want   string
	}{
		"one ended, one kill":      {func(b *box) { b.kids, b.use.OOMKills.Value = b.kids[:3], 1 }, "tail 8852"},
		"a zombie, one kill":       {func(b *box) { b.kids[3].state, b.use.OOMKills.Value = 'Z', 1 }, "tail 8852"},
		"two ended, one kill":      {func(b *box) { b.kids, b.use.OOMKills.Value = b.kids[:2], 1 }, "tail 8852"},
		"a small one ended":        {func(b *box) { b.kids, b.use.OOMKills.Value = slices.Delete(b.kids, 2, 3), 1 }, ""},
		"one ended, two kills":     {func(b *box) { b.kids, b.use.OOMKills.Value = b.kids[:3], 2 }, ""},
		"one ended, no kill":       {func(b *box) { b.kids = b.kids[:3] }, ""},
		"nobody ended, one kill":   {func(b *box) { b.use.OOMKills.Value = 1 }, ""},
		"others are in the cgroup": {func(b *box) { b.kids, b.use.OOMKills.Value, b.guest = b.kids[:3], 1, true }, ""},
	} {
		b := newBox()
		k := b.pane(t)
		c.change(b)
		b.show(t, k, 2)
		if k.oom.victim != c.want {
			t.Errorf("%s: the victim is %q, want %q", name, k.oom.victim, c.want)
		}
		if rose := b.use.OOMKills.Value > 0; rose == k.oom.at.IsZero() {
			t.Errorf("%s: the number rose at %v", name, k.oom.at)
		}
	}
}

// What counts is the cgroup of the detail when the sandbox is not known as a container.
func TestKillsOfDetail(t *testing.T) {
	b := newBox()
	k := b.pane(t)
	s := b.tick(2)
	use := *b.use
	s.ByID(b.id()).Container = nil
	d := b.detail(t, s)
	d.Cgroup = &use
	k.show(s, nil)
	k.take(d)
	b.kids = b.kids[:3]
	s = b.tick(3)
	s.ByID(b.id()).Container = nil
	d = b.detail(t, s)
	risen := use
	risen.OOMKills.Value++
	d.Cgroup = &risen
	k.show(s, nil)
	k.take(d)
	if k.oom.victim != "tail 8852" || !k.oom.at.Equal(d.Taken) {
		t.Errorf("the victim is %q at %v", k.oom.victim, k.oom.at)
	}
}

// With the process table alone, as at first, every value says that it was not read yet.
func TestKernelPaneOfTable(t *testing.T) {
	b := newBox()
	s := b.tick(1)
	for i := range s.Procs {
		s.Procs[i].Facts, s.Procs[i].Container = &inspect.Facts{}, nil
	}
	s.Host.Boot = time.Time{}
	k := newKernelPane(newTestLook(), kernel{last: 40})
	k.setLook(look{newTheme(nil), text.ASCII})
	k.setSize(rect{0, 0, 96, 58}, true)
	k.watch(watched{first: b.id()})
	k.show(s, nil)
	view := drawn(t, k.view(false), 96, 58)
	for _, label := range []string{"namespaces", "uid map", "root", "capabilities"} {
		if !strings.Contains(view, fmt.Sprintf("%-14s~", label)) {
			t.Errorf("%s is not marked as not read:\n%s", label, view)
		}
	}
	if strings.ContainsFunc(view, func(r rune) bool { return r > 126 }) {
		t.Errorf("not only ASCII:\n%s", view)
	}
	if got := familyText(k); got != "8809 .8810 ..8851 ..8852" {
		t.Errorf("the processes are %s", got)
	}
}

// What was known last stays when the first process is gone, and a new sandbox begins anew.
func TestKernelPaneEnds(t *testing.T) {
	b := newBox()
	k := b.pane(t)
	k.setSize(rect{0, 0, 96, 58}, true)
	b.kids = nil
	s := b.tick(2)
	k.show(s, nil)
	view := drawn(t, k.view(false), 96, 58)
	for _, want := range []string{"ended " + clock(s.Taken), "cutaway-init", "/mnt/", "12M of 64M"} {
		if !strings.Contains(view, want) {
			t.Errorf("the view does not show %q:\n%s", want, view)
		}
	}
	if _, ok := k.wants(); ok {
		t.Error("it asks for a detail of a process that has ended")
	}
	k.end(s.Taken, "signal 9 (KILL)")
	if view := drawn(t, k.view(false), 96, 58); !strings.Contains(view, "signal 9 (KILL)") {
		t.Errorf("the view does not say how it ended:\n%s", view)
	}
	k.watch(watched{first: inspect.ID{PID: 1, Start: 100}})
	if view := drawn(t, k.view(false), 96, 58); !strings.Contains(view, "reading process 1…") || strings.Contains(view, "cutaway-init") {
		t.Errorf("the next one shows:\n%s", view)
	}
}

// The cursor reaches every section, and every value has a source or says that it has none.
func TestKernelPaneKeys(t *testing.T) {
	b := newBox()
	k := b.pane(t)
	k.setSize(rect{0, 0, 80, 22}, false)
	k.view(true)
	var copied []string
	keys := k.keys(func(c copyText) tea.Cmd { copied = append(copied, c.text); return nil })
	press := func(names ...string) {
		t.Helper()
		for _, name := range names {
			keys.find(keyPress(name)).do()
			drawn(t, k.view(true), 80, 22)
		}
	}
	press("right", "y", "right", "y", "left", "j", "y", "left", "left", "y")
	want := []string{"8809", "/", "8810", "■mnt ■net ■pid ■ipc ■uts ■user ■cgroup ·time"}
	if strings.Join(copied, "|") != strings.Join(want, "|") {
		t.Errorf("y copied %q, want %q", copied, want)
	}
	press(".")
	if view := drawn(t, k.view(true), 80, 22); !strings.Contains(view, "$ ls -l /proc/8810/ns") {
		t.Errorf("the source is not shown:\n%s", view)
	}
	press("right", "right", "j")
	if view := drawn(t, k.view(true), 80, 22); !strings.Contains(view, "901 900 0:60 / /proc") {
		t.Errorf("the source of a mount is not its line:\n%s", view)
	}
	if mask := k.mask(); mask != "" || k.noCommand() != "" {
		t.Errorf("the mount has the mask %q, and: %s", mask, k.noCommand())
	}
	press(".")
	if view := drawn(t, k.view(true), 80, 22); strings.Contains(view, "901 900 0:60 / /proc") {
		t.Errorf("the source did not go:\n%s", view)
	}
	for i := range k.rows {
		if r := k.at(i); !r.head && r.source == nil && r.field == "" {
			t.Errorf("the value %q has no source", r.label)
		}
	}
}

// The pane never panics and never draws beyond its size, whatever happens.
func TestKernelPaneRandom(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := newBox()
		k := b.pane(t)
		keys := k.keys(func(copyText) tea.Cmd { return nil })
		seq := uint64(1)
		for range 300 {
			w, h := k.r.w, k.r.h
			switch r.IntN(8) {
			case 0:
				w, h = r.IntN(220), r.IntN(70)
				k.setSize(rect{r.IntN(9), r.IntN(9), w, h}, r.IntN(2) == 0)
			case 1:
				seq++
				b.kids = b.kids[:1+r.IntN(len(b.kids))]
				for range r.IntN(4) {
					pid := 8900 + r.IntN(40)
					if slices.ContainsFunc(b.kids, func(k kid) bool { return k.pid == pid }) {
						continue
					}
					b.kids = append(b.kids, kid{pid, b.kids[r.IntN(len(b.kids))].pid, pid - 8800, evil + " 漢字 " + evil, "SRZ"[r.IntN(3)]})
				}
				b.use.OOMKills.Value += uint64(r.IntN(2))
				b.show(t, k, seq)
			case 2:
				k.click(r.IntN(w+9), r.IntN(h+9))
			case 3:
				k.wheel(r.IntN(7) - 3)
			default:
				if found := keys.find(keyPress(everyKey[r.IntN(len(everyKey))])); found != nil && (found.blocked == nil || found.blocked() == "") {
					found.do()
				}
			}
			drawn(t, k.view(r.IntN(2) == 0), k.r.w, k.r.h)
		}
	}
}

// BenchmarkKernelPane is a tick of a sandbox on a machine of 2,100 processes, which all are the sandbox's or all but four
// are not.
func BenchmarkKernelPane(b *testing.B) {
	for _, all := range []bool{false, true} {
		b.Run(fmt.Sprintf("all=%v", all), func(b *testing.B) {
			box := newBox()
			snaps := make([]*inspect.Snapshot, 2)
			for i := range snaps {
				snaps[i] = box.crowd(2100, all, uint64(i+1))
			}
			k := box.pane(b)
			k.setSize(rect{0, 0, 96, 58}, true)
			details := []*inspect.Detail{box.detail(b, snaps[0]), box.detail(b, snaps[1])}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k.show(snaps[i%2], nil)
				k.take(details[i%2])
				k.view(true)
			}
		})
	}
}

// crowd is a tick with many more processes, in the sandbox or beside it.
func (b *box) crowd(n int, inside bool, seq uint64) *inspect.Snapshot {
	before := b.kids
	defer func() { b.kids = before }()
	b.extra = 0
	if !inside {
		b.extra = n
		return b.tick(seq)
	}
	for i := range n {
		b.kids = append(b.kids, kid{10_000 + i, 8809 + i%2, 100 + i, "job --number 1", 'S'})
	}
	return b.tick(seq)
}
