package livetest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

func TestLiveMany(t *testing.T) {
	const n, every = 210, 7
	stop := livetest.Many(t, n, every)
	var alive, apart int
	for _, pid := range childPIDs(t) {
		alive++
		if len(own(t, pid, os.Getpid())) > 0 {
			apart++
		}
	}
	if alive != n || apart != n/every {
		t.Errorf("%d processes, %d in their own namespaces; want %d and %d", alive, apart, n, n/every)
	}
	stop()
	if left := childPIDs(t); len(left) > 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

// childPIDs lists the processes that run the bench's busybox with the arguments of Many.
func childPIDs(t *testing.T) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, file := range files {
		if text, _ := os.ReadFile(file); string(text) == "sleep\x00100000\x00" && parentOf(file) == os.Getpid() {
			list = append(list, pidOf(file))
		}
	}
	return list
}

func BenchmarkMany(b *testing.B) {
	for b.Loop() {
		livetest.Many(b, 2100, 7)()
	}
}

func pidOf(file string) int {
	pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
	return pid
}

func parentOf(file string) int {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "stat"))
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(fields[1])
	return ppid
}
