package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"cutaway/inspect/caps"
)

func newEncode(a *app) *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "encode NAME...",
		Short: "Turn capability names into a mask",
		Long: "Turn capability names into a mask: with cap_ in front or without, in any case, separated by blanks or commas.\n" +
			"A number stands for its bit, all for every capability, and a name after - is taken away again.",
		Example:           "  cutaway caps encode chown,net_raw\n  cutaway caps encode all -sys_admin",
		Args:              wantArgs(1, -1, "at least one name such as net_admin"),
		ValidArgsFunction: completeCaps,
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := caps.Encode(args...)
			if err != nil {
				return usageError{err}
			}
			if json {
				return decodeJSON(a, []caps.Set{set})
			}
			_, err = fmt.Fprintln(a.out, set.Hex())
			return err
		},
	}
	c.Flags().BoolVar(&json, "json", false, "print JSON as decode does")
	c.Flags().SetInterspersed(false) // so that -sys_admin is a name
	return c
}

func completeCaps(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return caps.UpTo(caps.LastKnown()).Short(), cobra.ShellCompDirectiveNoFileComp
}
