package launch

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

func mountOptions() []Option {
	return []Option{
		{Name: "no-mounts", Bare: "true", Usage: "without the preset's own mounts", first: true, set: func(w *writer, value string) error {
			return ifTrue(value, func() { w.Mounts = nil })
		}},
		mountOption(Option{Name: "bind", Short: "v", Usage: "`SRC[:DST[:ro]]`: mount SRC of the host on DST, writable"},
			"files of the host that it may change: SRC[:DST]",
			func(w *writer, value string) error { return w.bind(sandbox.BindRW, value, false) }),
		mountOption(Option{Name: "ro-bind", Usage: "`SRC[:DST]`: the same, read-only"},
			"files of the host that it may read: SRC[:DST]",
			func(w *writer, value string) error { return w.bind(sandbox.BindRO, value, false) }),
		mountOption(Option{Name: "dev-bind", Usage: "`SRC[:DST[:ro]]`: the same, and its device files work"},
			"devices of the host that it may use: SRC[:DST[:ro]]",
			func(w *writer, value string) error { return w.bind(sandbox.BindRW, value, true) }),
		mountOption(Option{Name: "tmpfs", Usage: "`DIR[:SIZE]`: mount an empty file system in memory on DIR"},
			"empty file systems in memory, lost at the end: DIR[:SIZE]", (*writer).tmpfs),
		mountOption(Option{Name: "mqueue", Usage: "mount the message queues of its ipc namespace on `DIR`"},
			"where its message queues are seen, such as /dev/mqueue",
			func(w *writer, value string) error { return w.mount(sandbox.MQueue, value) }),
		mountOption(Option{Name: "cgroupfs", Usage: "mount the cgroups, as its cgroup namespace shows them, on `DIR`"},
			"where the cgroups are seen, read-only, such as /sys/fs/cgroup",
			func(w *writer, value string) error { return w.mount(sandbox.CgroupFS, value) }),
		wordOption("proc-mount", "/proc is `KIND`: new, unmasked or keep", "proc",
			"/proc: new, of its own processes; unmasked, all of it; keep the root's",
			[]string{"new", "unmasked", "keep"}, func(s *sandbox.Spec) *sandbox.Proc { return &s.Proc }),
		wordOption("sys-mount", "/sys is `KIND`: new, empty or keep", "sys",
			"/sys: new, read-only, of its own network; empty; keep the root's",
			[]string{"new", "empty", "keep"}, func(s *sandbox.Spec) *sandbox.Sys { return &s.Sys }),
		wordOption("dev-mount", "/dev is `KIND`: minimal or keep", "dev",
			"/dev: minimal, without disks; keep the root's",
			[]string{"minimal", "keep"}, func(s *sandbox.Spec) *sandbox.Dev { return &s.Dev }),
	}
}

// wordOption is an option whose value is one of some words.
func wordOption[T ~string](name, usage, field, about string, words []string, of func(*sandbox.Spec) *T) Option {
	return Option{
		Name: name, Usage: usage, Words: words,
		set: func(w *writer, value string) error {
			*of(w.Spec) = T(value)
			return nil
		},
		Row: Row{
			About: about, Choices: words, Fields: []string{field},
			get: func(s *sandbox.Spec) string { return string(*of(s)) },
		},
	}
}

// mountOption is an option that adds a mount; as a row it is all mounts of its kind.
func mountOption(o Option, about string, add func(*writer, string) error) Option {
	mine := func(m *sandbox.Mount) bool { return nameOf(m) == o.Name }
	replace := list(func(w *writer) { w.Mounts = nil }, add)
	o.set = add
	o.Row = Row{
		About: about, Empty: "none", Typed: true, Fields: []string{"mounts"},
		get: func(s *sandbox.Spec) string {
			theirs := func(m sandbox.Mount) bool { return !mine(&m) }
			return joined(slices.DeleteFunc(slices.Clone(s.Mounts), theirs), func(m sandbox.Mount) string { return mountText(&m) })
		},
		put: func(w *writer, value string) error {
			before := w.Mounts
			err := replace(w, value)
			w.Mounts = inPlace(before, w.Mounts, mine)
			return err
		},
	}
	return o
}

// inPlace puts some mounts in the places of those that they replace: one may lie on another. Where there are more they come
// last, where there are fewer the last places go.
func inPlace(before, with []sandbox.Mount, replaced func(*sandbox.Mount) bool) (list []sandbox.Mount) {
	for i := range before {
		switch {
		case !replaced(&before[i]):
			list = append(list, before[i])
		case len(with) > 0:
			list, with = append(list, with[0]), with[1:]
		}
	}
	return append(list, with...)
}

// nameOf is the option that makes a mount.
func nameOf(m *sandbox.Mount) string {
	switch {
	case m.Dev:
		return "dev-bind"
	case m.Kind == sandbox.BindRO:
		return "ro-bind"
	case m.Kind == sandbox.BindRW:
		return "bind"
	}
	return string(m.Kind)
}

// mountText is a mount as the value of its option.
func mountText(m *sandbox.Mount) string {
	text := m.Target
	switch m.Kind {
	case sandbox.BindRO, sandbox.BindRW:
		ro := m.Dev && m.Kind == sandbox.BindRO
		if m.Source != m.Target || ro {
			text = m.Source + ":" + m.Target
		}
		if ro {
			text += ":ro"
		}
	case sandbox.TmpFS:
		if m.Size > 0 {
			text += ":" + limit.Amount(m.Size).Bytes()
		}
	}
	return text
}

func (w *writer) bind(kind sandbox.MountKind, text string, dev bool) error {
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

func (w *writer) tmpfs(text string) error {
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

func (w *writer) mount(kind sandbox.MountKind, target string) error {
	w.Mounts = append(slices.Clone(w.Mounts), sandbox.Mount{Kind: kind, Target: target})
	return nil
}
