package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

// The size of a window in which every pane has its place.
const (
	wide = 200
	high = 60
)

// choose opens the launch menu and puts the cursor on a preset.
func (w *window) choose(preset string) {
	w.t.Helper()
	at := slices.IndexFunc(sandbox.Presets(), func(p sandbox.Preset) bool { return p.Name == preset })
	if at < 0 {
		w.t.Fatalf("there is no preset %s", preset)
	}
	w.keys("5")
	w.sees("begin with")
	w.keys("g")
	for range at {
		w.keys("Down")
	}
	w.sees("▸ " + sandbox.Presets()[at].Title[:8]) // which may be cut
}

// launch launches a preset from the menu and waits for its prompt.
func (w *window) launch(preset string) {
	w.t.Helper()
	w.choose(preset)
	w.keys("Enter")
	w.prompt()
}

// A preset that is launched from the menu has the namespaces, rights and limits that it promises: inside sees what the host
// sees and what the screen says.
func TestLivePresets(t *testing.T) {
	for _, c := range []struct {
		preset, shell string
		differ        string // from the host
		memory, pids  string // the limits; "" is none of its own
		group         bool   // it has cgroups of its own
		fill          func(t *testing.T, w *window)
	}{
		{preset: "isolated", differ: "mnt net pid ipc uts user cgroup time", memory: "536870912", pids: "256", group: true},
		{preset: "docker", differ: "mnt net pid ipc uts cgroup", group: true},
		{preset: "pid", differ: "mnt pid"},
		{preset: "cgroup", memory: "67108864", group: true},
		{preset: "nocaps"},
		{preset: "rootless", differ: "mnt net pid ipc uts user cgroup time"},
		{preset: "sharenet", differ: "mnt net pid ipc uts user cgroup time", memory: "536870912", pids: "256", group: true, fill: shareWithDocker},
	} {
		t.Run(c.preset, func(t *testing.T) {
			t.Parallel()
			var args []string
			if c.fill != nil {
				args = []string{"--root", livetest.Docker(t).Machine.Root}
			}
			w := open(t, wide, high, args...)
			if c.fill == nil {
				w.launch(c.preset)
			} else {
				w.choose(c.preset)
				c.fill(t, w)
			}
			pid := w.command("bash")
			outside := links(t, pid)
			differ := differing(outside, links(t, w.pid))
			if want := strings.Fields(c.differ); !slices.Equal(differ, want) {
				t.Errorf("its namespaces differ in %v, want %v", differ, want)
			}
			if inside := w.linksInside(); len(differing(inside, outside)) > 0 {
				t.Errorf("inside: %v\noutside: %v", inside, outside)
			}
			w.rightsAgree(pid)
			w.screenSaysNamespaces(differ)
			w.limitsAre(pid, c.memory, c.pids)
			if own := w.cgroups(); len(own) > 0 != c.group {
				t.Errorf("its own cgroups: %v", own)
			}
			w.keys("C-d")
			w.sees("exit 0")
		})
	}
}

// shareWithDocker names a container's network in the form, in the row that the launch asks to be filled in.
func shareWithDocker(t *testing.T, w *window) {
	c := livetest.Docker(t).Run(t)
	w.keys("1")
	w.sees(c.Name)
	w.keys("5", "Enter")
	w.sees("cannot be launched")
	w.keys("Enter")
	w.sees("enter takes it")
	w.keys("C-u")
	w.types("container:" + c.Name)
	w.keys("Enter")
	w.sees("this machine allows it")
	w.keys("s")
	w.prompt()
	if ours, its := links(t, w.command("bash"))["net"], links(t, c.PID)["net"]; ours != its {
		t.Errorf("its network is %s, the container's %s", ours, its)
	}
}

// linksInside are the namespaces as the shell in the pane tells.
func (w *window) linksInside() map[string]string {
	w.t.Helper()
	of := map[string]string{}
	lines, _ := w.run("ls -l /proc/self/ns")
	for _, line := range lines {
		fields := strings.Fields(line)
		if n := len(fields); n > 2 && slices.Contains(kinds, fields[n-3]) {
			of[fields[n-3]] = strings.Trim(fields[n-1], "'") // ls quotes what has brackets
		}
	}
	return of
}

