package cli

import (
	"github.com/spf13/cobra"
)

// shells are those for which cobra writes a completion script and that Linux users have.
var shells = []string{"bash", "zsh", "fish"}

func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print the completion script for bash, zsh or fish",
		Long:      "Print the completion script for a shell. To load it (in bash the package bash-completion must be there):\n\n  bash   source <(cutaway completion bash)\n  zsh    cutaway completion zsh > \"${fpath[1]}/_cutaway\"\n  fish   cutaway completion fish > ~/.config/fish/completions/cutaway.fish",
		ValidArgs: shells,
		Args:      wantArgs(1, 1, "a shell: bash, zsh or fish"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("cutaway completion", args[0], shells); err != nil {
				return err
			}
			switch root := c.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			default:
				return root.GenFishCompletion(a.out, true)
			}
		},
	}
}
