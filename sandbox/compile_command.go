package sandbox

import (
	"maps"
	"slices"
	"strings"

	"cutaway/sandbox/stage"
)

func (w *writer) exec() {
	w.begin(StageExec)
	env := w.environment()
	path, ok := variable(env, "PATH")
	if !ok {
		path = defaultPath
	}
	w.add(stage.Op{Verb: stage.Chdir, Target: w.Dir})
	w.add(stage.Op{Verb: stage.Exec, List: w.Command, More: env, Path: path})
}

// environment is the command's: what is kept of the caller's in its order, then what is set, by name.
func (w *writer) environment() []string {
	var list []string
	for _, v := range w.env {
		name, _, _ := strings.Cut(v, "=")
		_, replaced := w.Env.Set[name]
		if !replaced && w.Env.keeps(name) {
			list = append(list, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Env.Set)) {
		list = append(list, name+"="+w.Env.Set[name])
	}
	return append(list, imageDefaults(w.imageEnv, list)...)
}

// variable is the value of a variable in an environment.
func variable(env []string, name string) (value string, ok bool) {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// keeps tells whether a variable of the caller's is taken over; a name may end with "*".
func (e *Env) keeps(name string) bool {
	return slices.ContainsFunc(e.Keep, func(kept string) bool {
		prefix, any := strings.CutSuffix(kept, "*")
		return kept == name || any && strings.HasPrefix(name, prefix)
	})
}
