package cli

import (
	"bufio"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
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
		if err := a.confirm(f.yes, "Change the limits of "+p.Target+"? This can hurt what runs there."); err != nil {
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
		print("  " + st.bold(limitName(write)) + gap + shownValue(write, write.Old) + " → " + shownValue(write, write.New) + "\n")
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
		if err := a.say("%s: the kernel keeps %s, rounded from %s", limitName(&r.Write), shownValue(&r.Write, r.Now), shownValue(&r.Write, r.New)); err != nil {
			return err
		}
	}
	what := "changed and read back: " + counted(len(results), "file", "files")
	if slices.ContainsFunc(results, func(r control.Result) bool { return r.Entry.Unwritten == nil }) {
		what += "; `cutaway limits --undo " + batch + "` takes it back"
	}
	return a.say("%s", what)
}

// limitName is what a write limits: v1's file for swap has memory in it too.
func limitName(w *control.Write) string {
	if filepath.Base(w.File) == "memory.memsw.limit_in_bytes" {
		return "memory and swap"
	}
	return w.Limit
}

// shownValue is a value as a person reads it: sizes with a unit, no limit as max.
func shownValue(w *control.Write, value string) string {
	switch name := filepath.Base(w.File); {
	case value == "":
		return "empty"
	case strings.HasPrefix(name, "memory."):
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
			return limit.Amount(n).Bytes()
		}
		return unlimited
	case name == "cpu.max":
		return shownCPUs(value)
	case name == "cpu.cfs_quota_us" && value == "-1":
		return unlimited
	case name == "cpu.cfs_quota_us" || name == "cpu.cfs_period_us":
		return fmt.Sprintf("%s µs", value)
	}
	return text.Sanitise(value)
}

// shownCPUs is a value of cpu.max, "50000 100000", as processors.
func shownCPUs(value string) string {
	quotaText, periodText, _ := strings.Cut(value, " ")
	quota, err1 := strconv.ParseUint(quotaText, 10, 64)
	period, err2 := strconv.ParseUint(periodText, 10, 64)
	switch {
	case quotaText == unlimited:
		return unlimited
	case err1 != nil || err2 != nil || period == 0:
		return text.Sanitise(value)
	}
	return limit.FormatCPUs(float64(quota)/float64(period)) + " CPUs"
}
