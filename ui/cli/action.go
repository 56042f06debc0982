package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"cutaway/inspect"
	"cutaway/sandbox/control"
	"cutaway/sandbox/journal"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// mayChange refuses to change anything under --readonly, and elsewhere than on this machine.
func (a *app) mayChange(what string) error { return a.mayPlan(what, false) }

// mayPlan is mayChange for what may be only a rehearsal, which --readonly does not forbid.
func (a *app) mayPlan(what string, dryRun bool) error {
	if a.readonly && !dryRun {
		return fmt.Errorf("%s would change the system, which --readonly forbids", what)
	}
	if a.from != "" {
		return worksHere(what)
	}
	if change.Elsewhere(a.inspect) {
		return usagef("%s works on the processes of /proc here: leave out --proc and --cgroup", what)
	}
	return nil
}

// pinned is a target that something is done to.
type pinned struct {
	*control.Target
	named change.Target
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
	p := &pinned{named: change.Of(t.process, t.container)}
	var err error
	p.Target, err = p.named.Pin()
	return p, err
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

// strangers counts the processes of the target's cgroup that are not what was named.
func (a *app) strangers(ctx context.Context, p *pinned) (int, error) {
	pids, err := p.PIDs()
	if err != nil {
		return 0, err
	}
	return p.named.Strangers(pids, func() (*inspect.Snapshot, error) {
		v, err := a.look(ctx)
		if err != nil {
			return nil, err
		}
		return v.Snapshot, nil
	})
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
	if what := p.named.Alone(err); what != "" {
		return fmt.Errorf("%w; `cutaway signal -s KILL %d` %s", err, p.PID, what)
	}
	return err
}
