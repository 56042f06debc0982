package livetest

import (
	"archive/tar"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// rootfs is a small file system for containers: busybox with its applets.
type rootfs struct {
	Dir string // unpacked
	Tar string // packed, for engines that import images
}

var theRootfs = sync.OnceValues(newRootfs)

func useRootfs(t testing.TB) *rootfs {
	t.Helper()
	NeedTools(t, "busybox")
	useBench(t)
	if busybox, _ := exec.LookPath("busybox"); !static(busybox) {
		Skip(t, "busybox is linked dynamically: install busybox-static")
	}
	r, err := theRootfs()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// static tells whether a program runs without its libraries: it asks for no interpreter.
func static(program string) bool {
	f, err := elf.Open(program)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

func newRootfs() (*rootfs, error) {
	b, err := theBench()
	if err != nil {
		return nil, err
	}
	r := &rootfs{Dir: b.path("rootfs"), Tar: b.path("rootfs.tar")}
	if err := r.fill(); err != nil {
		return nil, fmt.Errorf("make a root file system: %w", err)
	}
	if err := r.pack(); err != nil {
		return nil, fmt.Errorf("pack the root file system: %w", err)
	}
	return r, nil
}

func (r *rootfs) fill() error {
	for _, dir := range []string{"bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var", "www"} {
		if err := os.MkdirAll(filepath.Join(r.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"etc/passwd":     "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000:guest:/tmp:/bin/sh\n",
		"etc/group":      "root:x:0:\nguest:x:1000:\n",
		"etc/os-release": "ID=cutaway-test\nVERSION_ID=1\n",
	} {
		if err := os.WriteFile(filepath.Join(r.Dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "bin/busybox"), program, 0o755); err != nil {
		return err
	}
	applets, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("list busybox's applets: %w", err)
	}
	for applet := range strings.FieldsSeq(string(applets)) {
		if applet == "busybox" {
			continue
		}
		if err := os.Symlink("busybox", filepath.Join(r.Dir, "bin", applet)); err != nil {
			return err
		}
	}
	return nil
}

func (r *rootfs) pack() error {
	f, err := os.Create(r.Tar)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(r.Dir)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
