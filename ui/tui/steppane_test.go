package tui

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/sandbox"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// stepSizes are those of the pane, and one that has room for before and after.
var stepSizes = append([][2]int{{120, 36}}, paneSizes...)

// courseSteps are the stages of a launch with everything.
func courseSteps() []steps.Step {
	list := []steps.Step{
		{Stage: "clone", Commands: []string{"exec unshare --mount --pid --net --ipc --uts --user --fork --kill-child bash"}},
		{Stage: "maps", Commands: []string{"echo '0 165536 65536' > /proc/8809/uid_map", "echo '0 165536 65536' > /proc/8809/gid_map"}},
		{Stage: "cgroup", Commands: []string{"mkdir /sys/fs/cgroup/cutaway-8809", "echo 64M > /sys/fs/cgroup/cutaway-8809/memory.max"}},
		{Stage: "mounts", Commands: []string{
			"mount --make-rslave /", "mount --bind / /run/r && mount -o remount,ro,bind /run/r",
			"# no command clones a mount: open_tree(2)", "mount -t tmpfs \\\n  -o mode=755 a\x1b[31mb /run/r/tmp",
		}},
	}
	for _, stage := range []sandbox.Stage{
		sandbox.StageProc, sandbox.StageBinds, sandbox.StageRoot, sandbox.StageHostname, sandbox.StageNetwork, sandbox.StageNetwork,
		sandbox.StageRlimits, sandbox.StageCapabilities, sandbox.StageNoNewPrivs, sandbox.StageSeccomp, sandbox.StageExec,
	} {
		list = append(list, steps.Step{Stage: string(stage), Commands: []string{"# " + string(stage)}})
	}
	return list
}

// courseChanges are what the first four stages changed.
func courseChanges() [][]steps.Change {
	all := uint64(caps.UpTo(40))
	view := func() steps.View {
		v := steps.View{PID: 8809, Comm: "cutaway-init", Root: "/", Unread: map[string]error{}}
		for link := range v.Namespaces {
			v.Namespaces[link] = 4026531830 + uint64(link)
		}
		v.Status = proc.Status{
			NSpid: []int{8809}, CapPrm: all, CapEff: all, CapBnd: reading.Value(all), CapAmb: reading.Value[uint64](0),
			NoNewPrivs: reading.Value(false), Seccomp: reading.Value[uint8](0),
		}
		v.UIDMap = []proc.IDMapping{{Count: 4294967295}}
		v.Cgroups = []proc.CgroupLine{{Path: "/user.slice/session-1.scope"}}
		v.Mounts = []proc.Mount{
			{ID: 20, MountPoint: "/", Root: "/", FSType: "ext4", Options: "rw,relatime", Propagation: []string{"shared:1"}},
			{ID: 21, MountPoint: "/proc", Root: "/", FSType: "proc", Options: "rw,nosuid", Propagation: []string{"shared:2"}},
		}
		return v
	}
	begin := view()
	begin.PID = 4000
	cloned := view()
	for _, kind := range []proc.NSKind{proc.Mnt, proc.PID, proc.User} {
		cloned.Namespaces[kind] = 4026533000 + uint64(kind)
	}
	cloned.Namespaces[proc.PIDForChildren] = cloned.Namespaces[proc.PID]
	cloned.Status.NSpid = []int{8809, 1}
	mapped := cloned
	mapped.UIDMap = []proc.IDMapping{{Inside: 0, Outside: 165536, Count: 65536}}
	mapped.Status.UID = [4]uint32{165536, 165536, 165536, 165536}
	inGroup := mapped
	inGroup.Cgroups = []proc.CgroupLine{{Path: "/cutaway-8809"}}
	mounted := inGroup
	mounted.Mounts = []proc.Mount{
		{ID: 20, MountPoint: "/", Root: "/", FSType: "ext4", Options: "ro,relatime", Propagation: []string{"master:1"}},
		{ID: 21, MountPoint: "/proc", Root: "/", FSType: "proc", Options: "rw,nosuid", Propagation: []string{"master:2"}},
		{ID: 22, MountPoint: "/tmp/" + evil, Root: "/", FSType: "tmpfs", Options: "rw,nosuid,nodev"},
	}
	mounted.Status.CapBnd, mounted.Status.CapEff, mounted.Status.CapPrm = reading.Value[uint64](0), 0, 0
	var changes [][]steps.Change
	for _, pair := range [][2]steps.View{{begin, cloned}, {cloned, mapped}, {mapped, inGroup}, {inGroup, mounted}} {
		changes = append(changes, steps.Compare(pair[0], pair[1]))
	}
	return changes
}

func TestStepPaneGolden(t *testing.T) {
	first := launchView{steps: courseSteps()}
	middle := launchView{steps: courseSteps(), pid: 8809, present: 4, changes: courseChanges()}
	failed := middle
	failed.present, failed.changes, failed.state = 3, failed.changes[:3], launchFailed
	failed.err = fmt.Errorf("start: %w", &sandbox.LaunchError{
		Stage: sandbox.StageMounts, What: "mount tmpfs", Path: "/run/r/" + evil, Err: syscall.EPERM,
		Advice: "this kernel lets only root mount here; choose another root",
	})
	done := middle
	done.present, done.state, done.runs = len(done.steps), launchDone, "It is PID 8810, bash, below the tiny init, PID 8809; inside it is PID 2."
	for range len(done.steps) - 5 {
		done.changes = append(done.changes, nil)
	}
	done.changes = append(done.changes, []steps.Change{{File: "comm", What: "comm", Old: "cutaway-init", New: "bash", Text: "another program: cutaway-init → bash"}})
	cases := []struct {
		name string
		view launchView
		keys []string
	}{
		{"first", first, nil},
		{"middle", middle, nil},
		{"changes", middle, []string{"left", "G"}},
		{"failed", failed, nil},
		{"done", done, nil},
		{"none", launchView{}, nil},
	}
	for _, c := range cases {
		for _, size := range stepSizes {
			name := fmt.Sprintf("step-%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := newStepPane(newTestLook())
				p.setSize(rect{2, 1, size[0], size[1]}, size[0] != 80)
				p.show(c.view)
				p.view(true)
				keys := p.keys(func(copyText) tea.Cmd { return nil })
				for _, key := range c.keys {
					keys.find(keyPress(key)).do()
				}
				golden(t, name, drawn(t, p.view(true), size[0], size[1]))
			})
		}
	}
}

