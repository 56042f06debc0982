package sandbox

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"cutaway/inspect/proc"
	"cutaway/sandbox/limit"
)

// mountReader makes a Spec's mounts of a process's.
type mountReader struct {
	*files
	root     *heldFile // its root directory
	same     bool      // that is ours
	overlaid bool      // it is an overlay over ours
	readOnly bool
	theirs   []proc.Mount
	ours     *places

	hierarchies map[string]bool     // directories that hierarchies of cgroups stand in together
	masks       int                 // below /proc
	others      map[string][]string // mount points that a Spec cannot say, by why
}

func (r *mountReader) mark(field string, known bool, format string, args ...any) {
	r.files.marks = append(r.files.marks, Mark{field, known, fmt.Sprintf(format, args...)})
}

// read goes through the mounts of a namespace of its own, by their places: mountinfo has them in the order in which they were made,
// which need not be the one in which they were put there (move_mount(2)).
func (r *mountReader) read(link string) {
	r.others, r.hierarchies = map[string][]string{}, holdCgroups(r.theirs)
	slices.SortStableFunc(r.theirs, func(a, b proc.Mount) int { return strings.Compare(a.MountPoint, b.MountPoint) })
	r.ownRoot(link)
	for i := range r.theirs {
		m := &r.theirs[i]
		if m.MountPoint == "/" || (r.same || r.overlaid) && r.ours.has(m) || r.overlaid && isHostOverlay(m) {
			continue
		}
		at, err := r.root.below(m.MountPoint)
		if err != nil {
			r.other("cannot be looked at", m)
			continue
		}
		if at.mount == 0 || at.mount == uint64(m.ID) { // else another mount covers it
			r.add(m, at)
		}
		at.close()
	}
	if r.files.proc == ProcNew && r.masks == 0 {
		r.files.proc = ProcUnmasked
	}
	r.dropReplaceable()
	if len(r.files.mounts) > maxMounts {
		r.mark("mounts", true, "without the last %d: a Spec has %d at most", len(r.files.mounts)-maxMounts, maxMounts)
		r.files.mounts = r.files.mounts[:maxMounts]
	}
	shared := 0
	for _, m := range r.files.mounts {
		if m.Kind == BindRW {
			shared++
		}
	}
	if shared > 0 {
		r.mark("mounts", true, "%d of the places that can be written are the process's too: what is written there, it sees", shared)
	}
	for _, why := range slices.Sorted(maps.Keys(r.others)) {
		r.mark("mounts", true, "without %s, which %s", few(r.others[why]), why)
	}
}

// other counts a mount that is left out.
func (r *mountReader) other(why string, m *proc.Mount) {
	r.others[why] = append(r.others[why], m.MountPoint)
}

// add takes a mount of the process's own.
func (r *mountReader) add(m *proc.Mount, at *heldFile) {
	switch point := m.MountPoint; {
	case !absolute(point) || !utf8.ValidString(point):
		r.other("have names that a Spec cannot hold", m)
	case m.FSType == "cgroup" || m.FSType == "cgroup2" || m.FSType == "tmpfs" && r.hierarchies[point]:
		r.cgroups(m)
	case point == "/proc" && m.FSType == "proc" && m.Root == "/":
		r.files.proc = ProcNew
	case m.FSType == "sysfs" && (point == "/sys" || isBelow(point, "/sys")): // systemd-nspawn mounts it in parts
		r.files.sys = SysNew
	case point == "/sys" && m.FSType == "tmpfs":
		r.files.sys = SysEmpty
	case point == "/dev" && m.FSType == "tmpfs" && len(r.ours.find(m)) == 0:
		r.files.dev = DevMinimal
	case isBelow(point, "/proc") && r.files.proc == ProcNew:
		r.masks++
	case isBelow(point, "/sys") && r.files.sys == SysNew: // masked, as a new one is
	case m.FSType == "mqueue":
		r.files.mounts = append(r.files.mounts, Mount{Kind: MQueue, Target: point})
	case isBelow(point, "/dev") && r.files.dev == DevMinimal && r.isUsualDevice(m, at):
	case r.isMask(m):
		r.hide(m)
	default:
		r.generic(m, at)
	}
}

func isBelow(point, dir string) bool { return strings.HasPrefix(point, dir+"/") }

// holdCgroups are the directories that hierarchies of cgroups stand in together.
func holdCgroups(mounts []proc.Mount) map[string]bool {
	dirs := map[string]bool{}
	for i := range mounts {
		if m := &mounts[i]; m.FSType == "cgroup" || m.FSType == "cgroup2" {
			dirs[path.Dir(m.MountPoint)] = true
		}
	}
	return dirs
}

// cgroups takes all hierarchies as one mount: on version 1 where they stand together, whose own comes before theirs.
func (r *mountReader) cgroups(m *proc.Mount) {
	there := slices.IndexFunc(r.files.mounts, func(o Mount) bool { return o.Kind == CgroupFS })
	switch {
	case there >= 0 && isBelow(m.MountPoint, r.files.mounts[there].Target):
	case there >= 0:
		r.other("show cgroups in another place", m)
	default:
		r.files.mounts = append(r.files.mounts, Mount{Kind: CgroupFS, Target: m.MountPoint})
		if m.FSType != "tmpfs" && !isReadOnly(m) {
			r.mark("mounts", true, "the cgroups in %s read-only: it can write to them", plainName(m.MountPoint))
		}
	}
}

