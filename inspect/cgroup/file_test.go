package cgroup

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// openers are the two ways to open a file below a folder: by openat2, and on kernels without it.
var openers = map[string]func(f folder, name string, flags int) (int, error){
	"openat2": folder.openBelow,
	"walk":    folder.walkBelow,
}

func TestOpenBelowStaysBelow(t *testing.T) {
	dir := t.TempDir()
	files{"top/a/b/file": "inside", "secret": "outside"}.write(t, dir)
	top := filepath.Join(dir, "top")
	for link, target := range map[string]string{"a/link": "../../secret", "a/abs": filepath.Join(dir, "secret"), "up": "..", "in": "a"} {
		if err := os.Symlink(target, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := openFolder(place{dir: top})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for way, open := range openers {
		t.Run(way, func(t *testing.T) {
			for name, ok := range map[string]bool{
				"a/b/file": true, "a/link": false, "a/abs": false, "up/secret": false, "in/b/file": false,
				"../secret": false, "a/../../secret": false, filepath.Join(dir, "secret"): false, "": false,
			} {
				fd, err := open(f, name, unix.O_RDONLY|unix.O_CLOEXEC)
				if err == nil {
					unix.Close(fd)
				}
				if (err == nil) != ok {
					t.Errorf("opening %q: %v, want ok %v", name, err, ok)
				}
			}
		})
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	files{"d/x": ""}.write(t, dir)
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(place{dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for _, name := range []string{"fifo", "d"} {
		if text, err := f.read(name, nil); !errors.Is(err, unix.EINVAL) {
			t.Errorf("reading %s: %q, %v, want EINVAL", name, text, err)
		}
	}
}

func TestReadCapsSize(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "huge"), bytes.Repeat([]byte("x"), maxFile+5000), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(place{dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if text, err := f.read("huge", nil); err != nil || len(text) != maxFile {
		t.Errorf("read %d bytes, %v, want %d", len(text), err, maxFile)
	}
}
