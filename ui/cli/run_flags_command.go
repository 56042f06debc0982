package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cutaway/sandbox"
)

func commandOptions() []runOption {
	when := []string{"auto", "always", "never"}
	return []runOption{
		{name: "clear-env", bare: "true", usage: "no variable at all, but for those of --env", first: true, set: func(w *specWriter, value string) error {
			return w.ifTrue(value, func() error { w.Env = sandbox.Env{}; return nil })
		}},
		{name: "env", short: "e", usage: "set `NAME=VALUE`, or take NAME over; LC_* are all that begin so, * is all", set: (*specWriter).env},
		{name: "workdir", short: "w", usage: "the working directory `DIR` inside", set: func(w *specWriter, value string) error {
			w.Dir = value
			return nil
		}},
		{name: "user", short: "u", usage: "run as `UID[:GID]` of the inside, in numbers", set: (*specWriter).user},
		{name: "group-add", usage: "and with the supplementary group `GID`", set: func(w *specWriter, value string) error {
			var gid uint32
			if idInto(&gid, value) != nil {
				return fmt.Errorf("%q is not a number of a group: names are known inside only", value)
			}
			w.User.Groups = append(slices.Clone(w.User.Groups), gid)
			return nil
		}},
		{name: "init", bare: "true", usage: "a tiny init is the first process, reaps and passes signals on", set: func(w *specWriter, value string) error {
			return boolInto(&w.Init, value)
		}},
		{name: "no-init", bare: "true", usage: "the command itself is the first process", set: func(w *specWriter, value string) error {
			var no bool
			err := boolInto(&no, value)
			w.Init = !no
			return err
		}},
		{name: "terminal", usage: "give the command a terminal of its own `WHEN`: auto, always or never", words: when, set: func(w *specWriter, value string) error {
			w.Terminal = sandbox.Terminal(value)
			return nil
		}},
		{name: "tty", short: "t", bare: "always", usage: "as --terminal=always, as docker run has it", words: when, set: func(w *specWriter, value string) error {
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

func (w *specWriter) env(text string) error {
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

func (w *specWriter) user(text string) error {
	uid, gid, both := strings.Cut(text, ":")
	if !both {
		gid = uid
	}
	if idInto(&w.User.UID, uid) != nil || idInto(&w.User.GID, gid) != nil {
		return fmt.Errorf("%q is not UID[:GID] in numbers: names are known inside only", text)
	}
	return nil
}
