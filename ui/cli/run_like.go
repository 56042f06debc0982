package cli

import (
	"context"

	"github.com/spf13/cobra"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
)

// likeFlag is what --like needs of the app: who TARGET is.
type likeFlag struct {
	target string
	find   func(ctx context.Context, name string) (pid int, start uint64, err error)
}

// findAlike finds who TARGET of --like is.
func (a *app) findAlike(ctx context.Context, name string) (pid int, start uint64, err error) {
	if err := a.mayPlan("run --like", true); err != nil {
		return 0, 0, err
	}
	return a.resolve(ctx, name)
}

// begin is the Spec of a running process, with a note for all that is not as the kernel has it. What is only printed is not
// fitted to this machine.
func (l *likeFlag) begin(ctx context.Context, m *check.Machine) (*sandbox.Spec, []string, error) {
	pid, start, err := l.find(ctx, l.target)
	if err != nil {
		return nil, nil, err
	}
	like, err := sandbox.Like(pid, start, m)
	if err != nil {
		return nil, nil, err
	}
	var notes []string
	for _, mark := range like.Marks {
		said := mark.Field
		if !mark.Known {
			said += " is not known"
		}
		notes = append(notes, said+": "+mark.Text)
	}
	return &like.Spec, notes, nil
}

// beginLike is begin's part for --like.
func (f *runFlags) beginLike(c *cobra.Command) (*sandbox.Spec, []string, error) {
	if c.Flags().Changed("preset") || f.specFile != "" {
		return nil, nil, usagef("--like, --preset and --spec say how to begin: give one")
	}
	if f.print == "" {
		m, err := f.probe()
		if err != nil {
			return nil, nil, err
		}
		f.machine = m
	}
	return f.like.begin(c.Context(), f.machine)
}
