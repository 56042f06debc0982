package sandbox

import (
	"fmt"
	"slices"
)

func checkRoot(s *Spec) (errs []error) {
	r := &s.Root
	newMounts := s.Namespaces.Mnt.IsNew()
	if _, joined := s.Namespaces.Mnt.Joined(); joined && r.Kind != RootKeep {
		return wrong("root", "keep it, or make a new mnt namespace", "a joined mnt namespace brings its own")
	}
	switch r.Kind {
	case RootKeep:
		if r.Switch == Chroot {
			errs = append(errs, wrong("root.switch", "name a root to change to: a directory, a tar or an image", "there is no new root to chroot to")...)
		}
	case RootHost, RootOverlay:
		if !newMounts {
			errs = append(errs, wrong("root", "make a new mnt namespace too", "%s needs mounts of its own", r.Kind)...)
		}
	case RootDir, RootTar, RootImage:
		if !absolute(r.Path) {
			errs = append(errs, wrong("root.path", "name the directory or archive by its absolute path", "%s is none", clip(r.Path))...)
		}
		if !newMounts {
			errs = append(errs, checkBareChroot(r)...)
		}
	default:
		errs = append(errs, notOneOf("root.kind", r.Kind, RootKeep, RootHost, RootOverlay, RootDir, RootTar, RootImage)...)
	}
	if r.Path != "" && !r.unpacked() && r.Kind != RootDir {
		errs = append(errs, wrong("root.path", "say the kind dir, tar or image, or leave it empty", "means nothing for %s", r.Kind)...)
	}
	if r.Ref != "" && r.Kind != RootImage || len(r.Ref) > maxPath {
		errs = append(errs, wrong("root.ref", "", "%s chooses none of an image's manifests", clip(r.Ref))...)
	}
	if r.Writable && !r.unpacked() && r.Kind != RootDir {
		errs = append(errs, wrong("root.writable", "take the kind overlay, whose writes are thrown away", "the host's root is not made writable")...)
	}
	return append(errs, notOneOf("root.switch", r.Switch, PivotRoot, Chroot)...)
}

// unpacked tells whether the root is taken out of an archive, and kept in the cache.
func (r *Root) unpacked() bool { return r.Kind == RootTar || r.Kind == RootImage }

// checkBareChroot looks at a new root without a mount namespace of its own, where nothing can be mounted: neither made
// read-only nor covered by a throw-away layer.
func checkBareChroot(r *Root) []error {
	switch {
	case r.Switch != Chroot:
		return wrong("root.switch", "make a new mnt namespace too, or take chroot", "pivot_root would change the root of everybody")
	case r.unpacked():
		return wrong("root", "make a new mnt namespace too", "what is written would go to the cache of unpacked roots")
	case !r.Writable:
		return wrong("root.writable", "make a new mnt namespace too, or say that it is writable", "a directory cannot be read-only for a chroot alone")
	}
	return nil
}

// checkRootLists looks at what of the host's root is replaced or hidden.
func checkRootLists(s *Spec) (errs []error) {
	r := &s.Root
	for _, l := range []struct {
		field string
		paths []string
		kinds []RootKind
	}{
		{"root.tmp", r.Tmp, []RootKind{RootHost}},
		{"root.hide", r.Hide, []RootKind{RootHost, RootOverlay}},
	} {
		if len(l.paths) > maxPaths {
			errs = append(errs, wrong(l.field, "", "has more than %d paths", maxPaths)...)
			continue
		}
		if len(l.paths) > 0 && !slices.Contains(l.kinds, r.Kind) {
			errs = append(errs, wrong(l.field, "use mounts, or leave it empty", "is for the host's root only, not for %s", r.Kind)...)
		}
		for _, p := range l.paths {
			if !absolute(p) || p == "/" {
				errs = append(errs, wrong(l.field, "", "%s is not an absolute path below the root", clip(p))...)
			}
		}
	}
	return errs
}

func checkMounts(s *Spec) (errs []error) {
	if len(s.Mounts) > maxMounts {
		return wrong("mounts", "", "are more than %d", maxMounts)
	}
	if len(s.Mounts) > 0 && !s.Namespaces.Mnt.IsNew() {
		errs = append(errs, wrong("mounts", "make a new mnt namespace too", "would be the host's")...)
	}
	for i := range s.Mounts {
		errs = append(errs, checkMount(fmt.Sprintf("mounts[%d]", i), &s.Mounts[i])...)
	}
	return errs
}

func checkMount(field string, m *Mount) []error {
	errs := notOneOf(field, m.Kind, BindRO, BindRW, TmpFS, MQueue, CgroupFS)
	if !absolute(m.Target) || m.Target == "/" {
		errs = append(errs, wrong(field, "", "the target %s is not an absolute path below the root", clip(m.Target))...)
	}
	bind := m.Kind == BindRO || m.Kind == BindRW
	switch {
	case bind && !absolute(m.Source):
		errs = append(errs, wrong(field, "", "the source %s is not an absolute path", clip(m.Source))...)
	case !bind && (m.Source != "" || m.Dev):
		errs = append(errs, wrong(field, "", "a source and device files are a bind's, not of %s", m.Kind)...)
	}
	if m.Size < 0 || m.Size > 0 && m.Kind != TmpFS {
		errs = append(errs, wrong(field, "", "a size is for a tmpfs, in bytes")...)
	}
	return errs
}

func checkKernelMounts(s *Spec) []error {
	errs := slices.Concat(
		notOneOf("proc", s.Proc, ProcNew, ProcUnmasked, ProcKeep),
		notOneOf("sys", s.Sys, SysNew, SysKeep, SysEmpty),
		notOneOf("dev", s.Dev, DevMinimal, DevKeep),
	)
	if !s.Namespaces.Mnt.IsNew() {
		for _, k := range []struct {
			field string
			kept  bool
		}{{"proc", s.Proc == ProcKeep}, {"sys", s.Sys == SysKeep}, {"dev", s.Dev == DevKeep}} {
			if !k.kept {
				errs = append(errs, wrong(k.field, "make a new mnt namespace too, or keep it", "would be mounted on the host's")...)
			}
		}
	}
	return errs
}

// checkOwnedMounts looks at file systems that show a namespace: to mount one takes CAP_SYS_ADMIN over the user namespace that
// the shown namespace belongs to (mount_capable in fs/super.c), which a new user namespace gives over new ones alone.
func checkOwnedMounts(s *Spec) (errs []error) {
	n := &s.Namespaces
	newUser := n.User.IsNew()
	if s.Proc != ProcKeep {
		switch {
		case n.PID == HostNamespace || n.PID == "":
			errs = append(errs, wrong("proc", "make a new pid namespace too, or keep /proc", "a new one would show the host's processes")...)
		case newUser && !n.PID.IsNew():
			errs = append(errs, wrong("proc", "leave the user namespace the host's, or keep /proc", "a new user namespace may not mount the processes of what is joined")...)
		}
	}
	if s.Sys == SysNew && !n.Net.IsNew() {
		errs = append(errs, wrong("sys", "make a new net namespace too, or take empty or keep", "a new one would show a network that is not the sandbox's own")...)
	}
	for i := range s.Mounts {
		field, own := fmt.Sprintf("mounts[%d]", i), true
		switch s.Mounts[i].Kind {
		case MQueue:
			own = n.IPC.IsNew()
		case CgroupFS:
			own = n.Cgroup.IsNew()
		}
		if newUser && !own {
			errs = append(errs, wrong(field, "make that new too, or leave the user namespace the host's",
				"a new user namespace may not mount %s of a namespace that is not new", s.Mounts[i].Kind)...)
		}
	}
	return errs
}
