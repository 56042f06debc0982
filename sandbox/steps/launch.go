package steps

import (
	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/veth"
)

// Launch is what a launch is about to do: the launcher's own part, and the operations of the sandbox's first process.
type Launch struct {
	Clone        uint64           // CLONE_NEW*: the namespaces that the first process is cloned into
	Offsets      string           // of the clocks in a new time namespace, as in /proc/PID/timens_offsets; "" without
	Joins        []string         // namespaces of others that it is in: files such as /proc/4242/ns/net
	UIDMap       []proc.IDMapping // of a new user namespace; the launcher writes them
	GIDMap       []proc.IDMapping
	Unprivileged bool       // the launcher is not root: newuidmap(1) writes maps of more than one id
	Cgroups      []string   // directories of its own cgroup, one for each hierarchy
	Limits       []Limit    // written there
	Cloned       string     // the one of them that clone puts it into, of v2; "" when it joins by itself
	Veth         *veth.Pair // without the name, which has the PID; nil without
	Idmapped     []bool     // of what comes with Go: whether the owners of a mount are mapped (Op.N)
	Init         bool       // a tiny init stays
	Environ      []string   // the launcher's environment, whose values commands name and do not show
	Ops          []stage.Op
}

// Limit is a value and the file of a cgroup that it is written to.
type Limit struct{ Path, Value string }

// Step is a stage with the shell commands that would do the same. A command may have several lines; one that begins with
// "#" says why there is none. They are meant to be typed one after the other into bash, where "exec ... bash" goes on in a
// shell that has less.
type Step struct {
	Stage    string
	Commands []string
}

// Steps lists the stages in their order. pid is the sandbox's first process, 0 as long as there is none. quote writes a word
// for the shell.
func (l *Launch) Steps(pid int, quote func(string) string) []Step {
	return newWriter(l, pid, quote).all()
}

// Script lists the same for a script that ends with the first command that fails (set -e). The shell does not end when what
// stands before an && fails, so there is none.
func (l *Launch) Script(quote func(string) string) []Step {
	w := newWriter(l, 0, quote)
	w.and = "; "
	return w.all()
}

func (w *writer) all() []Step {
	w.launcher()
	ops := w.Ops
	for len(ops) > 0 {
		n := w.operations(ops)
		ops = ops[n:]
	}
	return w.steps
}
