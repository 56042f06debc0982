package livetest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// ownNamespaces are those that a container usually has to itself.
const ownNamespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// memoryEach is what a sleeping busybox costs with its page tables, stack and namespaces, in bytes, generously.
const memoryEach = 512 << 10

// Many starts n sleeping processes, and every nsEvery-th of them in namespaces of its own (none when nsEvery is 0). They
// end when stop is called, and at the latest with the test. It skips the test where the machine has no room for them.
func Many(t testing.TB, n, nsEvery int) (stop func()) {
	t.Helper()
	NeedRoot(t)
	busybox := filepath.Join(useRootfs(t).Dir, "bin/busybox")
	needRoom(t, n)
	attr := &syscall.ProcAttr{Dir: "/", Env: []string{markEnv + "=" + useBench(t).name}, Files: devNull(t)}
	pids := make([]int, 0, n)
	stop = sync.OnceFunc(func() { endAll(pids) })
	t.Cleanup(func() { stop() })
	for i := range n {
		attr.Sys = &syscall.SysProcAttr{}
		if nsEvery > 0 && i%nsEvery == 0 {
			attr.Sys.Cloneflags = ownNamespaces
		}
		// Not os.StartProcess, which would hold a pidfd open for each.
		pid, err := syscall.ForkExec(busybox, []string{"sleep", "100000"}, attr)
		if err != nil {
			t.Fatalf("start process %d of %d: %v", i+1, n, err)
		}
		pids = append(pids, pid)
	}
	return stop
}

// devNull is /dev/null as standard input, output and error.
func devNull(t testing.TB) []uintptr {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return []uintptr{f.Fd(), f.Fd(), f.Fd()}
}

// endAll kills and reaps children. First all are killed, because namespaces take their time to go and can do so together.
func endAll(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range pids {
		for {
			if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
				break
			}
		}
	}
}

// needRoom skips the test when the machine's limits leave no room for n processes more.
func needRoom(t testing.TB, n int) {
	t.Helper()
	running, _ := filepath.Glob("/proc/[0-9]*")
	for _, file := range append([]string{"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"}, pidsMax()...) {
		if limit := readNumber(file); limit < len(running)+n+1000 {
			Skip(t, fmt.Sprintf("needs room for %d processes, and %s is %d", n, file, limit))
		}
	}
	if free := memAvailable(); free < n*memoryEach {
		Skip(t, fmt.Sprintf("needs %d MiB of memory for %d processes, and %d are available", n*memoryEach>>20, n, free>>20))
	}
}

// pidsMax lists the pids.max of this process's cgroup and of all above it.
func pidsMax() []string {
	text, _ := os.ReadFile("/proc/self/cgroup")
	var files []string
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 || (fields[1] != "" && fields[1] != "pids") {
			continue
		}
		for path := fields[2]; path != "/" && path != "."; path = filepath.Dir(path) {
			files = append(files, CgroupFile(fields[1], path, "pids.max"))
		}
	}
	return files
}

// readNumber reads a limit; "max" and a file that is not there are no limit.
func readNumber(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return math.MaxInt
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return math.MaxInt
	}
	return n
}

// memAvailable is MemAvailable of /proc/meminfo in bytes (proc_meminfo(5)).
func memAvailable() int {
	text, _ := os.ReadFile("/proc/meminfo")
	_, rest, _ := strings.Cut(string(text), "MemAvailable:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return math.MaxInt
	}
	return kib << 10
}
