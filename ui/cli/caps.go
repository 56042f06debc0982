package cli

import (
	"github.com/spf13/cobra"

	"cutaway/inspect/caps"
	"cutaway/inspect/reading"
)

func newCaps(a *app) *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "caps TARGET",
		Short: "Show a process's five capability sets; decode and encode masks",
		Long: "Show the five capability sets of a process as a matrix, and over which user namespace they count.\n\n" +
			targetHelp + "A container stands for its first process.",
		Example: "  cutaway caps 4242\n  cutaway caps decode 00000000a80425fb\n  cutaway caps encode net_admin,sys_ptrace",
		Args:    wantArgs(1, 1, "TARGET, or decode MASK, or encode NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := a.look(c.Context())
			if err != nil {
				return err
			}
			t, err := v.find(args[0])
			if err != nil {
				return err
			}
			if json {
				return capsJSON(a, v, t.process)
			}
			return capsText(a, v, t.process)
		},
		ValidArgsFunction: a.completeTarget,
	}
	c.Flags().BoolVar(&json, "json", false, "print JSON, which docs/json.md describes")
	c.AddCommand(newDecode(a), newEncode(a))
	return c
}

// highest is a kernel's highest capability, or the highest known here when the kernel does not say (before Linux 3.2).
func highest(last reading.Of[caps.Cap]) caps.Cap {
	if last.OK() {
		return last.Value
	}
	return caps.LastKnown()
}

// lastCap is the highest of this machine's kernel, for masks that are no process's.
func (a *app) lastCap() caps.Cap { return highest(caps.Last(a.inspect.Proc)) }
