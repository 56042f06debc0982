package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect/aside"
	"cutaway/sandbox"
)

func rootOptions() []Option {
	return []Option{
		{
			Name: "root", Usage: "the root directory from `PATH`: a directory, a tar, an OCI layout or a docker save archive (dir:, tar: or image: before it says which); or host, overlay, keep",
			set: (*writer).root,
			Row: Row{
				About:   "its files: host is read-only, overlay loses writes, keep, or a path",
				Choices: []string{"host", "overlay", "keep"}, Typed: true, Fields: []string{"root", "root.kind", "root.path"},
				get: func(s *sandbox.Spec) string {
					switch s.Root.Kind {
					case sandbox.RootDir, sandbox.RootTar, sandbox.RootImage:
						return string(s.Root.Kind) + ":" + s.Root.Path
					}
					return string(s.Root.Kind)
				},
				put: func(w *writer, value string) error {
					if value == "" || strings.HasSuffix(value, ":") {
						return errors.New("there is no path: name a directory, a tar or an image, or say host, overlay or keep")
					}
					return w.root(value)
				},
			},
		},
		{
			Name: "image-ref", Usage: "of an image with several manifests, the one with the name `REF`",
			set: func(w *writer, value string) error {
				w.Root.Ref = value
				return nil
			},
			Row: Row{
				About: "which of an image's manifests, where it has several", Empty: "the image's only one", Typed: true, Fields: []string{"root.ref"},
				get: func(s *sandbox.Spec) string { return s.Root.Ref },
			},
		},
		{Name: "overlay", Bare: "true", Usage: "the host's root, writable: what is written is thrown away", set: func(w *writer, value string) error {
			return ifTrue(value, func() { _ = w.root("overlay") })
		}},
		{
			Name: "writable", Bare: "true", Usage: "write to the directory of --root itself",
			set: func(w *writer, value string) error { return boolInto(&w.Root.Writable, value) },
			Row: Row{
				About: "the root can be written: a directory itself, an image while it runs", Choices: onOff,
				Fields: []string{"root.writable"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.Root.Writable) },
			},
		},
		{
			Name: "chroot", Bare: "true", Usage: "enter the root by chroot(2), which leaves the old one in reach, not by pivot_root(2)",
			set: func(w *writer, value string) error {
				var chroot bool
				err := boolInto(&chroot, value)
				w.Root.Switch = map[bool]sandbox.Switch{true: sandbox.Chroot, false: sandbox.PivotRoot}[chroot]
				return err
			},
			Row: Row{
				About: "enter by chroot(2), which root can leave; off: by pivot_root(2)", Choices: onOff,
				Fields: []string{"root.switch"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.Root.Switch == sandbox.Chroot) },
			},
		},
		pathsOption("tmp", "an empty, writable place in memory for the host's `DIR`; none clears the preset's",
			"directories of the host replaced by empty ones in memory, to write to",
			func(s *sandbox.Spec) *[]string { return &s.Root.Tmp }),
		pathsOption("hide", "cover the host's `PATH`; none clears the preset's",
			"paths of the host that are covered by something empty",
			func(s *sandbox.Spec) *[]string { return &s.Root.Hide }),
	}
}

func pathsOption(name, usage, about string, paths func(*sandbox.Spec) *[]string) Option {
	add := func(w *writer, value string) error { return appendOrNone(paths(w.Spec), value) }
	return Option{
		Name: name, Usage: usage, set: add,
		Row: Row{
			About: about, Empty: "none", Typed: true, Fields: []string{"root." + name},
			get: func(s *sandbox.Spec) string { return joined(*paths(s), same) },
			put: list(func(w *writer) { *paths(w.Spec) = nil }, add),
		},
	}
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
func (w *writer) root(value string) error {
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
	kind, err := aside.InTime(rootPatience, func() (sandbox.RootKind, error) { return kindOf(path) })
	if errors.Is(err, aside.ErrNoAnswer) {
		err = fmt.Errorf("%s: %w; dir:, tar: or image: before it says what it is", path, err)
	}
	return kind, path, err
}

// rootPatience is how long a look at a root may take: it may be on a file system that does not answer, and a screen waits for it.
const rootPatience = time.Second

// kindOf looks what is at a path.
func kindOf(path string) (sandbox.RootKind, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%w (nothing is fetched from a registry: `docker save NAME -o FILE` makes a file of an image)", err)
	case err != nil:
		return "", err
	case info.Mode().IsRegular():
		return archiveKind(path)
	case !info.IsDir():
		return "", fmt.Errorf("%s is neither a directory nor an archive", path)
	}
	if _, err := os.Stat(filepath.Join(path, "oci-layout")); err == nil {
		return sandbox.RootImage, nil
	}
	return sandbox.RootDir, nil
}
