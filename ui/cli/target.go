package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect"
	"cutaway/ui/text"
)

// targetHelp says what TARGET is.
const targetHelp = "TARGET is a PID, a container's name, the beginning of a container's id, or self. "

// target is what TARGET names: a container (with its first process) or a process.
type target struct {
	container *inspect.Container // nil when a process was named
	process   *inspect.Process
}

// find resolves TARGET. A number that is a PID is that; names must match whole, ids may be cut short.
func (v *view) find(name string) (target, error) {
	if name == "self" {
		return v.findSelf()
	}
	if pid, err := strconv.Atoi(name); err == nil {
		if p := v.ByPID(pid); p != nil {
			return target{process: p}, nil
		}
	}
	found := v.containersNamed(name)
	switch len(found) {
	case 0:
		return target{}, fmt.Errorf("no process and no container is called %q; `cutaway ps --tree container` lists them", name)
	case 1:
		return v.containerTarget(found[0])
	}
	return target{}, ambiguous(name, found)
}

// findSelf asks the proc file system that is looked at who we are there (proc_pid_self(5)).
func (v *view) findSelf() (target, error) {
	link, err := os.Readlink(filepath.Join(v.procRoot, "self"))
	if err != nil {
		return target{}, fmt.Errorf("cannot tell who self is, give a PID: %w", err)
	}
	if pid, err := strconv.Atoi(link); err == nil {
		if p := v.ByPID(pid); p != nil {
			return target{process: p}, nil
		}
	}
	return target{}, fmt.Errorf("self is not in this process table (%s/self leads to %q); give a PID", v.procRoot, link)
}

// containersNamed lists the containers of that very name; without one, those whose id begins so.
func (v *view) containersNamed(name string) []*inspect.Container {
	var named, prefixed []*inspect.Container
	for _, c := range v.Containers {
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

func (v *view) containerTarget(c *inspect.Container) (target, error) {
	p := v.ByPID(c.Init)
	if p == nil && len(c.Procs) > 0 {
		p = &v.Procs[c.Procs[0]]
	}
	if p == nil {
		return target{}, fmt.Errorf("container %q has ended", c.Name)
	}
	return target{container: c, process: p}, nil
}

// ambiguous lists the containers that a name fits, each by what tells it apart.
func ambiguous(name string, found []*inspect.Container) error {
	list := make([]string, len(found))
	for i, c := range found {
		list[i] = fmt.Sprintf("%s (%s %s, PID %d)", c.Name, c.Engine, text.ShortID(c.ID), c.Init)
	}
	return usagef("%q fits %d containers, give an id or a PID: %s", name, len(found), strings.Join(list, ", "))
}

// processTitle names a process for the head of a page.
func processTitle(p *inspect.Process) string {
	title := text.Sanitise(p.Comm) + "  " + strconv.Itoa(p.PID)
	if p.Container != nil {
		title += "  in " + text.Sanitise(p.Container.Name) + " (" + text.Sanitise(p.Container.Engine) + ")"
	}
	return title
}

// completeTarget completes the names of containers.
func (a *app) completeTarget(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := []string{"self"}
	v, err := a.look(c.Context())
	if err != nil {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for _, found := range v.Containers {
		names = append(names, text.Sanitise(found.Name))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
