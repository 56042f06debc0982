package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

func rootOptions() []runOption {
	return []runOption{
		{name: "root", usage: "the root directory from `PATH`: a directory, a tar, an OCI layout or a docker save archive (dir:, tar: or image: before it says which); or host, overlay, keep", set: (*specWriter).root},
		{name: "image-ref", usage: "of an image with several manifests, the one with the name `REF`", set: func(w *specWriter, value string) error {
			w.Root.Ref = value
			return nil
		}},
		{name: "overlay", bare: "true", usage: "the host's root, writable: what is written is thrown away", set: func(w *specWriter, value string) error {
			return w.ifTrue(value, func() error { return w.root("overlay") })
		}},
		{name: "writable", bare: "true", usage: "write to the directory of --root itself", set: func(w *specWriter, value string) error {
			return boolInto(&w.Root.Writable, value)
		}},
		{name: "chroot", bare: "true", usage: "enter the root by chroot(2), which leaves the old one in reach, not by pivot_root(2)", set: func(w *specWriter, value string) error {
			var chroot bool
			err := boolInto(&chroot, value)
			w.Root.Switch = map[bool]sandbox.Switch{true: sandbox.Chroot, false: sandbox.PivotRoot}[chroot]
			return err
		}},
		{name: "tmp", usage: "an empty, writable place in memory for the host's `DIR`; none clears the preset's", set: func(w *specWriter, value string) error {
			return appendOrNone(&w.Root.Tmp, value)
		}},
		{name: "hide", usage: "cover the host's `PATH`; none clears the preset's", set: func(w *specWriter, value string) error {
			return appendOrNone(&w.Root.Hide, value)
		}},
	}
}

func mountOptions() []runOption {
	words := func(kinds ...string) []string { return kinds }
	return []runOption{
		{name: "no-mounts", bare: "true", usage: "without the preset's own mounts", first: true, set: func(w *specWriter, value string) error {
			return w.ifTrue(value, func() error { w.Mounts = nil; return nil })
		}},
		{name: "bind", short: "v", usage: "`SRC[:DST[:ro]]`: mount SRC of the host on DST, writable", set: func(w *specWriter, value string) error {
			return w.bind(sandbox.BindRW, value, false)
		}},
		{name: "ro-bind", usage: "`SRC[:DST]`: the same, read-only", set: func(w *specWriter, value string) error {
			return w.bind(sandbox.BindRO, value, false)
		}},
		{name: "dev-bind", usage: "`SRC[:DST[:ro]]`: the same, and its device files work", set: func(w *specWriter, value string) error {
			return w.bind(sandbox.BindRW, value, true)
		}},
		{name: "tmpfs", usage: "`DIR[:SIZE]`: mount an empty file system in memory on DIR", set: (*specWriter).tmpfs},
		{name: "mqueue", usage: "mount the message queues of its ipc namespace on `DIR`", set: func(w *specWriter, value string) error {
			return w.mount(sandbox.MQueue, value)
		}},
		{name: "cgroupfs", usage: "mount the cgroups, as its cgroup namespace shows them, on `DIR`", set: func(w *specWriter, value string) error {
			return w.mount(sandbox.CgroupFS, value)
		}},
		{name: "proc-mount", usage: "/proc is `KIND`: new, unmasked or keep", words: words("new", "unmasked", "keep"), set: func(w *specWriter, value string) error {
			w.Proc = sandbox.Proc(value)
			return nil
		}},
		{name: "sys-mount", usage: "/sys is `KIND`: new, empty or keep", words: words("new", "empty", "keep"), set: func(w *specWriter, value string) error {
			w.Sys = sandbox.Sys(value)
			return nil
		}},
		{name: "dev-mount", usage: "/dev is `KIND`: minimal or keep", words: words("minimal", "keep"), set: func(w *specWriter, value string) error {
			w.Dev = sandbox.Dev(value)
			return nil
		}},
	}
}

// ifTrue does something for a switch that is on.
func (w *specWriter) ifTrue(value string, do func() error) error {
	var on bool
	if err := boolInto(&on, value); err != nil || !on {
		return err
	}
	return do()
}

func appendOrNone(to *[]string, value string) error {
	if value == "none" {
		*to = nil
		return nil
	}
	*to = append(slices.Clone(*to), value)
	return nil
}

// root takes a root of another kind; what belongs to a kind that it no longer has goes.
func (w *specWriter) root(value string) error {
	was := w.Root
	w.Root = sandbox.Root{Kind: sandbox.RootKind(value), Switch: was.Switch}
	switch w.Root.Kind {
	case sandbox.RootKeep:
		w.Root.Switch = sandbox.PivotRoot
		return nil
	case sandbox.RootHost:
		w.Root.Tmp, w.Root.Hide = was.Tmp, was.Hide
		return nil
	case sandbox.RootOverlay:
		w.Root.Hide = was.Hide
		return nil
	}
	var err error
	w.Root.Kind, w.Root.Path, err = rootKind(value)
	w.Root.Writable = was.Writable && w.Root.Kind == sandbox.RootDir
	return err
}

// rootKind tells what a path is: what stands before it says, or a directory of files, an OCI layout, an archive of either.
func rootKind(name string) (sandbox.RootKind, string, error) {
	for _, kind := range []sandbox.RootKind{sandbox.RootDir, sandbox.RootTar, sandbox.RootImage} {
		if path, ok := strings.CutPrefix(name, string(kind)+":"); ok {
			path, err := filepath.Abs(path)
			return kind, path, err
		}
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", "", err
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", "", fmt.Errorf("%w (nothing is fetched from a registry: `docker save NAME -o FILE` makes a file of an image)", err)
	}
	if err != nil {
		return "", "", err
	}
	if !info.IsDir() {
		kind, err := archiveKind(path)
		return kind, path, err
	}
	if _, err := os.Stat(filepath.Join(path, "oci-layout")); err == nil {
		return sandbox.RootImage, path, nil
	}
	return sandbox.RootDir, path, nil
}

func (w *specWriter) bind(kind sandbox.MountKind, text string, dev bool) error {
	source, rest, _ := strings.Cut(text, ":")
	target, mode, hasMode := strings.Cut(rest, ":")
	switch {
	case hasMode && mode == "ro":
		kind = sandbox.BindRO
	case hasMode && mode != "rw":
		return fmt.Errorf("%q is not SRC[:DST[:ro]]: %q is neither ro nor rw", text, mode)
	}
	path, err := filepath.Abs(source)
	if err != nil || source == "" {
		return fmt.Errorf("%q is not SRC[:DST]: there is no SRC", text)
	}
	if target == "" {
		target = path
	}
	w.Mounts = append(slices.Clone(w.Mounts), sandbox.Mount{Kind: kind, Source: path, Target: target, Dev: dev})
	return nil
}

func (w *specWriter) tmpfs(text string) error {
	target, size, sized := strings.Cut(text, ":")
	m := sandbox.Mount{Kind: sandbox.TmpFS, Target: target}
	if sized {
		n, err := limit.ParseBytes(strings.TrimPrefix(size, "size="))
		if err != nil {
			return err
		}
		m.Size = max(int64(n), 0)
	}
	w.Mounts = append(slices.Clone(w.Mounts), m)
	return nil
}

func (w *specWriter) mount(kind sandbox.MountKind, target string) error {
	w.Mounts = append(slices.Clone(w.Mounts), sandbox.Mount{Kind: kind, Target: target})
	return nil
}
