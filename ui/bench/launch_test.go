package bench

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// launchRounds is how often each launcher starts; the median counts.
const launchRounds = 100

// BenchmarkLaunch prints what a launch costs against other launchers, all in one run and in turn:
// `go test -run '^$' -bench Launch -benchtime 1x ./ui/bench`.
func BenchmarkLaunch(b *testing.B) {
	for _, tool := range []string{"bwrap", "crun", "runc", "busybox", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.Skipf("needs %s", tool)
		}
	}
	if os.Geteuid() != 0 {
		b.Skip("needs root: runc and crun")
	}
	if os.Getenv(inner) == "" {
		launchInside(b)
		return
	}
	program := build(b)
	bundle := bundle(b)
	limits := []string{"--memory", "max", "--pids-limit", "max", "--cpus", "0"}
	rows := []struct {
		name string
		argv func(round int) []string
		bar  float64 // the most that cutaway may take of this one's time; 0 for what is only noted
	}{
		{"`cutaway run`", func(int) []string { return []string{program, "run", "--", "true"} }, 0},
		{"`cutaway run` without limits", func(int) []string { return slices.Concat([]string{program, "run"}, limits, []string{"--", "true"}) }, 0},
		{"`bwrap --unshare-all`", func(int) []string {
			return strings.Fields("bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev true")
		}, 1.25},
		{"`crun run`", func(n int) []string {
			return []string{"crun", "run", "--bundle", bundle, "cutaway-c" + strconv.Itoa(n)}
		}, 0.9},
		{"`runc run`", func(n int) []string {
			return []string{"runc", "run", "--bundle", bundle, "cutaway-r" + strconv.Itoa(n)}
		}, 0.3},
	}
	times := make([][]time.Duration, len(rows))
	for round := range launchRounds {
		for i, r := range rows {
			argv := r.argv(round)
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
			start := time.Now()
			if err := cmd.Run(); err != nil {
				b.Fatalf("%s: %v", r.name, err)
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	ours := median(times[0])
	list := []budget{{"`cutaway run -- true`, everything on", ms(ours), "-", true}, {rows[1].name, ms(median(times[1])), "-", true}}
	for i, r := range rows[2:] {
		list = append(list, ratio("`cutaway run -- true` against "+r.name, ours, median(times[i+2]), r.bar))
	}
	report(b, list)
}

// inner marks the benchmark's own second start.
const inner = "CUTAWAY_BENCH_INNER"

// launchInside starts the benchmark again where no v2 hierarchy is mounted: crun takes a hybrid machine for one with v2 alone.
func launchInside(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	script := `[ ! -e /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified; exec "$0" -test.run '^$' -test.bench '^BenchmarkLaunch$' -test.benchtime 1x`
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", script, self)
	cmd.Env = append(os.Environ(), inner+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		b.Error(err)
	}
}

// bundle is an OCI bundle that runs busybox's true, as `runc spec` has it otherwise.
func bundle(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	bin := filepath.Join(dir, "rootfs", "bin")
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(os.MkdirAll(bin, 0o755))
	path, err := exec.LookPath("busybox")
	must(err)
	program, err := os.ReadFile(path)
	must(err)
	must(os.WriteFile(filepath.Join(bin, "true"), program, 0o755))
	out, err := exec.Command("runc", "spec", "--bundle", dir).CombinedOutput()
	if err != nil {
		b.Fatalf("runc spec: %v %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	must(err)
	var config map[string]any
	must(json.Unmarshal(text, &config))
	process := config["process"].(map[string]any)
	process["terminal"], process["args"] = false, []string{"/bin/true"}
	delete(process, "rlimits")
	config["linux"].(map[string]any)["cgroupsPath"] = "/cutaway-bench"
	text, err = json.Marshal(config)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644))
	return dir
}
