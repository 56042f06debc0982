// Command report reads `go test -json` and prints what a person wants of it: the output of what failed, a line for each
// package, and at the end every skipped test with its reason. It fails when a test failed, and when a test was skipped
// for a reason that -allow does not match: one that its lane had to run.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// event is one line of test2json(1)'s output, see `go doc test2json`.
type event struct {
	Action, Package, ImportPath, Test, Output string
}

type skip struct{ pkg, test, reason string }

type report struct {
	out    io.Writer
	output map[string]*strings.Builder // by package and test
	ran    int
	failed []string
	skips  []skip
}

func main() {
	allow := flag.String("allow", "", "fail when the reason of a skip does not match this regular `expression`")
	flag.Parse()
	r := report{out: os.Stdout, output: map[string]*strings.Builder{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	forbidden, err := r.forbidden(*allow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report: -allow:", err)
		os.Exit(2)
	}
	r.summary(forbidden)
	if len(r.failed) > 0 || len(forbidden) > 0 {
		os.Exit(1)
	}
}

func (r *report) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the test events: %w", err)
		}
	}
}

// line takes one event; what is no event (a tool that prints plainly) is passed on.
func (r *report) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(r.out, "%s", line)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.collect(key, e)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass":
		r.done(key, e)
	case "fail":
		r.failed = append(r.failed, strings.TrimSpace(key))
		r.show(key, e)
		r.done(key, e)
	case "skip":
		if e.Test != "" {
			r.skips = append(r.skips, skip{e.Package, e.Test, r.reason(key)})
		}
		r.done(key, e)
	}
}

// collect keeps a test's output until its end is known. A package's own output is shown at once where it is the line
// that says how the package did, or when it comes from outside of any test (a panic, a TestMain).
func (r *report) collect(key string, e event) {
	if e.Test == "" {
		if e.Output != "PASS\n" && !strings.Contains(e.Output, "[no test files]") {
			fmt.Fprint(r.out, e.Output)
		}
		return
	}
	b := r.output[key]
	if b == nil {
		b = &strings.Builder{}
		r.output[key] = b
	}
	b.WriteString(e.Output)
}

// show prints what a failed test wrote; for a failed package, what the tests wrote that never came to their end
// (a panic, os.Exit, the time limit).
func (r *report) show(key string, e event) {
	for k, b := range r.output {
		if k == key || (e.Test == "" && strings.HasPrefix(k, e.Package+" ")) {
			fmt.Fprint(r.out, b.String())
			delete(r.output, k)
		}
	}
}

func (r *report) done(key string, e event) {
	delete(r.output, key)
	if e.Test != "" {
		r.ran++
	}
}

// logLine is how testing prints t.Log and t.Skip: indentation, file, line, text.
var logLine = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)

// reason is the last line a skipped test logged.
func (r *report) reason(key string) string {
	b := r.output[key]
	if b == nil {
		return "no reason given"
	}
	reason := "no reason given"
	for line := range strings.Lines(b.String()) {
		if m := logLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			reason = m[1]
		}
	}
	return reason
}

// forbidden lists the skips for other reasons than the allowed ones; the empty expression matches, so allows, all.
func (r *report) forbidden(allowed string) ([]skip, error) {
	re, err := regexp.Compile(allowed)
	if err != nil {
		return nil, err
	}
	var list []skip
	for _, s := range r.skips {
		if !re.MatchString(s.reason) {
			list = append(list, s)
		}
	}
	return list, nil
}

func (r *report) summary(forbidden []skip) {
	fmt.Fprintf(r.out, "\n%d tests, %d failed, %d skipped\n", r.ran, len(r.failed), len(r.skips))
	slices.SortFunc(r.skips, func(a, b skip) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.test, b.test))
	})
	for _, s := range r.skips {
		fmt.Fprintf(r.out, "skipped  %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	for _, s := range forbidden {
		fmt.Fprintf(r.out, "must run %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	for _, name := range r.failed {
		fmt.Fprintf(r.out, "failed   %s\n", name)
	}
}
