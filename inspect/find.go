package inspect

import (
	"fmt"
	"strconv"
	"strings"
)

// AmbiguousError says that a name fits several containers.
type AmbiguousError struct {
	Name  string
	Found []*Container
}

// Error lists the containers, each by what tells it apart.
func (e *AmbiguousError) Error() string {
	list := make([]string, len(e.Found))
	for i, c := range e.Found {
		list[i] = fmt.Sprintf("%s (%s %.12s, PID %d)", c.Name, c.Engine, c.ID, c.Init)
	}
	return fmt.Sprintf("%q fits %d containers, give an id or a PID: %s", e.Name, len(e.Found), strings.Join(list, ", "))
}

// Find resolves what a person calls a process or a container: a PID, a container's name, or the beginning of its id. A number
// that is a PID is that; names must match whole. c is nil when a process was named, else p is the one that stands for it.
// Several that fit are an *AmbiguousError.
func (s *Snapshot) Find(name string) (p *Process, c *Container, err error) {
	if pid, err := strconv.Atoi(name); err == nil {
		if p := s.ByPID(pid); p != nil {
			return p, nil, nil
		}
	}
	found := s.containersNamed(name)
	switch len(found) {
	case 0:
		return nil, nil, fmt.Errorf("no process and no container is called %q; `cutaway ps --tree container` lists them", name)
	case 1:
		c := found[0]
		if p := s.Stands(c); p != nil {
			return p, c, nil
		}
		return nil, nil, fmt.Errorf("container %q has ended", c.Name)
	}
	return nil, nil, &AmbiguousError{name, found}
}

// Stands is the process that stands for a container: its first, else any; nil when all ended.
func (s *Snapshot) Stands(c *Container) *Process {
	if p := s.ByPID(c.Init); p != nil {
		return p
	}
	if len(c.Procs) > 0 {
		return &s.Procs[c.Procs[0]]
	}
	return nil
}

// containersNamed lists the containers of that very name; without one, those whose id begins so.
func (s *Snapshot) containersNamed(name string) []*Container {
	var named, prefixed []*Container
	for _, c := range s.Containers {
		if c.Name == name {
			named = append(named, c)
		}
		if name != "" && strings.HasPrefix(c.ID, name) {
			prefixed = append(prefixed, c)
		}
	}
	if len(named) > 0 {
		return named
	}
	return prefixed
}
