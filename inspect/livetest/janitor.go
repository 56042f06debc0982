package livetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// janitorEnv holds the bench's directory when this binary was started to clean it.
const janitorEnv = "CUTAWAY_LIVETEST_JANITOR"

// sweepPatience is how long the janitor tries.
const sweepPatience = 30 * time.Second

// init takes over the process before any test could run.
func init() {
	dir := os.Getenv(janitorEnv)
	if dir == "" {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // ends when the test binary does
	if err := sweep(dir); err != nil {
		fmt.Fprintln(os.Stderr, "livetest: left behind:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// sweep ends every process of a bench and removes its cgroups, mounts and files. Its error names what remains.
func sweep(dir string) error {
	name := filepath.Base(dir)
	var left []string
	if !poll(sweepPatience, func() bool {
		left = killAll(name)
		return len(left) == 0
	}) {
		return fmt.Errorf("processes %s", strings.Join(left, ", "))
	}
	if !poll(sweepPatience, func() bool {
		left = removeCgroups(name)
		return len(left) == 0
	}) {
		return fmt.Errorf("cgroups %s", strings.Join(left, ", "))
	}
	if err := unmountBelow(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

// killAll kills the processes of a bench and returns those that it found.
func killAll(name string) []string {
	var found []string
	for _, h := range hierarchies() {
		thaw(filepath.Join(h.mount, name))
	}
	for _, pid := range procsOf(name) {
		found = append(found, strconv.Itoa(pid))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return found
}

// procsOf lists the processes of a bench: those in its cgroups (containers, whose environment is their own) and those
// with its mark in their environment (what was started without a cgroup).
func procsOf(name string) []int {
	var pids []int
	for _, h := range hierarchies() {
		_ = filepath.WalkDir(filepath.Join(h.mount, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				pids = append(pids, cgroupProcs(path)...)
			}
			return nil
		})
	}
	mark := []byte(markEnv + "=" + name + "\x00")
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environs {
		if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, mark) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

func cgroupProcs(dir string) []int {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil
	}
	var pids []int
	for word := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// thaw wakes frozen cgroups: on v1 a frozen task does not even take SIGKILL (cgroup-v1/freezer-subsystem.rst).
func thaw(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			writeExisting(filepath.Join(path, "freezer.state"), "THAWED")
			writeExisting(filepath.Join(path, "cgroup.freeze"), "0")
		}
		return nil
	})
}

func writeExisting(file, text string) {
	if f, err := os.OpenFile(file, os.O_WRONLY, 0); err == nil {
		_, _ = f.WriteString(text)
		f.Close()
	}
}

// removeCgroups removes a bench's cgroups, the deepest first, and returns those that are still there: a cgroup stays
// busy for a moment after its last process was killed.
func removeCgroups(name string) []string {
	var left []string
	for _, h := range hierarchies() {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(h.mount, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				left = append(left, dir)
			}
		}
	}
	return left
}

// unmountBelow detaches what a test mounted below the bench's directory in this mount namespace.
func unmountBelow(dir string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("mounts: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[4], dir+"/") {
			continue
		}
		if err := syscall.Unmount(fields[4], syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("mount %s: %w", fields[4], err)
		}
	}
	return nil
}
