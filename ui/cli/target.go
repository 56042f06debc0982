package cli

import (
	"errors"
	"fmt"
	"strconv"

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

// find resolves TARGET, see inspect.Snapshot's Find.
func (v *view) find(name string) (target, error) {
	if name == "self" {
		return v.findSelf()
	}
	p, c, err := v.Find(name)
	var several *inspect.AmbiguousError
	if errors.As(err, &several) {
		return target{}, usageError{err}
	}
	return target{container: c, process: p}, err
}

func (v *view) findSelf() (target, error) {
	pid, err := v.self()
	if err != nil {
		return target{}, err
	}
	if p := v.ByPID(pid); p != nil {
		return target{process: p}, nil
	}
	return target{}, fmt.Errorf("self (PID %d) is not in this process table; give a PID", pid)
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
