package launch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// commandLine is the command as a row of a form; a command line has it without a flag.
var commandLine = Option{
	Name: "command",
	Row: Row{
		About: "the program that runs inside, with its arguments, in a shell's quotes",
		Typed: true, Fields: []string{"command"},
		get: func(s *sandbox.Spec) string { return shell.Join(s.Command...) },
	},
	set: func(w *writer, value string) error {
		words, err := Words(value)
		if err == nil && len(words) == 0 {
			err = errors.New("there is none: name a program, such as /bin/sh")
		}
		w.Command = words
		return err
	},
}

func commandOptions() []Option {
	when := []string{"auto", "always", "never"}
	return []Option{
		{Name: "clear-env", Bare: "true", Usage: "no variable at all, but for those of --env", first: true, set: func(w *writer, value string) error {
			return ifTrue(value, func() { w.Env = sandbox.Env{} })
		}},
		{
			Name: "env", Short: "e", Usage: "set `NAME=VALUE`, or take NAME over; LC_* are all that begin so, * is all", set: (*writer).env,
			Row: Row{
				About: "NAME=VALUE sets a variable, NAME takes yours over, LC_* all such, * all",
				Empty: "no variable", Typed: true, Fields: []string{"env", "env.keep", "env.set"}, get: envText,
				put: list(func(w *writer) { w.Env = sandbox.Env{} }, (*writer).env),
			},
		},
		{
			Name: "workdir", Short: "w", Usage: "the working directory `DIR` inside",
			set: func(w *writer, value string) error {
				w.Dir = value
				return nil
			},
			Row: Row{
				About: "the directory inside that it begins in", Typed: true, Fields: []string{"dir"},
				get: func(s *sandbox.Spec) string { return s.Dir },
			},
		},
		{
			Name: "user", Short: "u", Usage: "run as `UID[:GID]` of the inside, in numbers", set: (*writer).user,
			Row: Row{
				About: "who it runs as inside, UID[:GID] in numbers; 0 is root there", Typed: true, Fields: []string{"user", "user.uid", "user.gid"},
				get: func(s *sandbox.Spec) string { return fmt.Sprintf("%d:%d", s.User.UID, s.User.GID) },
			},
		},
		{
			Name: "group-add", Usage: "and with the supplementary group `GID`", set: (*writer).group,
			Row: Row{
				About: "the groups, in numbers, that it belongs to besides", Empty: "none", Typed: true, Fields: []string{"user.groups"},
				get: func(s *sandbox.Spec) string {
					return joined(s.User.Groups, func(gid uint32) string { return strconv.FormatUint(uint64(gid), 10) })
				},
				put: list(func(w *writer) { w.User.Groups = nil }, (*writer).group),
			},
		},
		{
			Name: "init", Bare: "true", Usage: "a tiny init is the first process, reaps and passes signals on",
			set: func(w *writer, value string) error { return boolInto(&w.Init, value) },
			Row: Row{
				About: "a tiny init is PID 1, reaps and passes signals on; off: the command is", Choices: onOff,
				Fields: []string{"init"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.Init) },
			},
		},
		{Name: "no-init", Bare: "true", Usage: "the command itself is the first process", set: func(w *writer, value string) error {
			var no bool
			err := boolInto(&no, value)
			w.Init = !no
			return err
		}},
		wordOption("terminal", "give the command a terminal of its own `WHEN`: auto, always or never", "terminal",
			"a terminal of its own: auto where you sit at one, always or never",
			when, func(s *sandbox.Spec) *sandbox.Terminal { return &s.Terminal }),
		{Name: "tty", Short: "t", Bare: "always", Usage: "as --terminal=always, as docker run has it", Words: when, set: func(w *writer, value string) error {
			switch value {
			case "true":
				value = "always"
			case "false":
				value = "never"
			}
			w.Terminal = sandbox.Terminal(value)
			return nil
		}},
	}
}

func (w *writer) env(text string) error {
	name, value, set := strings.Cut(text, "=")
	if name == "" {
		return fmt.Errorf("%q has no name before its value", text)
	}
	if !set {
		w.Env.Keep = append(slices.Clone(w.Env.Keep), name)
		if _, ok := w.Env.Set[name]; ok { // a value that is set would win
			w.Env.Set = maps.Clone(w.Env.Set)
			delete(w.Env.Set, name)
		}
		return nil
	}
	w.Env.Set = maps.Clone(w.Env.Set)
	if w.Env.Set == nil {
		w.Env.Set = map[string]string{}
	}
	w.Env.Set[name] = value
	return nil
}

func envText(s *sandbox.Spec) string {
	words := slices.Clone(s.Env.Keep)
	for _, name := range slices.Sorted(maps.Keys(s.Env.Set)) {
		words = append(words, name+"="+s.Env.Set[name])
	}
	return joined(words, same)
}

func (w *writer) user(text string) error {
	uid, gid, both := strings.Cut(text, ":")
	if !both {
		gid = uid
	}
	if idInto(&w.User.UID, uid) != nil || idInto(&w.User.GID, gid) != nil {
		return fmt.Errorf("%q is not UID[:GID] in numbers: names are known inside only", text)
	}
	return nil
}

func (w *writer) group(text string) error {
	var gid uint32
	if idInto(&gid, text) != nil {
		return fmt.Errorf("%q is not a number of a group: names are known inside only", text)
	}
	w.User.Groups = append(slices.Clone(w.User.Groups), gid)
	return nil
}
