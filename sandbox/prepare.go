package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/sandbox/landlock"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/seccomp"
)

// prepare gathers everything that the plan depends on, before anything is made that would have to be undone.
func (l *launch) prepare() error {
	if err := l.survey(); err != nil {
		return err
	}
	keep, _ := l.spec.Kept()
	exe, err := reexec.Open(l.opts.Exe, l.spec.Init && keep.Has(capSysPtrace))
	if err != nil {
		return failed(StageClone, "open cutaway's own program", "", err)
	}
	l.exe = exe
	if err := l.join(); err != nil {
		return err
	}
	if err := l.unpackRoot(); err != nil {
		return err
	}
	if cgroup2Only() {
		return l.makeGroup()
	}
	return nil
}

// survey gathers what needs looking at and nothing else.
func (l *launch) survey() error {
	s := l.spec
	l.site.env = l.environ()
	l.site.wait = l.opts.Before != nil
	l.site.terminal = l.wantsTerminal()
	l.site.lastCap = lastCap()
	own := ownCapabilities()
	l.site.privileged = s.Namespaces.OtherUser() || own.Has(capSetPCap)
	l.site.sendTrees = s.Namespaces.OtherUser() && os.Geteuid() == 0
	if s.Namespaces.User.IsNew() {
		l.site.uids, l.site.gids = chooseMaps(s)
	}
	if s.Root.Kind == RootOverlay {
		top, err := hostTop("/")
		if err != nil {
			return failed(StageMounts, "list the host's root", "/", err)
		}
		l.site.top = top
	}
	if s.mounts(CgroupFS) {
		h, err := ownHierarchies()
		if err != nil {
			return failed(StageBinds, "find the cgroup hierarchies", "/proc/self/cgroup", err)
		}
		l.site.hierarchies = h
	}
	return nil
}

// environ is the caller's environment.
func (l *launch) environ() []string {
	if l.opts.Environ != nil {
		return l.opts.Environ
	}
	return os.Environ()
}

// wantsTerminal tells whether the command gets a terminal of its own.
func (l *launch) wantsTerminal() bool {
	return l.spec.Terminal == TerminalAlways || l.spec.Terminal == TerminalAuto && l.opts.Interactive
}

// complete gathers the rest, while the first process starts.
func (l *launch) complete() error {
	if l.box.group == nil {
		if err := l.makeGroup(); err != nil {
			return err
		}
	}
	keep, _ := l.spec.Kept()
	filter, err := seccomp.Program(string(l.spec.Seccomp), keep)
	if err != nil {
		return failed(StageSeccomp, "build the filter of system calls", "", err)
	}
	l.site.filter = filter
	return l.landlock()
}

// landlock works out the restriction to paths, for the version of Landlock that this kernel has.
func (l *launch) landlock() error {
	paths := l.spec.Landlock
	if paths == nil {
		return nil
	}
	abi, err := landlock.ABI()
	if err != nil {
		return failed(StageLandlock, "restrict paths", "", err)
	}
	rules, err := landlock.Rules(abi, paths.Read, paths.Write)
	if err != nil {
		return failed(StageLandlock, "restrict paths", "", err)
	}
	l.site.landlock = new(rules.Op())
	for _, gap := range rules.Gaps {
		l.box.Notes = append(l.box.Notes, "Landlock: "+gap)
	}
	return nil
}

// mounts tells whether the Spec asks for a mount of this kind.
func (s *Spec) mounts(kind MountKind) bool {
	return slices.ContainsFunc(s.Mounts, func(m Mount) bool { return m.Kind == kind })
}

// hostTop lists the directories and links of a root directory; plain files have no place in an overlay of directories.
func hostTop(root string) ([]topEntry, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	mounts, err := proc.ParseMountinfo(b)
	if err != nil {
		return nil, err
	}
	var top []topEntry
	for _, e := range entries {
		switch {
		case e.Type()&os.ModeSymlink != 0:
			link, err := os.Readlink(filepath.Join(root, e.Name()))
			if err != nil {
				return nil, err
			}
			top = append(top, topEntry{name: e.Name(), link: link})
		case e.IsDir() && e.Name() != "lost+found":
			below := filepath.Join(root, e.Name()) + "/"
			over := slices.ContainsFunc(mounts, func(m proc.Mount) bool { return strings.HasPrefix(m.MountPoint, below) })
			top = append(top, topEntry{name: e.Name(), over: over})
		}
	}
	return top, nil
}

// ownHierarchies are the cgroup hierarchies that this machine has, from the lines of /proc/self/cgroup (cgroups(7)).
func ownHierarchies() ([]hierarchy, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	lines, err := proc.ParseCgroup(b)
	if err != nil {
		return nil, err
	}
	var list []hierarchy
	for _, line := range lines {
		if line.Hierarchy == 0 {
			list = append(list, hierarchy{kind: "cgroup2", name: "unified"})
			continue
		}
		options := strings.Join(line.Controllers, ",")
		name := strings.TrimPrefix(options, "name=")
		if name != options {
			options = "none," + options
		}
		list = append(list, hierarchy{kind: "cgroup", options: options, name: name})
	}
	return list, nil
}

const (
	capSetUID    caps.Cap = 7
	capSetPCap   caps.Cap = 8
	capSysPtrace caps.Cap = 19
	capSysAdmin  caps.Cap = 21
)

// lastCap is the last capability that this kernel knows.
func lastCap() caps.Cap {
	if last := caps.Last("/proc"); last.State == reading.Known {
		return last.Value
	}
	return caps.LastKnown()
}

// ownCapabilities is our permitted set.
func ownCapabilities() caps.Set {
	b, err := os.ReadFile("/proc/self/status")
	var s proc.Status
	if err != nil || proc.ParseStatus(b, &s) != nil {
		return 0
	}
	return caps.Set(s.CapPrm)
}