// The stage that is looked at follows the launch, unless somebody looks at another one.
func TestStepPaneFollows(t *testing.T) {
	p := newStepPane(newTestLook())
	p.setSize(rect{0, 0, 96, 40}, true)
	v := launchView{steps: courseSteps()}
	p.show(v)
	if p.at != 0 || !p.asks() {
		t.Errorf("at first stage %d is looked at, and it asks: %v", p.at, p.asks())
	}
	v.state = launchAtWork
	p.show(v)
	if p.asks() {
		t.Error("it asks while the launch is at work")
	}
	v.present, v.changes, v.state = 2, courseChanges()[:2], launchWaits
	p.show(v)
	if p.at != 2 {
		t.Errorf("it did not follow to the stage 2: %d", p.at)
	}
	p.lookAt(0)
	v.present, v.changes = 3, courseChanges()[:3]
	p.show(v)
	if p.at != 0 {
		t.Errorf("it left the stage that somebody looked at: %d", p.at)
	}
	p.begin()
	p.setLook(look{newTheme(nil), text.ASCII})
	if view := drawn(t, p.view(false), 96, 40); !strings.Contains(view, "no launch is under way") {
		t.Errorf("with no launch it shows:\n%s", view)
	}
	p.show(launchView{steps: courseSteps()[:2], present: 2, state: launchDone})
	if p.at != 1 {
		t.Errorf("of a launch that is done it shows stage %d", p.at)
	}
}

// A command is copied as it is, whatever of it is drawn.
func TestStepPaneCopies(t *testing.T) {
	p := newStepPane(newTestLook())
	p.setSize(rect{0, 0, 58, 34}, true)
	p.show(launchView{steps: courseSteps(), pid: 8809, present: 3, changes: courseChanges()[:3]})
	p.view(true)
	if _, got := p.value(); !strings.Contains(got, "/cutaway-8809") {
		t.Errorf("the change is %q", got)
	}
	p.move(4)
	if _, got := p.value(); got != courseSteps()[3].Commands[3] {
		t.Errorf("the command is %q", got)
	}
	if why := p.noValue(); why != "" {
		t.Error(why)
	}
}

func TestDiffLines(t *testing.T) {
	for _, c := range []struct{ before, after, old, new string }{
		{"000001ffffffffff", "0000000000000000", "- 00000[1ffffffffff]", "+ 00000[00000000000]"},
		{"rw,nosuid", "ro,nosuid", "- r[w],nosuid", "+ r[o],nosuid"},
		{"", "lo", "nothing", "+ [lo]"},
		{"8809", "8809 1", "- 8809[]", "+ 8809[ 1]"},
		{"漢x", "字x", "- [漢]x", "+ [字]x"},
	} {
		old, new := diffLines(c.before, c.after)
		if got := bracketed(old, bad); got != c.old {
			t.Errorf("%q to %q: before is %s, want %s", c.before, c.after, got, c.old)
		}
		if got := bracketed(new, good); got != c.new {
			t.Errorf("%q to %q: after is %s, want %s", c.before, c.after, got, c.new)
		}
	}
}

// bracketed writes a line with its coloured part in brackets.
func bracketed(l line, st style) string {
	if len(l) == 1 {
		return l.text()
	}
	before, marked, after := "", "", ""
	for _, s := range l[1:] {
		switch {
		case s.style == st:
			marked = s.text
		case marked == "" && before == "":
			before = s.text
		default:
			after += s.text
		}
	}
	if marked != "" && len(l) == 3 && l[1].style == st {
		before, after = "", l[2].text
	}
	return l[0].text + before + "[" + marked + "]" + after
}

// The pane never panics and never draws beyond its size, whatever happens.
func TestStepPaneRandom(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := newStepPane(newTestLook())
		keys := p.keys(func(copyText) tea.Cmd { return nil })
		all := courseChanges()
		for range 300 {
			w, h := p.r.w, p.r.h
			switch r.IntN(8) {
			case 0:
				p.setSize(rect{r.IntN(9), r.IntN(9), r.IntN(220), r.IntN(70)}, r.IntN(2) == 0)
			case 1:
				v := launchView{steps: courseSteps()[:r.IntN(15)], pid: r.IntN(3), state: launchState(r.IntN(4)), err: errors.New(evil), runs: evil}
				v.present = r.IntN(len(v.steps) + 1)
				for i := range v.present {
					v.changes = append(v.changes, all[i%len(all)])
				}
				p.show(v)
			case 2:
				p.click(r.IntN(w+9), r.IntN(h+9))
			case 3:
				p.wheel(r.IntN(7) - 3)
			default:
				if found := keys.find(keyPress(everyKey[r.IntN(len(everyKey))])); found != nil && (found.blocked == nil || found.blocked() == "") {
					found.do()
				}
			}
			drawn(t, p.view(r.IntN(2) == 0), p.r.w, p.r.h)
		}
	}
}
