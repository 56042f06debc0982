package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cutaway/ui/text"
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

// The widths of help: of a file's lines, and of the widest that is still easy to read.
const (
	helpWidth    = 80
	helpWidthMax = 100
)

// printHelp prints the help of a command for the terminal that it goes to.
func (a *app) printHelp(c *cobra.Command) {
	width := a.style().width
	if width == 0 {
		width = helpWidth
	}
	_, _ = io.WriteString(a.out, helpOf(c, min(width, helpWidthMax)))
}

// helpOf is the help of a command in lines of so many cells.
func helpOf(c *cobra.Command, width int) string {
	h := &helpWriter{width: width}
	h.text(c.Long)
	h.line("\nUsage:")
	for _, line := range usageLines(c) {
		h.line("  " + fold(line, width-2, 6))
	}
	if c.Example != "" {
		h.line("\nExamples:")
		for line := range strings.SplitSeq(c.Example, "\n") {
			h.line("  " + h.row(strings.TrimPrefix(line, "  ")))
		}
	}
	h.commands(c)
	for _, group := range flagGroups(c.LocalNonPersistentFlags()) {
		h.flags(group)
	}
	h.flags(flagGroup{"Flags of every command", flagsOf(everywhere(c))})
	if c.HasAvailableSubCommands() {
		h.line("\n" + fold(fmt.Sprintf("%s COMMAND --help says more about a command.", c.CommandPath()), width, 0))
	}
	return h.String()
}

// usageLines are the forms of a command.
func usageLines(c *cobra.Command) []string {
	lines := []string{c.UseLine()}
	if c.HasAvailableSubCommands() {
		lines = append(lines, c.CommandPath()+" COMMAND")
	}
	return lines
}

// everywhere are the flags that every command has, but for those that this one has for itself.
func everywhere(c *cobra.Command) *pflag.FlagSet {
	if c.HasParent() {
		return c.InheritedFlags()
	}
	return c.PersistentFlags()
}

// flagGroup is some flags of a command under a title.
type flagGroup struct {
	title string
	flags []*pflag.Flag
}

// titleOf is the annotation by which a flag belongs to a group.
const titleOf = "title"

// flagGroups are the flags in their order; those without a title of their own are just flags.
func flagGroups(flags *pflag.FlagSet) (groups []flagGroup) {
	for _, f := range flagsOf(flags) {
		title := "Flags"
		if t := f.Annotations[titleOf]; len(t) > 0 {
			title = t[0]
		}
		if len(groups) == 0 || groups[len(groups)-1].title != title {
			groups = append(groups, flagGroup{title: title})
		}
		last := &groups[len(groups)-1]
		last.flags = append(last.flags, f)
	}
	return groups
}

// flagsOf lists the flags that people should see.
func flagsOf(flags *pflag.FlagSet) (list []*pflag.Flag) {
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" && f.Name != "version" {
			list = append(list, f)
		}
	})
	return list
}

// flagText is a flag as it is typed, and what it does.
func flagText(f *pflag.Flag) (name, usage string) {
	value, usage := pflag.UnquoteUsage(f)
	name = "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0s" {
		usage += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return name, usage
}

// helpWriter writes the parts of a help.
type helpWriter struct {
	strings.Builder
	width int
}

func (h *helpWriter) line(s string) { h.WriteString(s + "\n") }

// text writes paragraphs. Indented lines are tables and stay as they are.
func (h *helpWriter) text(s string) {
	var words []string
	flush := func() {
		if len(words) > 0 {
			h.line(fold(strings.Join(words, " "), h.width, 0))
		}
		words = nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		switch {
		case line == "":
			flush()
			h.line("")
		case strings.HasPrefix(line, "  "):
			flush()
			h.line("  " + h.row(strings.TrimPrefix(line, "  ")))
		default:
			words = append(words, strings.TrimSpace(line))
		}
	}
	flush()
}

// row is a line of a table: what follows the first column is broken below its own beginning.
func (h *helpWriter) row(line string) string {
	lead, rest, columns := strings.Cut(line, "  ")
	if !columns {
		return line
	}
	words := strings.TrimLeft(rest, " ")
	lead += line[len(lead) : len(line)-len(words)]
	indent := 2 + text.Width(lead)
	if h.width-indent < 20 {
		return line
	}
	return lead + fold(words, h.width-indent, indent)
}

// flagColumn is where what a flag does begins; it stands on a line of its own below a flag that is longer.
const flagColumn = 26

func (h *helpWriter) flags(g flagGroup) {
	if len(g.flags) == 0 {
		return
	}
	h.line("\n" + fold(g.title+":", h.width, 2))
	indent := flagColumn
	if h.width < 60 {
		indent = 8
	}
	for _, f := range g.flags {
		name, usage := flagText(f)
		if f.Shorthand == "" {
			name = "    " + name
		}
		name = "  " + name
		if len(name)+2 > indent {
			name += "\n"
		}
		at := name[strings.LastIndexByte(name, '\n')+1:]
		h.line(name + strings.Repeat(" ", indent-len(at)) + fold(usage, h.width-indent, indent))
	}
}

// commands lists the commands below one, under the titles of their groups.
func (h *helpWriter) commands(c *cobra.Command) {
	title := ""
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() && sub.Name() != "help" {
			continue
		}
		group := "Commands"
		for _, g := range c.Groups() {
			if g.ID == sub.GroupID {
				group = g.Title
			}
		}
		if group != title {
			h.line("\n" + fold(group+":", h.width, 0))
			title = group
		}
		h.line("  " + h.row(text.PadRight(sub.Name(), len("completion"))+gap+sub.Short))
	}
}
