package tui

import (
	"fmt"
	"math/rand/v2"
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
	return &box{first: 8809, use: use, ns: ns, kids: []kid{
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
		if k.state == 'Z' {
			p.Threads = 1
		}
		st := p.Facts.Status.Value
		st.CapPrm, st.CapEff, st.CapBnd, st.NoNewPrivs = 0, 0, reading.Value[uint64](0), reading.Value(true)
		pids = append(pids, k.pid)
	}
	if len(pids) > 0 {
		b.contain(engine.Cutaway, "shell-1", "", pids...)
		use := *b.use
		b.usage["shell-1"] = &use
	}
	s := b.snapshot(seq)
	s.Taken = s.Taken.UTC()
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
	d, _ := fakeDetails{}.ReadParts(t.Context(), s, b.id(), inspect.PartMounts)
	d.Mounts = reading.Value(mountsOf(t, boxMountinfo))
	d.Raw["mountinfo"] = reading.Value(boxMountinfo)
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
			b.ns = namespaces(nil)
			b.use = nil
			k := newKernelPane(newTestLook(), kernel{last: 40})
			m := newMachine()
			k.watch(watched{first: inspect.ID{PID: 840, Start: 84000}, title: "shell 2", entered: &inspect.ID{PID: 4242, Start: 424200}})
			s := m.snapshot(1)
			s.Taken = s.Taken.UTC()
			k.show(s, nil)
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

var _ = rand.New
var _ tea.Cmd