// usualShm is the size of /dev/shm in a /dev of a sandbox's own.
const usualShm = 64 << 20

// isUsualDevice tells whether a mount in a /dev of its own is there in ours too.
func (r *mountReader) isUsualDevice(m *proc.Mount, at *heldFile) bool {
	switch m.MountPoint {
	case "/dev/pts", "/dev/console", "/dev/ptmx":
		return m.FSType == "devpts" || at.isDevice()
	case "/dev/shm":
		return m.FSType == "tmpfs" && m.Root == "/" && sizeOf(m) == usualShm
	case "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty":
		return at.isDevice()
	}
	return false
}

// isMask tells whether a mount covers something with nothing: an empty, read-only file system in memory, or the null device.
func (r *mountReader) isMask(m *proc.Mount) bool {
	if m.Root == "/null" {
		return true
	}
	mode, _ := m.SuperOption("mode")
	return m.FSType == "tmpfs" && m.Root == "/" && isReadOnly(m) && (mode == "0" || mode == "000" || sizeOf(m) == 4096)
}

// hide takes a mask; only the host's root has a field for them.
func (r *mountReader) hide(m *proc.Mount) {
	if r.files.root.Kind == RootHost || r.files.root.Kind == RootOverlay {
		r.files.root.Hide = append(r.files.root.Hide, m.MountPoint)
		return
	}
	r.other("it covers with nothing", m)
}

// generic takes what is mounted from the host, and new file systems in memory.
func (r *mountReader) generic(m *proc.Mount, at *heldFile) {
	point := m.MountPoint
	for _, place := range r.ours.find(m) {
		if !at.isAt(place) {
			continue
		}
		switch {
		case !utf8.ValidString(place):
			r.other("have names that a Spec cannot hold", m)
		case r.overlaid && place == point && isReadOnly(m): // as an overlay has what is mounted below
		case isReadOnly(m):
			r.files.mounts = append(r.files.mounts, Mount{Kind: BindRO, Source: place, Target: point, Dev: at.isDevice()})
		default:
			r.files.mounts = append(r.files.mounts, Mount{Kind: BindRW, Source: place, Target: point, Dev: at.isDevice()})
		}
		return
	}
	switch {
	case m.FSType != "tmpfs" || m.Root != "/":
		r.other("are of file systems that are not mounted here ("+plainName(m.FSType)+")", m)
	case isReadOnly(m):
		r.other("are read-only in memory, with what is not known in them", m)
	case r.files.root.Kind == RootHost && sizeOf(m) == 0:
		r.files.root.Tmp = append(r.files.root.Tmp, point)
	case r.overlaid && (point == "/run" || point == "/tmp") && sizeOf(m) == 0: // an overlay has them anyway
	default:
		r.files.mounts = append(r.files.mounts, Mount{Kind: TmpFS, Target: point, Size: sizeOf(m)})
	}
}

// dropReplaceable leaves out what is mounted from below a place that the process can write to: it could replace it there by a link to
// anything of the host's.
func (r *mountReader) dropReplaceable() {
	var own []string
	if r.files.root.Kind == RootDir && r.files.root.Writable {
		own = append(own, r.files.root.Path)
	}
	for _, m := range r.files.mounts {
		if m.Kind == BindRW {
			own = append(own, m.Source)
		}
	}
	r.files.mounts = slices.DeleteFunc(r.files.mounts, func(m Mount) bool {
		replaceable := slices.ContainsFunc(own, func(dir string) bool { return isBelow(m.Source, dir) })
		if replaceable {
			r.other("are from places where it can put anything in their stead", &proc.Mount{MountPoint: m.Target})
		}
		return replaceable
	})
}

// sizeOf is a tmpfs's size in bytes; 0 when it was not given.
func sizeOf(m *proc.Mount) int64 {
	text, ok := m.SuperOption("size")
	if !ok {
		return 0
	}
	n, err := limit.ParseBytes(text)
	if err != nil || n < 0 {
		return 0
	}
	return int64(n)
}

// fitToHost leaves out what has no place in the host's files, which stand in for the process's.
func (r *mountReader) fitToHost() {
	top, err := hostTop("/")
	if err != nil {
		top = nil
	}
	var gone []string
	r.files.mounts = slices.DeleteFunc(r.files.mounts, func(m Mount) bool {
		if m.Kind == CgroupFS || m.Kind == MQueue || r.fits(m, top) {
			return false
		}
		gone = append(gone, m.Target)
		return true
	})
	if len(gone) > 0 {
		r.mark("mounts", true, "without %s, for which the host's files have no place", few(gone))
	}
}

// fits tells whether a mount has a place in the host's files, or one can be made.
func (r *mountReader) fits(m Mount, top []topEntry) bool {
	there, err := os.Stat(m.Target)
	if err == nil {
		source, err := os.Stat(m.Source)
		return m.Source == "" && there.IsDir() || err == nil && there.IsDir() == source.IsDir()
	}
	if r.files.root.Kind == RootHost {
		return slices.ContainsFunc(r.files.root.Tmp, func(dir string) bool { return isBelow(m.Target, dir) })
	}
	first, _, nested := strings.Cut(m.Target[1:], "/")
	i := slices.IndexFunc(top, func(e topEntry) bool { return e.name == first })
	return !nested || i < 0 || top[i].link == "" && !top[i].over
}
