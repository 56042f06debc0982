package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// process is one by its PID and start time: the PID may be another's afterwards.
type process struct {
	pid   int
	start string
}

func (p process) alive() bool {
	fields := statFields(p.pid)
	return len(fields) > 19 && fields[19] == p.start && fields[0] != "Z"
}

// statFields are the fields of /proc/PID/stat after the name, from the state on (proc_pid_stat(5)).
func statFields(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

func startTime(pid int) string {
	if fields := statFields(pid); len(fields) > 19 {
		return fields[19]
	}
	return ""
}

func comm(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(text))
}

// descendants lists the processes below one, each after its parent.
func descendants(pid int) []process {
	children := map[string][]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		child, _ := strconv.Atoi(strings.Split(file, "/")[2])
		if fields := statFields(child); len(fields) > 19 {
			children[fields[1]] = append(children[fields[1]], process{child, fields[19]})
		}
	}
	list := slices.Clone(children[strconv.Itoa(pid)])
	for i := 0; i < len(list); i++ {
		list = append(list, children[strconv.Itoa(list[i].pid)]...)
	}
	return list
}

// command waits for a process below cutaway that runs a program, and returns its PID on the host.
func (w *window) command(name string) int {
	w.t.Helper()
	pid := 0
	if !poll(func() bool {
		for _, p := range descendants(w.pid) {
			if comm(p.pid) == name {
				pid = p.pid
			}
		}
		return pid != 0
	}) {
		w.t.Fatalf("no process below cutaway (%d) runs %s", w.pid, name)
	}
	return pid
}

func itoa(n int) string { return strconv.Itoa(n) }

var kinds = []string{"mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"}

// links are the namespaces of a process as the host sees them: "net:[4026531840]" by kind.
func links(t *testing.T, pid int) map[string]string {
	t.Helper()
	of := map[string]string{}
	for _, kind := range kinds {
		link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			t.Fatal(err)
		}
		of[kind] = link
	}
	return of
}

// differing lists the kinds that two processes do not share.
func differing(a, b map[string]string) []string {
	var list []string
	for _, kind := range kinds {
		if a[kind] != b[kind] {
			list = append(list, kind)
		}
	}
	return list
}

// status is a field of /proc/PID/status.
func status(t *testing.T, pid int, field string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return fieldOf(string(text), field)
}

func fieldOf(text, field string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func mountinfo(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// setting reads a file of a process's cgroup: by its name on v1, which begins with the controller's, or else on v2.
func setting(t *testing.T, pid int, v1, v2 string) string {
	t.Helper()
	text, err := os.ReadFile(settingFile(t, pid, v1, v2))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func settingFile(t *testing.T, pid int, v1, v2 string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	controller, _, _ := strings.Cut(v1, ".")
	for _, wanted := range []struct{ controller, file string }{{controller, v1}, {"", v2}} {
		for line := range strings.Lines(string(text)) {
			fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
			if !slices.Contains(strings.Split(fields[1], ","), wanted.controller) {
				continue
			}
			if file := livetest.CgroupFile(wanted.controller, fields[2], wanted.file); file != "" {
				return file
			}
		}
	}
	t.Fatalf("process %d has neither %s nor %s", pid, v1, v2)
	return ""
}

// memoryLimit and pidsLimit are those of a process's own cgroup, as the kernel writes them.
func memoryLimit(t *testing.T, pid int) string {
	t.Helper()
	return setting(t, pid, "memory.limit_in_bytes", "memory.max")
}

func pidsLimit(t *testing.T, pid int) string {
	t.Helper()
	return setting(t, pid, "pids.max", "pids.max")
}

// cgroupsNamed lists the cgroups whose names begin so.
func cgroupsNamed(prefix string) []string {
	var list []string
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), prefix) {
			list = append(list, path)
		}
		return nil
	})
	return list
}
