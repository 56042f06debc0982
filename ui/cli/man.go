package cli

import (
	"bufio"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page (cutaway man | man -l -)",

		DisableFlagsInUseLine: true, // running the command gives it --help; the page is the same as without running it
		Args:                  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return writeMan(a.out, c.Root())
		},
	}
}

// writeMan writes a manual page of all commands in man(7)'s macros.
func writeMan(out io.Writer, root *cobra.Command) error {
	m := manWriter{w: bufio.NewWriter(out)}
	m.line(`.TH CUTAWAY 1 "" "cutaway" "User Commands"`)
	m.section("NAME")
	m.line(`cutaway \- ` + roff(lowerFirst(root.Short)))
	m.section("SYNOPSIS")
	for _, c := range commandsOf(root) {
		m.line(".B " + roff(c.CommandPath()))
		if rest := strings.TrimSpace(strings.TrimPrefix(c.UseLine(), c.CommandPath())); rest != "" {
			m.line(roff(rest))
		}
		m.line(".br")
	}
	m.section("DESCRIPTION")
	m.text(root.Long)
	m.section("OPTIONS")
	m.text("These work with every command:")
	m.flags(root.PersistentFlags())
	m.text("Of the screen:")
	m.flags(root.LocalNonPersistentFlags())
	m.section("COMMANDS")
	for _, c := range commandsOf(root)[1:] {
		m.command(c)
	}
	m.tail()
	return m.w.Flush()
}

// manWriter writes roff.
type manWriter struct{ w *bufio.Writer }

func (m manWriter) line(s string)       { _, _ = m.w.WriteString(s + "\n") }
func (m manWriter) section(name string) { m.line(".SH " + name) }

// command writes one command with its flags and examples.
func (m manWriter) command(c *cobra.Command) {
	m.line(".SS " + roff(strings.TrimPrefix(c.UseLine(), c.Root().Name()+" ")))
	if c.Long != "" {
		m.text(c.Long)
	} else {
		m.text(c.Short + ".")
	}
	m.flags(c.LocalNonPersistentFlags())
	if c.Example != "" {
		m.line(".PP\nExamples:")
		m.verbatim(strings.Split(c.Example, "\n"))
	}
}

// text writes paragraphs. Indented lines are tables.
func (m manWriter) text(s string) {
	m.line(".PP")
	var block []string
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasPrefix(line, "  ") {
			block = append(block, line)
			continue
		}
		m.table(block)
		block = nil
		if line == "" {
			m.line(".PP")
		} else {
			m.line(roff(line))
		}
	}
	m.table(block)
}

// table writes lines of two columns, which may be wider than a page is.
func (m manWriter) table(lines []string) {
	if len(lines) == 0 {
		return
	}
	for _, line := range lines {
		lead, rest, _ := strings.Cut(strings.TrimSpace(line), "  ")
		m.line(".TP 14\n" + roff(lead) + "\n" + roff(strings.TrimSpace(rest)))
	}
	m.line(".PP")
}

func (m manWriter) verbatim(lines []string) {
	if len(lines) == 0 {
		return
	}
	m.line(".PP\n.nf")
	for _, line := range lines {
		m.line(roff(line))
	}
	m.line(".fi\n.PP")
}

func (m manWriter) flags(flags *pflag.FlagSet) {
	groups := flagGroups(flags)
	for _, group := range groups {
		if len(groups) > 1 {
			m.line(".PP\n" + roff(group.title) + ":")
		}
		for _, f := range group.flags {
			name, usage := flagText(f)
			m.line(".TP\n.B " + roff(name) + "\n" + roff(usage))
		}
	}
}

// tail is what holds for all commands.
func (m manWriter) tail() {
	m.section("EXIT STATUS")
	m.line(".TP\n.B 0\nAll went well.\n.TP\n.B 1\nSomething failed; standard error says what.\n.TP\n.B 2\nWrong usage.\n.TP\n.B 125\nThe launch of run, or the way into the target of enter, failed.\n.TP\n.B 126\nTheir command cannot be executed.\n.TP\n.B 127\nTheir command is not there.\n.TP\n.B 128+N\nSignal N ended their command.\n.TP\n.B 130\nEnded by Ctrl\\-C.")
	m.section("ENVIRONMENT")
	m.line(".TP\n.B NO_COLOR\nWhen not empty, no colour is used unless \\-\\-color always says so.")
	m.line(".TP\n.BR LC_ALL , \" LC_CTYPE\" , \" LANG\"\nWithout UTF\\-8 there, only ASCII is drawn.")
	m.section("SEE ALSO")
	m.line(".BR lsns (8),\n.BR namespaces (7),\n.BR cgroups (7),\n.BR capabilities (7),\n.BR proc (5)")
}

// roff escapes text so that no macro and no escape is seen in it (groff_char(7)).
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", "\\`", "…", `\&...`, "−", `\-`, "·", `\(bu`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// commandsOf lists a command and all below it that people should see, in the order of their help.
func commandsOf(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.Name() != "help" && !sub.Hidden {
			list = append(list, commandsOf(sub)...)
		}
	}
	return list
}
