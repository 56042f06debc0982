package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"cutaway/inspect"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/ui/text"
)

// mayChange refuses to change anything under --readonly, and elsewhere than on this machine.
func (a *app) mayChange(what string) error { return a.mayPlan(what, false) }

// mayPlan is mayChange for what may be only a rehearsal, which --readonly does not forbid.
func (a *app) mayPlan(what string, dryRun bool) error {
	if a.readonly && !dryRun {
		return fmt.Errorf("%s would change the system, which --readonly forbids", what)
	}
	if a.inspect.Proc != "/proc" || a.inspect.Cgroup != "" {
		return usagef("%s works on the processes of /proc here: leave out --proc and --cgroup", what)
	}
	return nil
}

// pinned is a target that something is done to.
type pinned struct {
	*control.Target
	process   *inspect.Process
	container *inspect.Container // nil when a process was named
}

// pin finds TARGET and holds on to it. The caller closes it.
func (a *app) pin(ctx context.Context, name string) (*pinned, error) {
	v, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	t, err := v.find(name)
	if err != nil {
		return nil, err
	}
	return t.pin()
}

func (t target) pin() (*pinned, error) {
	p, err := control.Pin(t.process.PID, t.process.Start, t.controlName())
	if err != nil {
		return nil, err
	}
	return &pinned{Target: p, process: t.process, container: t.container}, nil
}

// controlName is what the journal, messages and the engine's command line call a target.
func (t target) controlName() control.Name {
	c := t.container
	if c == nil {
		return control.Name{Title: t.process.Comm}
	}
	name := control.Name{Title: c.Name, Engine: c.Engine, ID: c.Name}
	if name.ID == "" {
		name.ID = c.ID
	}
	return name
}

// confirm asks a person before something that can hurt; without a terminal --yes must say so beforehand. The answer is no unless it is
// yes.
func (a *app) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !isTerminal(os.Stdin) {
		return fmt.Errorf("%s Nobody can be asked without a terminal: say --yes if that is meant", question)
	}
	if _, err := fmt.Fprintf(a.err, "%s ", a.forErr(question+" [y/N]")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(a.err)
	}
	return errors.New("nothing was changed")
}

// strangers counts the processes of the target's cgroup that are not the process or the container that was named: what is
// done to the cgroup is done to them too. It looks a second time before it counts what may just have been started.
func (a *app) strangers(ctx context.Context, p *pinned) (int, error) {
	pids, err := p.PIDs()
	if err != nil {
		return 0, err
	}
	members := []int{p.PID}
	count := func() (n int) {
		for _, pid := range pids {
			if !slices.Contains(members, pid) {
				n++
			}
		}
		return n
	}
	if p.container == nil {
		return count(), nil
	}
	if members = p.container.Members; count() == 0 {
		return 0, nil
	}
	v, err := a.look(ctx)
	if err != nil {
		return 0, err
	}
	if now := v.ContainerByKey(p.container.Key); now != nil {
		members = slices.Concat(members, now.Members)
	}
	return count(), nil
}

// besides says of how many strangers a question is too; "" for none.
func besides(strangers int) string {
	switch strangers {
	case 0:
		return ""
	case 1:
		return " 1 of them is not what was named."
	}
	return fmt.Sprintf(" %d of them are not what was named.", strangers)
}

// recorded tells when a change that was made is not in the journal.
func (a *app) recorded(e journal.Entry) {
	if e.Unwritten != nil {
		a.note("this change is not in the journal: " + e.Unwritten.Error())
	}
}

// say prints one line of another process's text.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintln(a.out, text.Sanitise(fmt.Sprintf(format, args...)))
	return err
}

// alone adds to the refusal to touch a cgroup that others share how the process can be reached alone.
func (p *pinned) alone(err error) error {
	if !errors.Is(err, cgroups.ErrShared) && !errors.Is(err, control.ErrProtected) || p.PID == 1 || p.PID == os.Getpid() {
		return err
	}
	what := "ends that process alone"
	if nspid := p.process.Facts.Status; nspid.OK() && len(nspid.Value.NSpid) > 1 && nspid.Value.NSpid[len(nspid.Value.NSpid)-1] == 1 {
		what = "ends it, and with it all processes of its PID namespace"
	}
	return fmt.Errorf("%w; `cutaway signal -s KILL %d` %s", err, p.PID, what)
}
