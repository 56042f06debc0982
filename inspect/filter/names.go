package filter

import (
	"fmt"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/reading"
)

// any is the value that stands for every name but none.
const anyName = "*"

func newNameNeedle(value string) needle {
	if value == anyName {
		return newNeedle("")
	}
	return newNeedle(value)
}

// matchName is a bare word: the name that the kernel, the command line or an engine gives. comm is always known, so a
// command line that was refused does not make the answer unknown.
func matchName(value string) test {
	n := newNeedle(value)
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		return answerOf(n.in(p.Comm) || n.in(p.Facts.Cmdline.Value) ||
			p.Container != nil && n.in(p.Container.Name))
	}
}

// shortestID is how much of a container's id must be typed before it is taken for one.
const shortestID = 4

func matchContainer(value string) (test, error) {
	is := containerNamed(value)
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		return answerOf(p.Container != nil && is(p.Container))
	}, nil
}

// containerNamed tells a container by a part of its name or the beginning of its id.
func containerNamed(value string) func(*inspect.Container) bool {
	n := newNameNeedle(value)
	return func(c *inspect.Container) bool {
		return n.in(c.Name) || (len(n.text) >= shortestID && n.begins(c.ID))
	}
}

func matchEngine(value string) (test, error) {
	n := newNameNeedle(value)
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		return answerOf(p.Container != nil && n.in(p.Container.Engine))
	}, nil
}

func matchCgroup(value string) (test, error) {
	n := newNeedle(value)
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		c := &p.Facts.Cgroup
		if !c.OK() {
			return missing(c.How)
		}
		for i := range c.Value.Lines {
			if n.in(c.Value.Lines[i].Path) {
				return yes
			}
		}
		return no
	}, nil
}

func matchLabel(value string) (test, error) {
	n := newNeedle(value)
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		l := &p.Facts.Label
		if !l.OK() {
			return missing(l.How)
		}
		return answerOf(n.in(l.Value.Raw))
	}, nil
}

// missing is the answer of a term about a value that is not there: what this kernel does not have is a plain no.
func missing(how reading.How) answer {
	if how.State == reading.Absent {
		return no
	}
	return unknown
}

// matchState takes one or several of the letters of proc_pid_stat(5).
func matchState(value string) (test, error) {
	letters := strings.ToUpper(value)
	if bad := strings.Trim(letters, "RSDZTIXKWP"); bad != "" {
		return nil, fmt.Errorf("state:%s: the states are R running, S sleeping, D waiting for a disk, Z zombie, T stopped, I idle", value)
	}
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		return answerOf(strings.IndexByte(letters, foldState(p.State)) >= 0)
	}, nil
}

// foldState makes t (stopped by a tracer) and x one with T and X.
func foldState(state byte) byte {
	if state >= 'a' && state <= 'z' {
		return state - 'a' + 'A'
	}
	return state
}
