package cli

import (
	"bufio"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/sandbox/journal"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// journalFlags are the flags of `cutaway journal`.
type journalFlags struct {
	json bool
	last int
}

func newJournal(a *app) *cobra.Command {
	var f journalFlags
	c := &cobra.Command{
		Use:   "journal [TEXT]",
		Short: "List the changes that cutaway has made, as shell lines",
		Long: "List the changes that cutaway has made to the system, the newest last: when, the ID by which `cutaway limits --undo`\n" +
			"takes it back, to what, the result, and the shell line that does the same. With TEXT only those to a target whose\n" +
			"name contains it. The journal is $XDG_STATE_HOME/cutaway/journal.jsonl, ~/.local/state/cutaway/journal.jsonl by default.",
		Example:           "  cutaway journal\n  cutaway journal -n 5 db\n  cutaway journal --json | jq -r '.entries[].shell'",
		Args:              wantArgs(0, 1, "TEXT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			want := journal.Filter{Last: f.last}
			if len(args) > 0 {
				want.Target = args[0]
			}
			return a.journal(want, f)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.IntVarP(&f.last, "last", "n", 20, "at most the last `N` changes; 0 is all")
	flags.BoolVar(&f.json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

func (a *app) journal(want journal.Filter, f journalFlags) error {
	if f.last < 0 {
		return usagef("--last takes 0 or more, not %d", f.last)
	}
	path, err := journal.Path()
	if err != nil {
		return err
	}
	entries, skipped, err := journal.Read(want)
	if err != nil {
		return err
	}
	if f.json {
		return journalJSON(a, path, entries, skipped)
	}
	if skipped > 0 {
		a.note(change.Counted(skipped, "line", "lines") + " of " + path + " cannot be understood and are left out")
	}
	return journalText(a, entries)
}

// journalText prints two lines for each change.
func journalText(a *app, entries []journal.Entry) error {
	st := a.style()
	w := bufio.NewWriter(a.out)
	print := func(s string) { _, _ = w.WriteString(st.glyphs.Text(s)) }
	for i := range entries {
		e := &entries[i]
		result := st.green(e.Result)
		if !e.OK() {
			result = st.red(text.Sanitise(strings.Join(strings.Fields(e.Result), " "))) // it may be of several lines
		}
		head := e.Time.Local().Format("2006-01-02 15:04:05") + gap + text.Sanitise(e.Batch) + gap + st.bold(text.Sanitise(e.Action)) + gap + text.Sanitise(e.Target)
		if e.Undoes != "" {
			head += gap + "takes back " + text.Sanitise(e.Undoes)
		}
		print(head + gap + result + "\n")
		line := "  $ " + text.Sanitise(e.Shell)
		if e.File != "" {
			line += st.dim("   # was " + orEmpty(text.Sanitise(e.Old)))
		}
		print(line + "\n")
	}
	return w.Flush()
}

func orEmpty(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

func journalJSON(a *app, path string, entries []journal.Entry, skipped int) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		j.text("journal", path)
		j.key("skipped").int(skipped)
		j.key("entries").openArray()
		for i := range entries {
			e := &entries[i]
			j.elem().open()
			j.key("time").decimal(float64(e.Time.UnixMicro())/1e6, 6)
			j.text("id", e.ID)
			j.text("batch", e.Batch)
			j.key("by_pid").int(e.PID)
			j.key("by_uid").int(e.UID)
			j.text("action", e.Action)
			j.text("target", e.Target)
			j.text("shell", e.Shell)
			j.text("file", e.File)
			j.text("device", e.Device)
			j.text("old", e.Old)
			j.text("new", e.New)
			j.text("result", e.Result)
			j.key("errno").int(e.Errno)
			j.text("undoes", e.Undoes)
			j.key("can_undo").bool(e.Undo != nil && e.OK())
			j.close()
			j.newline()
		}
		j.closeArray()
	})
}
