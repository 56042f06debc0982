package cli

import (
	"github.com/spf13/cobra"
)

// newHelp is `cutaway help COMMAND`; cobra's own prints an unknown command on two lines and exits with 0.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print help on a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || (len(rest) > 0 && c == root) {
				return noCommand(root, args)
			}
			return c.Help()
		},
	}
}
