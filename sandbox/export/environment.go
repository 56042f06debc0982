package export

import (
	"os"
	"slices"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/steps"
)

// variable is one of the command's environment.
type variable struct {
	name, value string
	kept        bool // it is the caller's: its name is written, not its value
}

// word is NAME=VALUE for a shell.
func (v variable) word() string {
	if v.kept {
		return v.name + `="${` + v.name + `-}"`
	}
	return shell.Quote(v.name + "=" + v.value)
}

// all tells whether the caller's whole environment is taken over.
func all(s *sandbox.Spec) bool { return slices.Contains(s.Env.Keep, "*") }

// variables are what the command's environment has, without what is taken over as a whole.
func variables(s *sandbox.Spec, o *steps.Launch) (list []variable) {
	for _, text := range execOf(o).More {
		name, value, _ := strings.Cut(text, "=")
		_, set := s.Env.Set[name]
		switch {
		case set:
			list = append(list, variable{name: name, value: value})
		case !all(s) && isName(name):
			list = append(list, variable{name: name, value: value, kept: true})
		}
	}
	return list
}

// odd are the variables taken over that no shell can name.
func odd(s *sandbox.Spec, o *steps.Launch) (names []string) {
	for _, text := range execOf(o).More {
		name, _, _ := strings.Cut(text, "=")
		if _, set := s.Env.Set[name]; !set && !all(s) && !isName(name) {
			names = append(names, name)
		}
	}
	return names
}

// named are the variables taken over that a Spec names beside the caller's whole environment.
func named(s *sandbox.Spec, o *steps.Launch) (names []string) {
	if !all(s) {
		return nil
	}
	for _, text := range execOf(o).More {
		name, _, _ := strings.Cut(text, "=")
		if _, set := s.Env.Set[name]; !set && slices.ContainsFunc(s.Env.Keep, func(keep string) bool {
			start, many := strings.CutSuffix(keep, "*")
			return keep == name || many && start != "" && strings.HasPrefix(name, start)
		}) {
			names = append(names, name)
		}
	}
	return names
}

func isName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// execOf is the last operation of a launch.
func execOf(o *steps.Launch) *stage.Op { return &o.Ops[len(o.Ops)-1] }

// environ is the caller's environment; tests have their own.
var environ = os.Environ
