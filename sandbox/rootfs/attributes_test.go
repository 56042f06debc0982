package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func stat(t *testing.T, r *Root, name string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(r.Dir, name), &st); err != nil {
		t.Fatalf("look at %s: %v", name, err)
	}
	return st
}

func TestModesAndTimes(t *testing.T) {
	b := newBox(t)
	mode := func(i item, mode int64) item { i.Mode = mode; return i }
	late := file("late", "")
	late.ModTime = time.Unix(1<<40, 999_999_999)
	early := file("early", "")
	early.ModTime = time.Unix(-100, 0)
	r := b.mustUnpack(t, pack(
		t, folder("./", 0o751), folder("closed/", 0), file("closed/f", "x"), folder("sticky/", 0o1777), folder("group/", 0o2755),
		mode(file("suid", ""), 0o4755), mode(file("sgid", ""), 0o2755), mode(file("none", "x"), 0), mode(file("type", ""), 0o100644),
		special("fifo", tar.TypeFifo), symlink("l", "none"), late, early, file("missing/f", ""),
	))
	for name, want := range map[string]uint32{
		".": 0o751, "closed": 0, "sticky": 0o1777, "suid": 0o755, "sgid": 0o755, "none": 0, "type": 0o644, "fifo": 0o640, "missing": 0o755,
	} {
		if got := stat(t, r, name).Mode & 0o7777; got != want {
			t.Errorf("%s has the mode %#o, want %#o", name, got, want)
		}
	}
	if got := stat(t, r, "fifo").Mode & unix.S_IFMT; got != unix.S_IFIFO {
		t.Errorf("the FIFO is of the kind %#o", got)
	}
	for _, name := range []string{".", "closed", "sticky", "none", "fifo", "l"} {
		if got := stat(t, r, name).Mtim; got.Sec != at.Unix() || got.Nsec != int64(at.Nanosecond()) {
			t.Errorf("%s was changed at %v, want %v", name, got, at)
		}
	}
	if got := stat(t, r, "early").Mtim.Sec; got != -100 {
		t.Errorf("early was changed at %d", got)
	}
	b.opts.KeepSetuid = true
	kept := b.mustUnpack(t, pack(t, mode(file("suid", ""), 0o4755)))
	if got := stat(t, kept, "suid").Mode & 0o7777; got != 0o4755 {
		t.Errorf("set-user-ID was asked for, and the mode is %#o", got)
	}
}

// Device files are counted, links to them too, and what they replace goes.
func TestSkipsDevices(t *testing.T) {
	b := newBox(t)
	data := pack(t, folder("dev/", 0o755), special("dev/null", tar.TypeChar), special("dev/sda", tar.TypeBlock),
		hardlink("dev/zero", "dev/null"), file("f", "x"), special("f", tar.TypeChar), special("g", tar.TypeBlock), file("g", "y"))
	for range 2 { // the second comes from the cache
		r := b.mustUnpack(t, data)
		if r.Skipped != 4 {
			t.Errorf("%d device files skipped, want 4", r.Skipped)
		}
		if got := shortList(t, r); got != "dev g=y" {
			t.Errorf("the root has %s", got)
		}
	}
}

// Extended attributes are not taken over: they would grant capabilities.
func TestIgnoresAttributes(t *testing.T) {
	b := newBox(t)
	f := file("f", "x")
	f.PAXRecords = map[string]string{
		"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"SCHILY.xattr.user.x":              "y",
	}
	r := b.mustUnpack(t, pack(t, f))
	n, err := unix.Llistxattr(filepath.Join(r.Dir, "f"), make([]byte, 1000))
	if errors.Is(err, unix.ENOTSUP) {
		t.Skip("this file system has no extended attributes")
	}
	if err != nil || n != 0 {
		t.Errorf("%d bytes of attributes (error %v), want none", n, err)
	}
}

// A hole stays a hole.
func TestSparse(t *testing.T) {
	b := newBox(t)
	r := b.mustUnpack(t, sparseTar("f", 1<<30))
	if st := stat(t, r, "f"); st.Size != 1<<30 || st.Blocks*512 > 1<<20 {
		t.Errorf("size %d, %d bytes on disk", st.Size, st.Blocks*512)
	}
}

func TestOwners(t *testing.T) {
	b := newBox(t)
	owned := func(name string, uid, gid int) item { i := file(name, name); i.Uid, i.Gid = uid, gid; return i }
	data := pack(t, owned("root", 0, 0), owned("user", 1000, 5), owned("last", 65535, 65535), file("made/f", ""))
	if os.Geteuid() != 0 {
		if st := stat(t, b.mustUnpack(t, data), "user"); int(st.Uid) != os.Geteuid() {
			t.Errorf("the file belongs to uid %d", st.Uid)
		}
		b.opts.UIDMap = []IDMapping{{0, 0, 1}}
		if _, err := b.unpack(t, data); err == nil || !strings.Contains(err.Error(), "only root") {
			t.Errorf("a map: got %v", err)
		}
		return
	}
	check := func(want map[string]string) string {
		t.Helper()
		r := b.mustUnpack(t, data)
		for name, want := range want {
			if st := stat(t, r, name); fmt.Sprint(st.Uid, " ", st.Gid) != want {
				t.Errorf("%s belongs to %d:%d, want %s", name, st.Uid, st.Gid, want)
			}
		}
		return r.Dir
	}
	dirs := map[string]bool{}
	dirs[check(map[string]string{"root": "0 0", "user": "1000 5", "last": "65535 65535", "made": "0 0", ".": "0 0"})] = true
	b.opts.UIDMap = []IDMapping{{0, 100000, 65536}}
	b.opts.GIDMap = []IDMapping{{0, 200000, 5}, {5, 7, 1}, {6, 300006, 65530}}
	dirs[check(map[string]string{"root": "100000 200000", "user": "101000 7", "last": "165535 365535", "made": "100000 200000", ".": "100000 200000"})] = true
	b.opts.GIDMap = b.opts.UIDMap
	dirs[check(map[string]string{"root": "100000 100000"})] = true
	if len(dirs) != 3 {
		t.Errorf("different owners share a root: %v", dirs)
	}
	b.opts.UIDMap = []IDMapping{{0, 100000, 65535}}
	if _, err := b.unpack(t, data); err == nil || !strings.Contains(err.Error(), "65535 is not in the map") {
		t.Errorf("an owner outside of the map: got %v", err)
	}
	for _, wrong := range []IDMapping{{0, 0, 0}, {1, 0, 1<<32 - 1}, {0, 1 << 31, 1 << 31}} {
		b.opts.UIDMap = []IDMapping{wrong}
		if _, err := b.unpack(t, data); err == nil || !strings.Contains(err.Error(), "not a range") {
			t.Errorf("%v: got %v", wrong, err)
		}
	}
}

func TestProgress(t *testing.T) {
	b := newBox(t)
	var last Progress
	b.opts.Progress = func(p Progress) {
		if p.Done > p.Total || p.What == last.What && p.Done < last.Done {
			t.Errorf("after %+v comes %+v", last, p)
		}
		last = p
	}
	data := gzipped(t, pack(t, file("a", strings.Repeat("x", 3<<20)), file("b", "")))
	b.mustUnpack(t, data)
	if want := (Progress{Unpacking, int64(len(data)), int64(len(data)), 2}); last != want {
		t.Errorf("at the end it is %+v, want %+v", last, want)
	}
}
