package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"cutaway/inspect/record"
)

func newSnapshot(a *app) *cobra.Command {
	var file string
	var secrets bool
	c := &cobra.Command{
		Use:   "snapshot -o FILE",
		Short: "Save what is seen now in a file, for --from and diff",
		Long: "Save what is seen now in one compressed file, which every command that only looks shows with --from FILE: the processes,\n" +
			"containers and namespaces, the details of each process, and of the host and of each container's first process also mounts,\n" +
			"open files, threads, and what is seen from inside. Of other processes these are left out.\n\n" +
			"Values of environments and command lines that look like secrets are masked in the file, unless --secrets is given. The\n" +
			"file can be read by its owner alone. It still says much about a machine: give it only to whom you would let look.",
		Example: "  cutaway snapshot -o before.snap\n  cutaway --from before.snap\n  cutaway diff before.snap:db db\n" +
			"  ssh node cutaway snapshot -o - | cutaway --from -",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return a.snapshot(c.Context(), file, secrets) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&file, "output", "o", "", "write to `FILE`; - is standard output")
	flags.BoolVar(&secrets, "secrets", false, "keep the values that look like secrets")
	return c
}

func (a *app) snapshot(ctx context.Context, file string, secrets bool) error {
	switch out, ok := a.out.(*os.File); {
	case file == "":
		return usagef("say where to write: -o FILE, or -o - for standard output")
	case file == "-" && ok && isTerminal(out):
		return usagef("a snapshot is no text for a terminal: send it to a file or a pipe, or name a file with -o")
	}
	o := record.Options{Options: a.inspect, Cutaway: version(), Secrets: secrets}
	o.Patience = namePatience
	r, err := record.Take(ctx, o)
	if err != nil {
		return err
	}
	if len(r.Snapshot.Procs) == 0 {
		return errors.New("no process is to be seen in " + a.inspect.Proc + "; --proc DIR names a proc file system")
	}
	if file == "-" {
		return r.Write(a.out)
	}
	return r.WriteFile(file)
}
