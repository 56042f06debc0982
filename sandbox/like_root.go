package sandbox

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"cutaway/inspect/aside"
	"cutaway/inspect/proc"
)

// files are what the process's root directory and mounts are, as a Spec has them.
type files struct {
	root    Root
	proc    Proc
	sys     Sys
	dev     Dev
	mounts  []Mount
	marks   []Mark
	standIn bool
}

// files describes the root directory and the mounts. It looks at files below the process's root, whose file systems may hang.
func (p *portrait) files() {
	s := &p.Spec
	found, err := aside.InTime(likePatience, func() (*files, error) { return p.readFiles() })
	if err != nil {
		standIn := p.standInRoot(false)
		found = &standIn
		found.marks = []Mark{{"root", false, "the host's files: which root it has is not told: " + because(err)}}
	}
	s.Root, s.Proc, s.Sys, s.Dev, s.Mounts = found.root, found.proc, found.sys, found.dev, found.mounts
	p.Marks = append(p.Marks, found.marks...)
	p.standIn = found.standIn
}

// readFiles reads only what does not change meanwhile of the portrait: it may be left behind.
func (p *portrait) readFiles() (*files, error) {
	root, err := holdFile(unix.AT_FDCWD, p.dir+"/root", nil)
	if err != nil {
		return nil, err
	}
	defer root.close()
	ours, err := holdFile(unix.AT_FDCWD, "/", nil)
	if err != nil {
		return nil, err
	}
	defer ours.close()
	for _, view := range []map[string]error{p.them.Unread, p.us.Unread} {
		if err := view["mountinfo"]; err != nil && p.Spec.Namespaces.Mnt.IsNew() {
			return nil, err
		}
	}
	r := &mountReader{
		root: root, same: root.same(ours), theirs: slices.Clone(p.them.Mounts), ours: placesOf(p.us.Mounts),
		files: &files{root: Root{Kind: RootKeep, Switch: PivotRoot}, proc: ProcKeep, sys: SysKeep, dev: DevKeep},
	}
	switch {
	case !p.Spec.Namespaces.Mnt.IsNew() && r.same:
		return r.files, nil
	case !p.Spec.Namespaces.Mnt.IsNew():
		r.bareChroot(p.them.Root)
		return r.files, nil
	}
	r.read(p.them.Root)
	if r.standIn {
		stand := p.standInRoot(!r.readOnly)
		r.files.root = stand.root
		r.fitToHost()
	}
	return r.files, nil
}

// standInRoot is the host's root for one that cannot be had: what is written goes to memory, where the process can write to its own.
func (p *portrait) standInRoot(writable bool) files {
	if !p.Spec.Namespaces.Mnt.IsNew() {
		return files{root: Root{Kind: RootKeep, Switch: PivotRoot}, proc: ProcKeep, sys: SysKeep, dev: DevKeep, standIn: true}
	}
	d := Default()
	f := files{root: d.Root, proc: d.Proc, sys: d.Sys, dev: d.Dev, standIn: true}
	if writable {
		f.root.Kind, f.root.Tmp = RootOverlay, nil
	}
	return f
}

// bareChroot is a root directory of a process that has our mounts: its link is where it is (proc_pid_root(5)).
func (r *mountReader) bareChroot(link string) {
	r.files.root = Root{Kind: RootDir, Path: link, Writable: true, Switch: Chroot}
	if !utf8.ValidString(link) || !r.root.isAt(link) {
		r.files.root = Root{Kind: RootKeep, Switch: PivotRoot}
		r.standIn = true
		r.mark("root", true, "the host's root: the directory %s, its own, cannot be reached by that name", plainName(link))
	}
}

// ownRoot finds the root directory's place on the host. link is where /proc/PID/root leads: within the root of its mounts.
func (r *mountReader) ownRoot(link string) {
	at := r.rootMount()
	r.readOnly = at != nil && isReadOnly(at)
	switch {
	case r.same && at != nil && r.readOnly && !r.ours.readOnlyRoot():
		r.files.root = Root{Kind: RootHost, Switch: PivotRoot}
		return
	case r.same:
		return
	case at != nil && r.overlaysHost(at):
		r.files.root = Root{Kind: RootOverlay, Switch: PivotRoot}
		r.overlaid = true
		return
	}
	for _, place := range r.rootPlaces(at, link) {
		if utf8.ValidString(place) && r.root.isAt(place) {
			r.files.root = Root{Kind: RootDir, Path: place, Writable: !r.readOnly, Switch: PivotRoot}
			if link != "/" && at == nil {
				r.files.root.Switch = Chroot
			}
			return
		}
	}
	r.standIn = true
	kind := "a directory that has no name"
	if at != nil {
		kind = "a file system (" + plainName(at.FSType) + ") that is not mounted"
	}
	r.mark("root", true, "the host's files: its own root is in %s here; of a container `docker export NAME > x.tar` has the files, and --root x.tar takes them", kind)
}

// rootMount is the mount that the root directory is the top of; nil when it is a directory within one.
func (r *mountReader) rootMount() *proc.Mount {
	var last *proc.Mount
	for i := range r.theirs {
		m := &r.theirs[i]
		if m.MountPoint != "/" {
			continue
		}
		if r.root.mount != 0 && uint64(m.ID) == r.root.mount {
			return m
		}
		last = m
	}
	return last
}

// rootPlaces are where the root directory may be on the host.
func (r *mountReader) rootPlaces(at *proc.Mount, link string) []string {
	var list []string
	if at != nil {
		list = r.ours.find(at)
	}
	if link != "/" && absolute(link) {
		list = append(list, link)
	}
	return list
}

// overlaysHost tells whether a root in memory has an overlay over each of the host's directories, as the kind overlay makes it.
func (r *mountReader) overlaysHost(at *proc.Mount) bool {
	if at.FSType != "tmpfs" {
		return false
	}
	for i := range r.theirs {
		if isHostOverlay(&r.theirs[i]) {
			return true
		}
	}
	return false
}

// isHostOverlay tells whether a mount is an overlay over the host's directory of that name. The bottom layer alone is named as it is;
// the paths are the mounter's.
func isHostOverlay(m *proc.Mount) bool {
	o, ok := m.Overlay()
	return ok && len(o.Lower) == 1 && o.Lower[0] == m.MountPoint && path.Dir(m.MountPoint) == "/"
}

func isReadOnly(m *proc.Mount) bool {
	_, super := m.SuperOption("ro")
	return super || hasOption(m, "ro")
}

func hasOption(m *proc.Mount, name string) bool {
	for o := range strings.SplitSeq(m.Options, ",") {
		if o == name {
			return true
		}
	}
	return false
}
