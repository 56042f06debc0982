package e2e

import (
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// find puts the cursor of the tree on a process, by its PID.
func (w *window) find(pid int) {
	w.t.Helper()
	w.keys("1")
	w.sees("Tree · by container")
	w.keys("#")
	w.sees("enter stays")
	w.types(itoa(pid))
	w.keys("Enter")
	w.until("the cursor to be on the process", func(screen string) bool {
		return !strings.Contains(screen, "enter stays") && strings.Contains(screen, "╭─ "+comm(pid)+" "+itoa(pid)+" ─")
	})
}

// findContainer puts the cursor on a container: the row above its first process.
func (w *window) findContainer(c *livetest.Container) {
	w.t.Helper()
	w.find(c.PID)
	w.sees(c.Name) // before its cgroup was read, the process stands below its parent
	w.keys("Left")
	w.sees("╭─ " + c.Name)
}

// A shell that is entered into a container is where the engine's own exec is.
func TestLiveEnter(t *testing.T) {
	for name, engine := range map[string]func(testing.TB) *livetest.Engine{"docker": livetest.Docker, "podman": livetest.Podman} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			livetest.NeedRoot(t)
			e := engine(t)
			c := e.Run(t, "--hostname", "target", "-e", "GIVEN=yes")
			w := open(t, wide, high, "--root", e.Machine.Root)
			w.findContainer(c)
			w.keys("e")
			w.sees("enter "+c.Name, "$ cutaway enter "+itoa(c.PID))
			w.keys("Enter")
			w.prompt()
			w.sees("in " + c.Name)
			for _, command := range []string{"hostname", "id", "echo $GIVEN", "for n in mnt net pid ipc uts; do readlink /proc/self/ns/$n; done", "cat /proc/1/comm", "pwd"} {
				want := strings.Split(e.Command(t, "exec", c.ID, "sh", "-c", command), "\n")
				if lines, _ := w.run(command); !slices.Equal(lines, want) {
					t.Errorf("%s: %q, %s exec says %q", command, lines, name, want)
				}
			}
			if lines, _ := w.run("ps -o pid,comm"); len(lines) < 3 || strings.Join(strings.Fields(lines[1]), " ") != "1 sleep" {
				t.Errorf("ps says %q", lines)
			}
			pid := w.command("sh")
			if differ := differing(links(t, pid), links(t, c.PID)); len(differ) > 0 {
				t.Errorf("it is not in the container's %v", differ)
			}
			for _, field := range []string{"CapEff", "CapBnd", "NoNewPrivs", "Seccomp"} {
				if is, want := status(t, pid, field), status(t, c.PID, field); is != want {
					t.Errorf("its %s is %s, the container's %s", field, is, want)
				}
			}
			w.kernelSays("effective", status(t, c.PID, "CapEff"))
			if is, want := memoryLimitFile(t, pid), memoryLimitFile(t, c.PID); is != want {
				t.Errorf("its cgroup is %s, the container's %s", is, want)
			}
			w.keys("C-d")
			w.sees("ended: exit 0")
			w.keys("1")
			w.sees("Tree · by container", c.Name)
			if e.Command(t, "inspect", "-f", "{{.State.Running}}", c.ID) != "true" {
				t.Error("the container ended with the shell")
			}
		})
	}
}

func memoryLimitFile(t *testing.T, pid int) string {
	t.Helper()
	return settingFile(t, pid, "memory.limit_in_bytes", "memory.max")
}

// A container without a shell says so, and the host's tools work in it.
func TestLiveEnterWithoutShell(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "bare")
	for _, dir := range []string{"bin/sh", "bin/bash", "bin/ash"} {
		e.Command(t, "exec", c.ID, "/bin/busybox", "rm", "-f", "/"+dir)
	}
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(c)
	w.keys("e")
	w.sees("enter " + c.Name)
	w.keys("Enter")
	w.sees("There is no shell in it.", "(■) the host's tools")
	w.keys("Enter")
	w.prompt()
	if lines, _ := w.run("hostname; cat /proc/1/comm; readlink /proc/self/ns/net"); !slices.Equal(lines, []string{"bare", "sleep", links(t, c.PID)["net"]}) {
		t.Errorf("with the host's tools: %q", lines)
	}
	if lines, _ := w.run("ls /etc/os-release && command -v bash"); len(lines) != 2 {
		t.Errorf("the host's files: %q", lines)
	}
	if differ := differing(links(t, w.command("bash")), links(t, c.PID)); !slices.Equal(differ, []string{"mnt"}) {
		t.Errorf("it is not in the container's %v", differ)
	}
}