// rightsAgree compares the rights of the shell with those that it tells of itself, and with the screen.
func (w *window) rightsAgree(pid int) {
	w.t.Helper()
	lines, _ := w.run("grep -E '^(Cap|NoNewPrivs|Seccomp)' /proc/self/status")
	inside := strings.Join(lines, "\n")
	for _, field := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"} {
		if said, is := fieldOf(inside, field), status(w.t, pid, field); said != is || said == "" {
			w.t.Errorf("%s is %q inside, %q outside", field, said, is)
		}
	}
	seccomp := "off"
	if status(w.t, pid, "Seccomp") == "2" {
		seccomp = "filter, " + status(w.t, pid, "Seccomp_filters")
	}
	for label, value := range map[string]string{
		"capabilities": status(w.t, pid, "CapEff"), "seccomp": seccomp,
		"no_new_privs": map[string]string{"0": "off", "1": "on"}[status(w.t, pid, "NoNewPrivs")],
	} {
		w.kernelSays(label, value)
	}
}

// kernelSays waits for a row of the kernel's pane.
func (w *window) kernelSays(label, value string) {
	w.t.Helper()
	w.until("the kernel's row "+label+" to say "+value, func(screen string) bool {
		for line := range strings.Lines(beside(screen)) {
			if rest, ok := strings.CutPrefix(line, label); ok && strings.HasPrefix(strings.TrimSpace(rest), value) {
				return true
			}
		}
		return false
	})
}

// screenSaysNamespaces looks at the marks of the namespaces: the host's have a dot.
func (w *window) screenSaysNamespaces(differ []string) {
	w.t.Helper()
	w.until("the namespaces that differ to be marked", func(screen string) bool {
		for line := range strings.Lines(beside(screen)) {
			rest, ok := strings.CutPrefix(line, "namespaces")
			if !ok {
				continue
			}
			var marked []string
			for word := range strings.FieldsSeq(rest) {
				for _, kind := range kinds {
					if mark, ok := strings.CutSuffix(word, kind); ok && mark != "·" {
						marked = append(marked, kind)
					}
				}
			}
			return slices.Equal(marked, differ)
		}
		return false
	})
}

// limitsAre compares the limits of the shell's cgroup.
func (w *window) limitsAre(pid int, memory, pids string) {
	w.t.Helper()
	if memory != "" && memoryLimit(w.t, pid) != memory {
		w.t.Errorf("its memory limit is %s, want %s", memoryLimit(w.t, pid), memory)
	}
	if pids != "" && pidsLimit(w.t, pid) != pids {
		w.t.Errorf("its pids limit is %s, want %s", pidsLimit(w.t, pid), pids)
	}
}

// A directory without devices serves as a root: its shell has a terminal with job control, and sees the directory alone.
func TestLiveChroot(t *testing.T) {
	t.Parallel()
	livetest.NeedTools(t, "busybox")
	w := open(t, wide, high)
	root := bareRoot(t)
	w.choose("chroot")
	w.keys("Enter")
	w.sees("root is wrong", "There is no text: the form says what is wrong.")
	w.keys("Enter")
	w.sees("enter takes it")
	w.types(root)
	w.keys("Enter")
	w.sees("this machine allows it")
	w.keys("s")
	w.prompt()
	pid := w.command("sh")
	if differ := differing(links(t, pid), links(t, w.pid)); len(differ) > 0 {
		t.Errorf("it has its own %v", differ)
	}
	if is, _ := os.Readlink("/proc/" + itoa(pid) + "/root"); is != root {
		t.Errorf("its root is %s", is)
	}
	if lines, _ := w.run("ls / && stty size"); len(lines) != 2 || lines[0] != "bin" {
		t.Errorf("inside: %q", lines)
	}
	w.types("sleep 1000")
	w.keys("Enter")
	w.command("sleep")
	w.keys("C-z")
	w.sees("Stopped")
	w.run("kill %1")
	w.kernelSays("root", root)
}

// bareRoot is a directory with busybox and nothing else.
func bareRoot(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(root+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/bin/busybox", program, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "ls", "stty", "sleep", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
