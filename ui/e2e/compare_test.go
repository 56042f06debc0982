package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// compared is a row of the comparison as it stands on the screen.
type compared struct{ left, sign, right string }

// row waits for a row of the comparison, by its label.
func (w *window) row(label string) (r compared) {
	w.t.Helper()
	w.until("the row "+label, func(screen string) bool {
		for line := range strings.Lines(screen) {
			parts := strings.Split(line, "│")
			if len(parts) < 5 {
				continue
			}
			left, labelled := strings.CutPrefix(strings.TrimSpace(parts[1]), label+"  ")
			if sign, right, signed := strings.Cut(strings.TrimSpace(parts[3]), "  "); labelled && signed {
				r = compared{strings.TrimSpace(left), sign, strings.TrimSpace(right)}
				return true
			}
		}
		return false
	})
	return r
}

// differs checks a row whose sides are not the same.
func (w *window) differs(label, left, right string) {
	w.t.Helper()
	if got, want := w.row(label), (compared{left, "≠", right}); got != want {
		w.t.Errorf("%s is %q, want %q", label, got, want)
	}
}

// only narrows the comparison to the rows that hold a text.
func (w *window) only(text string) {
	w.t.Helper()
	w.keys("/")
	w.sees("enter keeps it, esc clears it")
	w.types(text)
	w.keys("Enter")
	w.sees("  /" + text)
}

// bothRan waits until a command has ended on both sides, and returns what stands in the frame of each: how it ended, and its lines.
func (w *window) bothRan(command string) (ends, lines [2]string) {
	w.t.Helper()
	w.types(command)
	w.keys("Enter")
	return w.bothEnded(command)
}

// bothEnded is for a command that runs already; one of at most 40 characters, which the title has room for.
func (w *window) bothEnded(command string) (ends, lines [2]string) {
	w.t.Helper()
	screen := w.until("the end of "+command+" on both sides", func(screen string) bool {
		return strings.Contains(screen, "$ "+command) && !strings.Contains(screen, "running…")
	})
	for line := range strings.Lines(screen) {
		if sides := strings.Split(line, "╮╭"); len(sides) == 2 {
			for i, side := range sides {
				if _, end, found := strings.Cut(side, "exit "); found {
					ends[i], _, _ = strings.Cut(end, " ")
				}
			}
		}
		if parts := strings.Split(line, "│"); len(parts) >= 5 {
			for i, text := range []string{parts[1], parts[3]} {
				if text = strings.TrimSpace(text); text != "" {
					lines[i] += text + "\n"
				}
			}
		}
	}
	return ends, lines
}

// host is the process whose view is the host's, and its title: cutaway's own where the first process cannot be read.
func (w *window) host() (pid int, title string) {
	if _, err := os.Readlink("/proc/1/ns/mnt"); err == nil {
		return 1, "host"
	}
	return w.pid, "cutaway itself"
}

func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// inode is the number in a namespace's link.
func inode(link string) string {
	_, number, _ := strings.Cut(link, "[")
	return strings.TrimSuffix(number, "]")
}

// What the comparison says of a container's inside is what the engine's own exec says.
func TestLiveCompare(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "inner")
	exec := func(command string) string { return e.Command(t, "exec", c.ID, "sh", "-c", command) }
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(c)
	w.keys("c")
	pid, title := w.host()
	w.sees("╭─ "+title+" ─", "╭─ "+c.Name+" (docker container", "differences")
	w.differs("hostname", hostname(t), exec("hostname"))
	w.differs("net", inode(links(t, pid)["net"]), inode(exec("readlink /proc/self/ns/net")))

	w.without("domain name")
	w.keys("=")
	if got, want := w.row("domain name"), exec("cat /proc/sys/kernel/domainname"); got != (compared{want, "=", want}) {
		t.Errorf("the domain name is %q, inside it is %s", got, want)
	}
	w.keys("=")
	w.without("domain name")

	w.only("hostname")
	w.keys("j", ".")
	w.sees("╭─ hostname ─", fmt.Sprintf("$ nsenter --target %d --uts hostname", c.PID), fmt.Sprintf("$ nsenter --target %d --uts hostname", pid))
	w.keys(".")
	w.without(". closes")
	w.keys("Escape")
	w.until("the filter to be gone", func(screen string) bool { return !strings.Contains(screen, "  /hostname") }) // an escape before a slash is alt+/
	w.only("eth0")
	address := strings.Fields(exec("ip -o -4 addr show eth0"))[3]
	if got := w.row("eth0"); !strings.HasPrefix(got.right, "up "+address+" ") {
		t.Errorf("eth0 is %q, inside its address is %s", got, address)
	}
}

// V marks the one, c compares the other with it.
func TestLiveCompareTwoContainers(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	one, two := e.Run(t, "--hostname", "one"), e.Run(t, "--hostname", "two")
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(one)
	w.keys("V")
	w.sees("marked " + one.Name)
	w.findContainer(two)
	w.keys("c")
	w.sees("╭─ "+one.Name+" (docker container", "╭─ "+two.Name+" (docker container")
	w.differs("hostname", "one", "two")
	w.differs("uts", inode(links(t, one.PID)["uts"]), inode(links(t, two.PID)["uts"]))
}

