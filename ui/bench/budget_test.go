package bench

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/livetest"
)

// A budget is one line of the table: what was measured, the bar, and whether it holds. Bars are ratios against another
// tool in the same run, or absolute where a person feels them.
type budget struct {
	what, measured, bar string
	ok                  bool
}

// BenchmarkBudgets prints the table. It runs once: `go test -bench Budgets -benchtime 1x ./ui/bench`.
func BenchmarkBudgets(b *testing.B) {
	for _, tool := range []string{"lsns", "ps", "htop"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.Skipf("needs %s", tool)
		}
	}
	if os.Geteuid() != 0 {
		b.Skip("needs root: hundreds of processes in their own namespaces")
	}
	program := build(b)
	var rows []budget
	rows = append(rows, binarySize(b, program))

	small := processes(b, 2100)
	few := countProcesses(b)
	cold := coldScan(b, program, rounds)
	rows = append(rows,
		ratio(fmt.Sprintf("`cutaway ps --json` against `lsns`, %d processes", few), cold["cutaway"], cold["lsns"], 0.35),
		note(fmt.Sprintf("`ps -ef` against `lsns`, %d processes", few), cold["ps"], cold["lsns"]))
	coldOne, tick := ticks(b)
	rows = append(rows, ratio("a tick against a cold scan", tick, coldOne, 0.2))
	first := firstFrame(b, program)
	rows = append(rows, budget{"first frame after start", ms(first), "100 ms", first <= 100*time.Millisecond})
	ours, htop, memory := screens(b, program)
	rows = append(rows,
		ratio("CPU of the live screen at 1 s against `htop -d 10`", ours, htop, 0.5),
		budget{
			fmt.Sprintf("resident memory of the screen, %d processes", few),
			fmt.Sprintf("%.1f MB", memory), "40 MB", memory <= 40,
		})
	small()

	large := processes(b, 10000)
	many := countProcesses(b)
	coldMany := coldScan(b, program, rounds/2)
	growth := float64(coldMany["cutaway"]) / float64(cold["cutaway"])
	processGrowth := float64(many) / float64(few)
	rows = append(rows,
		ratio(fmt.Sprintf("`cutaway ps --json` against `lsns`, %d processes", many), coldMany["cutaway"], coldMany["lsns"], 0.35),
		budget{
			fmt.Sprintf("time grows from %d to %d processes", few, many),
			fmt.Sprintf("%.2fx", growth), fmt.Sprintf("%.2fx, as the processes", processGrowth), growth <= processGrowth,
		})
	large()

	b.ReportMetric(float64(cold["cutaway"])/float64(cold["lsns"]), "cold/lsns")
	b.ReportMetric(float64(tick)/float64(coldOne), "tick/cold")
	b.ReportMetric(float64(ours)/float64(htop), "screen/htop")
	report(b, rows)
}

// rounds is how often each program is started; the median counts.
const rounds = 11

// processes makes sleeping processes until the machine has about n, a seventh of them in namespaces of their own.
func processes(b *testing.B, n int) (stop func()) {
	b.Helper()
	return livetest.Many(b, n-countProcesses(b), 7)
}

func countProcesses(b *testing.B) int {
	b.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Name()[0] >= '1' && e.Name()[0] <= '9' {
			n++
		}
	}
	return n
}

// build makes the program, and installs it by a copy: what the linker writes through a mapping stays in the page cache in
// single pages, and a program that starts from them takes a tenth longer than from a file that was written or read in one
// piece.
func build(b *testing.B) string {
	b.Helper()
	linked, program := filepath.Join(b.TempDir(), "linked"), filepath.Join(b.TempDir(), "cutaway")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", linked, "cutaway")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	text, err := os.ReadFile(linked)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		b.Fatal(err)
	}
	return program
}

func binarySize(b *testing.B, program string) budget {
	b.Helper()
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	mb := float64(info.Size()) / (1 << 20)
	return budget{"stripped static binary", fmt.Sprintf("%.1f MB", mb), "15 MB", mb <= 15}
}

// coldScan starts the programs in turn and gives the median wall time of each.
func coldScan(b *testing.B, program string, rounds int) map[string]time.Duration {
	b.Helper()
	commands := map[string][]string{
		"cutaway": {program, "ps", "--json"},
		"lsns":    {"lsns"},
		"ps":      {"ps", "-ef"},
	}
	times := map[string][]time.Duration{}
	for range rounds {
		for name, argv := range commands {
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
			start := time.Now()
			if err := cmd.Run(); err != nil {
				b.Fatalf("%s: %v", strings.Join(argv, " "), err)
			}
			times[name] = append(times[name], time.Since(start))
		}
	}
	medians := map[string]time.Duration{}
	for name, list := range times {
		medians[name] = median(list)
	}
	return medians
}

// ticks measures a cold scan and the ticks after it in this process.
func ticks(b *testing.B) (cold, tick time.Duration) {
	b.Helper()
	var colds, later []time.Duration
	for range 5 {
		start := time.Now()
		s, err := inspect.NewScanner(inspect.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Scan(b.Context()); err != nil {
			b.Fatal(err)
		}
		colds = append(colds, time.Since(start))
		for i := range 6 {
			start := time.Now()
			if _, err := s.Scan(b.Context()); err != nil {
				b.Fatal(err)
			}
			if i > 0 { // the second scan opens the files that stay open
				later = append(later, time.Since(start))
			}
		}
		s.Close()
	}
	return median(colds), median(later)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func ratio(what string, ours, theirs time.Duration, bar float64) budget {
	r := float64(ours) / float64(theirs)
	return budget{
		what, fmt.Sprintf("%.2fx (%s / %s)", r, ms(ours), ms(theirs)), fmt.Sprintf("%.2fx", bar), r <= bar,
	}
}

// note is a line without a bar.
func note(what string, ours, theirs time.Duration) budget {
	r := ratio(what, ours, theirs, 0)
	r.bar, r.ok = "-", true
	return r
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func table(rows []budget) string {
	var t strings.Builder
	t.WriteString("| what | measured | bar | |\n|---|---|---|---|\n")
	for _, r := range rows {
		held := "holds"
		if !r.ok {
			held = "**over**"
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s |\n", r.what, r.measured, r.bar, held)
	}
	return t.String()
}
