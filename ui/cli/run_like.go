package cli

import (
	"context"

	"github.com/spf13/cobra"

	"cutaway/sandbox"
)

// likeFlag is --like, with what it needs of the app: who TARGET is.
type likeFlag struct {
	target string
	find   func(ctx context.Context, name string) (pid int, start uint64, err error)
	notes  []string // on all that is not as the kernel has it
}

// findAlike finds who TARGET of --like is.
func (a *app) findAlike(ctx context.Context, name string) (pid int, start uint64, err error) {
	if err := a.mayPlan("run --like", true); err != nil {
		return 0, 0, err
	}
	return a.resolve(ctx, name)
}

// beginLike begins with the Spec of a running process. What is only printed is not fitted to this machine.
func (f *runFlags) beginLike(c *cobra.Command) error {
	if c.Flags().Changed("preset") || f.specFile != "" {
		return usagef("--like, --preset and --spec say how to begin: give one")
	}
	if f.print == "" {
		m, err := f.probe()
		if err != nil {
			return err
		}
		f.wish.Machine = m
	}
	pid, start, err := f.like.find(c.Context(), f.like.target)
	if err != nil {
		return err
	}
	like, err := sandbox.Like(pid, start, f.wish.Machine)
	if err != nil {
		return err
	}
	f.wish.From = &like.Spec
	for _, mark := range like.Marks {
		said := mark.Field
		if !mark.Known {
			said += " is not known"
		}
		f.like.notes = append(f.like.notes, said+": "+mark.Text)
	}
	return nil
}
