package cli

import (
	"bufio"
	"slices"

	"cutaway/sandbox/control"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// carryOut prints a plan, asks whether it is meant when it can hurt, applies it and prints what came of it.
func (a *app) carryOut(p *control.Plan, f limitsFlags, hurts bool) error {
	if err := a.printPlan(p); err != nil {
		return err
	}
	if f.dryRun || len(p.Writes) == 0 {
		return nil
	}
	if hurts {
		if err := a.confirm(f.yes, change.LimitsQuestion(p.Target)); err != nil {
			return err
		}
	}
	results, batch, err := p.Apply()
	for _, r := range results {
		a.recorded(r.Entry)
	}
	if err != nil {
		return err
	}
	return a.printResults(results, batch)
}

// printPlan says for each write what it replaces, what will happen, and the shell line that does the same.
func (a *app) printPlan(p *control.Plan) error {
	st := a.style()
	w := bufio.NewWriter(a.out)
	print := func(s string) { _, _ = w.WriteString(st.glyphs.Text(s)) }
	print(st.bold("limits of "+text.Sanitise(p.Target)) + "\n")
	for _, name := range p.Same {
		print("  " + name + " is as asked already\n")
	}
	for i := range p.Writes {
		write := &p.Writes[i]
		what := text.Sanitise(write.What)
		if write.Hurts {
			what = st.yellow(what)
		}
		print("  " + st.bold(change.LimitName(write)) + gap + change.ShownValue(write, write.Old) + " → " + change.ShownValue(write, write.New) + "\n")
		print("    " + st.wrap(what, 4) + "\n")
		print(st.dim("    $ "+text.Sanitise(write.Shell)) + "\n")
	}
	for _, line := range p.Warnings {
		print(st.yellow("  ! ") + st.wrap(text.Sanitise(line), 4) + "\n")
	}
	return w.Flush()
}

func (a *app) printResults(results []control.Result, batch string) error {
	for i := range results {
		r := &results[i]
		if !r.Rounded {
			continue
		}
		if err := a.say("%s: the kernel keeps %s, rounded from %s", change.LimitName(&r.Write), change.ShownValue(&r.Write, r.Now), change.ShownValue(&r.Write, r.New)); err != nil {
			return err
		}
	}
	what := "changed and read back: " + change.Counted(len(results), "file", "files")
	if slices.ContainsFunc(results, func(r control.Result) bool { return r.Entry.Unwritten == nil }) {
		what += "; `cutaway limits --undo " + batch + "` takes it back"
	}
	return a.say("%s", what)
}
