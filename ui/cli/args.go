package cli

import (
	"github.com/spf13/cobra"
)

// noArgs is for commands that take none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, not %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// wantArgs is for commands that need between least and most arguments (most < 0: any number), which name describes.
func wantArgs(least, most int, name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s needs %s; see %s --help", c.CommandPath(), name, c.CommandPath())
		case most >= 0 && len(args) > most:
			return usagef("%s takes one %s, not also %q; see %s --help", c.CommandPath(), name, args[most], c.CommandPath())
		}
		return nil
	}
}

// completeWith completes the value of a flag with fixed words.
func completeWith(c *cobra.Command, flag string, words ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // a flag by that name was not defined: a mistake in this package
	}
}
