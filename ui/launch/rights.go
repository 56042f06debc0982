package launch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
)

func rightsOptions() []Option {
	names := append([]string{"all"}, caps.UpTo(caps.LastKnown()).Short()...)
	return []Option{
		{
			Name: "cap-keep", Usage: "keep the capabilities `NAMES` and no others; all, none", Words: append([]string{"none"}, names...),
			first: true, set: (*writer).capKeep,
			Row: Row{
				About:   "the parts of root's power that it keeps: none, all, or names",
				Choices: []string{"none", strings.Join(caps.DockerDefault.Short(), ","), "all"}, Typed: true,
				Fields: []string{"capabilities"}, get: keptText,
			},
		},
		{Name: "cap-add", Usage: "keep the capabilities `NAMES` too; all keeps every one", Words: names, set: func(w *writer, value string) error {
			w.capAdd = append(w.capAdd, value)
			return nil
		}},
		{Name: "cap-drop", Usage: "do not keep the capabilities `NAMES`, but for those of --cap-add; all drops every one", Words: names, set: func(w *writer, value string) error {
			w.capDrop = append(w.capDrop, value)
			return nil
		}},
		{
			Name: "no-new-privs", Bare: "true", Usage: "nothing that is executed gains rights; =false lets set-user-ID programs work",
			set: func(w *writer, value string) error { return boolInto(&w.NoNewPrivs, value) },
			Row: Row{
				About: "nothing that it executes gains rights: sudo and su do not work", Choices: onOff,
				Fields: []string{"no_new_privs"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.NoNewPrivs) },
			},
		},
		seccompOption(),
		landlockOption("landlock-ro", "with Landlock: read `PATH` and below, and nothing that is not named",
			"paths it may read; with Landlock, nothing that is not named is reached",
			[]string{"landlock", "landlock.read"}, func(l *sandbox.Landlock) *[]string { return &l.Read }),
		landlockOption("landlock-rw", "with Landlock: read and write `PATH` and below",
			"paths it may read and write, with Landlock",
			[]string{"landlock.write"}, func(l *sandbox.Landlock) *[]string { return &l.Write }),
		{
			Name: "rlimit", Usage: "the resource limit `NAME=SOFT[:HARD]`, as nofile=1024:2048; unlimited is none", set: (*writer).rlimit,
			Row: Row{
				About: "limits of each process: NAME=SOFT[:HARD], as nofile=1024:2048",
				Empty: "the caller's", Typed: true, Fields: []string{"rlimits"},
				get: func(s *sandbox.Spec) string {
					return joined(s.Rlimits, func(r sandbox.Rlimit) string { return r.Name + "=" + rlimitText(r.Soft) + ":" + rlimitText(r.Hard) })
				},
				put: list(func(w *writer) { w.Rlimits = nil }, (*writer).rlimit),
			},
		},
	}
}

func seccompOption() Option {
	o := wordOption("seccomp", "filter system calls by `PROFILE`: docker, strict or off", "seccomp",
		"system calls it may make: docker as Docker's filter, strict fewer, off",
		[]string{"docker", "strict", "off"}, func(s *sandbox.Spec) *sandbox.Seccomp { return &s.Seccomp })
	plain := o.set
	o.set = func(w *writer, value string) error {
		if value == "unconfined" { // docker run --security-opt seccomp=unconfined
			value = string(sandbox.SeccompOff)
		}
		return plain(w, value)
	}
	return o
}

func landlockOption(name, usage, about string, fields []string, paths func(*sandbox.Landlock) *[]string) Option {
	change := func(w *writer, to func([]string) []string) {
		l := sandbox.Landlock{}
		if w.Landlock != nil {
			l = *w.Landlock
		}
		*paths(&l) = to(slices.Clone(*paths(&l)))
		w.Landlock = &l
	}
	add := func(w *writer, value string) error {
		change(w, func(list []string) []string { return append(list, value) })
		return nil
	}
	put := list(func(w *writer) { change(w, func([]string) []string { return nil }) }, add)
	return Option{
		Name: name, Usage: usage, set: add,
		Row: Row{
			About: about, Empty: "none", Typed: true, Fields: fields,
			get: func(s *sandbox.Spec) string {
				if s.Landlock == nil {
					return ""
				}
				return joined(*paths(s.Landlock), same)
			},
			put: func(w *writer, value string) error {
				err := put(w, value)
				if l := w.Landlock; len(l.Read)+len(l.Write) == 0 {
					w.Landlock = nil
				}
				return err
			},
		},
	}
}

// capKeep takes a list of names; caps.Encode has none and all, and names after - that are taken away again.
func (w *writer) capKeep(value string) error {
	if isAll(value) {
		w.Capabilities = []string{"all"}
		return nil
	}
	set, err := caps.Encode(value)
	w.Capabilities = set.Names()
	return err
}

func keptText(s *sandbox.Spec) string {
	keep, all := s.Kept()
	switch {
	case all:
		return "all"
	case keep == 0:
		return "none"
	}
	return strings.Join(keep.Short(), ",")
}

// capabilities drops first and adds then, as docker run does, whatever the order of the options.
func (w *writer) capabilities() error {
	if len(w.capDrop)+len(w.capAdd) == 0 {
		return nil
	}
	add, err := caps.Encode(w.capAdd...)
	if err != nil {
		return &OptionError{"cap-add", err}
	}
	drop, err := caps.Encode(w.capDrop...)
	if err != nil {
		return &OptionError{"cap-drop", err}
	}
	kept, everything := w.Kept()
	switch {
	case slices.ContainsFunc(w.capAdd, isAll) && drop == 0, everything && drop == 0:
		w.Capabilities = []string{"all"}
		return nil
	case everything:
		kept = caps.UpTo(caps.LastKnown())
	}
	w.Capabilities = (kept&^drop | add).Names()
	return nil
}

func isAll(name string) bool { return strings.EqualFold(name, "all") }

func (w *writer) rlimit(text string) error {
	name, values, _ := strings.Cut(text, "=")
	soft, hard, both := strings.Cut(values, ":")
	if !both {
		hard = soft
	}
	r := sandbox.Rlimit{Name: name}
	for _, v := range []struct {
		text string
		to   *int64
	}{{soft, &r.Soft}, {hard, &r.Hard}} {
		if v.text == "unlimited" || v.text == "-1" {
			*v.to = -1
			continue
		}
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not NAME=SOFT[:HARD], such as nofile=1024:2048", text)
		}
		*v.to = n
	}
	w.Rlimits = append(slices.DeleteFunc(slices.Clone(w.Rlimits), func(o sandbox.Rlimit) bool { return o.Name == name }), r)
	return nil
}

func rlimitText(n int64) string {
	if n == -1 {
		return "unlimited"
	}
	return strconv.FormatInt(n, 10)
}
