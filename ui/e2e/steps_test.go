package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	stepTitle = regexp.MustCompile(`Step (\d+) of (\d+): (\S+)  comes next`)
	stepPID   = regexp.MustCompile(`of \d+ · pid (\d+)`)
)

// stepShown is the stage that a launch waits before, and the sandbox's first process.
func stepShown(screen string) (number int, name string, pid int) {
	if m := stepTitle.FindStringSubmatch(screen); m != nil {
		number, _ = strconv.Atoi(m[1])
		name = m[3]
	}
	if m := stepPID.FindStringSubmatch(screen); m != nil {
		pid, _ = strconv.Atoi(m[1])
	}
	return number, name, pid
}

// A launch step by step stops before each stage, and says what the one before changed: what the host sees in /proc.
func TestLiveSteps(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.choose("isolated")
	w.keys("S")
	w.sees("the launch, step by step")
	var names []string
	shown := map[string]string{} // what is said of a stage, once the next one waits
	for number := 1; ; number++ {
		name, pid := "", 0
		screen := w.until(fmt.Sprintf("step %d", number), func(screen string) bool {
			var at int
			at, name, pid = stepShown(screen)
			return at == number || strings.Contains(screen, "The command runs")
		})
		if len(names) > 0 {
			shown[names[len(names)-1]] = screen
		}
		if strings.Contains(screen, "The command runs") {
			break
		}
		names = append(names, name)
		w.changed(pid, shown, names)
		w.keys("n")
	}
	if want := strings.Fields("clone maps cgroup mounts proc root hostname network terminal capabilities no_new_privs seccomp exec"); !slices.Equal(names, want) {
		t.Errorf("the stages were %v, want %v", names, want)
	}
	w.keys("n")
	w.prompt()
	if lines, _ := w.run("hostname"); len(lines) != 1 || lines[0] != "sandbox" {
		t.Errorf("it says %q", lines)
	}
}

// changed looks at what is said of the stage before, while the process waits as that stage left it.
func (w *window) changed(pid int, shown map[string]string, names []string) {
	w.t.Helper()
	if len(names) < 2 {
		return
	}
	stage := names[len(names)-2]
	text := shown[stage]
	var want []string
	switch stage {
	case "clone":
		is := links(w.t, pid)
		for _, kind := range []string{"mnt", "net", "pid", "ipc", "uts", "user", "time"} {
			_, number, _ := strings.Cut(strings.TrimSuffix(is[kind], "]"), ":[")
			want = append(want, "ns/"+kind, "+ "+number)
		}
	case "maps":
		want = []string{"uid_map", "gid_map", "1610612736"}
	case "mounts":
		want = []string{"mountinfo", "mount added", "--make-rslave"}
		if strings.Contains(mountinfo(w.t, pid), " shared:") {
			w.t.Error("after mounts some of its mounts are shared")
		}
	case "proc":
		want = []string{"mountinfo", "mount added", "+ /proc type proc"}
		if !strings.Contains(mountinfo(w.t, pid), " /proc rw,nosuid") {
			w.t.Error("after proc it has no /proc of its own")
		}
	case "root":
		want = []string{"mountinfo", "root"}
	case "capabilities":
		want = []string{"status", "CapPrm", "+ " + status(w.t, pid, "CapPrm")}
	case "no_new_privs":
		want = []string{"NoNewPrivs", "+ " + status(w.t, pid, "NoNewPrivs")}
	case "seccomp":
		want = []string{"Seccomp", map[string]string{"2": "+ filter"}[status(w.t, pid, "Seccomp")]}
	}
	for _, part := range want {
		if !strings.Contains(text, part) {
			w.t.Errorf("after %s it does not say %q", stage, part)
		}
	}
}

// One key goes on to the end, another stops; a launch that is stopped leaves nothing.
func TestLiveStepsToTheEndAndStopped(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.choose("isolated")
	w.keys("S")
	w.sees("Step 1 of")
	w.keys("n")
	w.sees("Step 2 of")
	w.keys("c")
	w.sees("The command runs")
	w.command("bash")
	w.keys("Enter")
	w.prompt()
	w.keys("C-d")
	w.sees("exit 0")

	w.keys("N")
	w.sees("begin with")
	w.keys("S")
	w.sees("Step 1 of")
	for number := 2; number <= 7; number++ {
		w.keys("n")
		w.sees(fmt.Sprintf("Step %d of", number))
	}
	below := descendants(w.pid)
	if len(below) == 0 || len(w.cgroups()) == 0 {
		t.Errorf("before it is stopped: processes %v, cgroups %v", below, w.cgroups())
	}
	w.keys("q")
	w.sees("You stopped the launch")
	if !poll(func() bool { return len(descendants(w.pid)) == 0 && len(w.cgroups()) == 0 }) {
		t.Errorf("stopped, and there are %v and %v", descendants(w.pid), w.cgroups())
	}
}
