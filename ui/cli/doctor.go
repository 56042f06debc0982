package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect/proc"
	"cutaway/ui/text"
)

func newDoctor(a *app) *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this kernel and this user allow, and what to change",
		Long: "Say what this kernel and this user allow cutaway to see and to launch, and what to change to allow more. What\n" +
			"sandboxes need is tried, in processes that end at once. The status is 1 when something is broken without\n" +
			"which nothing works, else 0.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			found := a.examine(c.Context())
			if err := report(a, found, json); err != nil {
				return err
			}
			for _, f := range found {
				if f.essential && f.health == missing {
					return errAlreadySaid
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

// health is how a finding limits what can be seen.
type health uint8

const (
	fine health = iota
	limited
	missing
)

func (h health) String() string { return [...]string{"ok", "limited", "missing"}[h] }

// finding is what doctor says of one thing.
type finding struct {
	name      string
	health    health
	value     string // what was found
	meaning   string // what follows from it; "" when that is plain
	advice    string // what to do; "" when there is nothing
	essential bool   // nothing works without it
}

// patient is what the checks look at.
type patient struct {
	*app
	self   *proc.Status // our own; nil when it cannot be read
	mounts []proc.Mount // of our mount namespace
	view   *view        // nil when no snapshot could be taken
	broken error        // why
}

// checks are made in this order.
var checks = []func(*patient) []finding{
	checkTable, checkUser, checkCaps, checkUserNamespace, checkPIDNamespace, checkHost, checkHidePID, checkDenied,
	checkKernel, checkCgroups, checkPressure, checkLSM, checkSysctls, checkSandbox, checkEngines, checkTerminal,
}

func (a *app) examine(ctx context.Context) []finding {
	p := &patient{app: a}
	var status proc.Status
	if b, err := os.ReadFile("/proc/self/status"); err == nil && proc.ParseStatus(b, &status) == nil {
		p.self = &status
	}
	if b, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		p.mounts, _ = proc.ParseMountinfo(b) // the mounts before a line that is not understood serve too
	}
	p.view, p.broken = a.look(ctx)
	var found []finding
	for _, check := range checks {
		found = append(found, check(p)...)
	}
	return found
}

func report(a *app, found []finding, json bool) error {
	if json {
		return reportJSON(a, found)
	}
	st := a.style()
	_, err := io.WriteString(a.out, reportText(st, found))
	return err
}

// reportText is a line for each finding, and below it what it means. On a narrow terminal long names stand alone on theirs.
func reportText(st *style, found []finding) string {
	var w strings.Builder
	width := 0
	for _, f := range found {
		width = max(width, text.Width(f.name))
	}
	if st.width > 0 && st.width < 110 {
		width = min(width, len("sandbox: user namespaces"))
	}
	indent := len("limited  ") + width + len(gap)
	for _, f := range found {
		lead := st.health(f.health) + f.name
		if text.Width(f.name) > width {
			lead += "\n" + strings.Repeat(" ", indent)
		} else {
			lead += strings.Repeat(" ", width-text.Width(f.name)) + gap
		}
		fmt.Fprintf(&w, "%s%s\n", lead, st.glyphs.Text(st.wrap(text.Sanitise(f.value), indent)))
		for _, line := range []string{f.meaning, f.advice} {
			if line != "" {
				line = strings.Repeat(" ", indent) + st.wrap(text.Sanitise(line), indent)
				fmt.Fprintf(&w, "%s\n", st.dim(st.glyphs.Text(line)))
			}
		}
	}
	return w.String()
}

// health writes the word with which a finding begins.
func (st *style) health(h health) string {
	word := fmt.Sprintf("%-9s", h)
	switch h {
	case limited:
		return st.yellow(word)
	case missing:
		return st.red(word)
	default:
		return st.green(word)
	}
}

func reportJSON(a *app, found []finding) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		j.key("checks").openArray()
		for _, f := range found {
			j.elem().open()
			j.key("name").string(f.name)
			j.key("status").string(f.health.String())
			j.text("value", f.value)
			j.text("meaning", f.meaning)
			j.text("advice", f.advice)
			j.close()
			j.newline()
		}
		j.closeArray()
	})
}