// One command runs on both sides: what each says and how it ended stand beside each other, and ^C leaves nothing of it.
func TestLiveRunInBoth(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "inner")
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(c)
	w.keys("c")
	w.row("hostname")
	w.keys(":")
	w.sees("run in both", "try  ")
	ends, lines := w.bothRan("hostname")
	if want := [2]string{"≠ " + hostname(t) + "\n", "≠ " + e.Command(t, "exec", c.ID, "hostname") + "\n"}; lines != want || ends != [2]string{"0", "0"} {
		t.Errorf("hostname says %q and ends with %q, want %q", lines, ends, want)
	}
	if ends, lines = w.bothRan("echo alike; [ $(hostname) = inner ]"); lines != [2]string{"alike\n", "alike\n"} || ends != [2]string{"1", "0"} {
		t.Errorf("what is alike is shown as %q and ends with %q", lines, ends)
	}

	sleep := fmt.Sprintf("sleep 86%d", os.Getpid()) // as nobody else sleeps
	w.types(sleep)
	w.keys("Enter")
	w.sees("running…", "stop both")
	if !poll(func() bool { return len(running(sleep, "sleep")) == 2 }) {
		t.Fatalf("%s runs as %v", sleep, running(sleep, ""))
	}
	w.keys("C-c")
	if _, lines = w.bothEnded(sleep); !strings.Contains(lines[0], "stopped") || !strings.Contains(lines[1], "stopped") {
		t.Errorf("after ^C it says %q", lines)
	}
	if !poll(func() bool { return len(running(sleep, "")) == 0 }) {
		t.Errorf("left of it after ^C: %v", running(sleep, ""))
	}
}

// running lists the processes of the machine that have a command in their command line, and run a program unless that is "".
func running(command, program string) (list []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "comm"))
		line := strings.ReplaceAll(string(text), "\x00", " ")
		if strings.Contains(line, command) && (program == "" || strings.TrimSpace(string(name)) == program) {
			list = append(list, file+": "+line)
		}
	}
	return list
}

// A container with neither a shell nor the command says so; ^T runs the host's in its namespaces.
func TestLiveRunInBothWithoutShell(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "bare")
	e.Command(t, "exec", c.ID, "/bin/busybox", "rm", "-f", "/bin/sh", "/bin/bash", "/bin/ash", "/bin/uname", "/usr/bin/uname")
	w := open(t, wide, high, "--root", e.Machine.Root)
	w.findContainer(c)
	w.keys("c")
	w.row("hostname")
	w.keys(":")
	w.sees("try  ")
	if _, lines := w.bothRan("cat /proc/sys/kernel/hostname"); lines[1] != "≠ bare\n" {
		t.Errorf("a command that it has says %q", lines)
	}
	if _, lines := w.bothRan("uname -n"); lines[0] != "- "+hostname(t)+"\n" || !strings.Contains(lines[1], "neither a shell nor this command") {
		t.Errorf("a command that it has not says %q", lines)
	}
	w.keys("C-t")
	w.sees("the host's tools", "≠ bare")
	if ends, lines := w.bothEnded("uname -n"); lines[1] != "≠ bare\n" || ends[1] != "0" {
		t.Errorf("with the host's tools: %q, exit %s", lines, ends[1])
	}
}

// C shows the comparison with the host beside a shell, of the shell's own view.
func TestLiveCompareBesideShell(t *testing.T) {
	t.Parallel()
	w := open(t, wide, high)
	w.launch("isolated")
	shell := w.command("bash")
	w.keys("C-]")
	w.sees("N new")
	w.keys("C")
	w.sees("compared with the host", "C back")
	pid, _ := w.host()
	ours, its := inode(links(t, pid)["uts"]), inode(links(t, shell)["uts"])
	w.until("both UTS namespaces beside the shell", func(screen string) bool {
		for line := range strings.Lines(beside(screen)) {
			if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "uts" {
				return fields[1] == ours && fields[2] == "≠" && fields[3] == its
			}
		}
		return false
	})
	w.keys("C")
	w.without("compared with the host")
}

// A saved snapshot shows the same of a container that is gone.
func TestLiveCompareSaved(t *testing.T) {
	t.Parallel()
	e := livetest.Docker(t)
	c := e.Run(t, "--hostname", "before")
	net := inode(links(t, c.PID)["net"])
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "before.snap")
	e.Machine.Run(t, program, "snapshot", "--root", e.Machine.Root, "-o", file)
	e.Command(t, "rm", "-f", c.ID)

	w := open(t, wide, high, "--from", file)
	w.keys("#")
	w.sees("enter stays")
	w.types(itoa(c.PID))
	w.keys("Enter", "Left")
	w.sees("╭─ " + c.Name)
	w.keys("c")
	w.sees("╭─ " + c.Name + " (docker container")
	w.differs("hostname", hostname(t), "before")
	if got := w.row("net"); got.right != net {
		t.Errorf("its network namespace was %s, the screen says %q", net, got)
	}
	w.keys(":")
	w.sees("this is a saved snapshot")
}
