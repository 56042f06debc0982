package livetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// launcher is a program that stays as long as what it launched.
type launcher struct {
	pid     int
	name    string
	ended   chan struct{}
	trouble bytes.Buffer // its standard error, complete when it ended
}

// launch starts a launcher and ends it, and all below it, with the test.
func launch(t testing.TB, cmd *exec.Cmd, name string) *launcher {
	t.Helper()
	l := &launcher{name: name, ended: make(chan struct{})}
	cmd.Stderr = &l.trouble
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	l.pid = cmd.Process.Pid
	go func() {
		_ = cmd.Wait() // the state does not matter: the test ends it with a signal
		close(l.ended)
	}()
	t.Cleanup(l.end)
	return l
}

// end ends the launcher and what it launched. Until the launcher is waited for its PID is nobody else's, and afterwards
// nothing is left to end.
func (l *launcher) end() {
	select {
	case <-l.ended:
		return
	default:
	}
	for _, pid := range append(descendants(l.pid), l.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-l.ended
}

// child waits until a process below the launcher runs a program: launchers fork, set up and only then execute it.
func (l *launcher) child(t testing.TB, program string) int {
	t.Helper()
	return l.await(t, program, func() int {
		list := descendants(l.pid)
		if i := slices.IndexFunc(list, func(pid int) bool { return runs(pid, program) }); i >= 0 {
			return list[i]
		}
		return 0
	})
}

// self waits until the launcher itself has become the program.
func (l *launcher) self(t testing.TB, program string) int {
	t.Helper()
	return l.await(t, program, func() int {
		if runs(l.pid, program) {
			return l.pid
		}
		return 0
	})
}

func (l *launcher) await(t testing.TB, program string, find func() int) int {
	t.Helper()
	pid := 0
	WaitFor(t, fmt.Sprintf("%s to run %s", l.name, program), func() bool {
		select {
		case <-l.ended:
			l.gaveUp(t)
		default:
		}
		pid = find()
		return pid != 0
	})
	return pid
}

// gaveUp ends the test with what the launcher wrote. A normal user may simply not be allowed to make namespaces.
func (l *launcher) gaveUp(t testing.TB) {
	t.Helper()
	message := fmt.Sprintf("%s ended: %s", l.name, bytes.TrimSpace(l.trouble.Bytes()))
	if os.Geteuid() != 0 {
		t.Skip("needs root or user namespaces for normal users: " + message)
	}
	t.Fatal(message)
}

// descendants lists the processes below one, each after its parent.
func descendants(pid int) []int {
	list := children(pid)
	for i := 0; i < len(list); i++ {
		list = append(list, children(list[i])...)
	}
	return list
}

// children lists the children of a process by the parents in /proc/*/stat: /proc/PID/task/TID/children would be
// shorter, but needs CONFIG_PROC_CHILDREN (proc_pid_task(5)).
func children(parent int) []int {
	var list []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, _ := os.ReadFile(file)
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 && string(fields[1]) == strconv.Itoa(parent) {
			child, _ := strconv.Atoi(strings.Split(file, "/")[2])
			list = append(list, child)
		}
	}
	return list
}

// runs tells whether a process executes a program, by its arguments: the file may be busybox.
func runs(pid int, program string) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	name, _, _ := strings.Cut(string(text), "\x00")
	return filepath.Base(name) == program
}
