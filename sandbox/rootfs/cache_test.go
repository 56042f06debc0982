package rootfs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waitSettled waits until a file has not been changed for so long that its digest is remembered.
func waitSettled(t testing.TB, path string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		a, err := openArchive(path, Tar, "")
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		if a.settled {
			return
		}
	}
	t.Fatal("the file's times do not get older")
}

// told collects what an unpacking said that it was at.
func told(b *box) *[]string {
	var said []string
	b.opts.Progress = func(p Progress) {
		if !slices.Contains(said, p.What) {
			said = append(said, p.What)
		}
	}
	return &said
}

// A tar is hashed and unpacked once, as long as it does not change.
func TestRemembersDigests(t *testing.T) {
	t.Parallel() // it waits
	b := newBox(t)
	path := b.put(t, "a.tar", pack(t, file("f", "x")))
	waitSettled(t, path)
	for _, want := range [][]string{{Checking, Unpacking}, nil, nil} {
		said := told(b)
		if _, err := b.unpackFile(t, path, Tar, ""); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(*said, want) {
			t.Errorf("it was at %q, want %q", *said, want)
		}
	}
	// Another file of the same content is hashed, and found.
	said := told(b)
	if _, err := b.unpackFile(t, b.put(t, "b.tar", pack(t, file("f", "x"))), Tar, ""); err != nil || !slices.Equal(*said, []string{Checking}) {
		t.Errorf("a copy: error %v, was at %q", err, *said)
	}
	// Another content in the same file, of the same size and time, is seen.
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b.put(t, "a.tar", pack(t, file("f", "y")))
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	r, err := b.unpackFile(t, path, Tar, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, r, "f"); got != "y" {
		t.Errorf("the changed archive gives %q", got)
	}
}

func TestRemembersImages(t *testing.T) {
	t.Parallel() // it waits
	b := newBox(t)
	path := b.put(t, "a.tar.gz", gzipped(t, oneLayer(t).pack(t)))
	waitSettled(t, path)
	for _, want := range [][]string{{Checking, Unpacking}, nil} {
		said := told(b)
		r, err := b.unpackFile(t, path, Image, "")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(*said, want) || r.Config == nil || r.Config.User != "guest" {
			t.Errorf("it was at %q, want %q; config %v", *said, want, r.Config)
		}
	}
}

// What a cache holds may be damaged: it is made again.
func TestDamagedCache(t *testing.T) {
	t.Parallel() // it waits
	path := newBox(t).put(t, "a.tar", pack(t, file("f", "x")))
	waitSettled(t, path)
	for name, damage := range map[string]func(root, digests string) error{
		"entry cut":         func(root, _ string) error { return os.WriteFile(filepath.Join(root, entryName), []byte("{"), 0o600) },
		"entry gone":        func(root, _ string) error { return os.Remove(filepath.Join(root, entryName)) },
		"entry of the past": func(root, _ string) error { return os.WriteFile(filepath.Join(root, entryName), []byte("{}"), 0o600) },
		"entry is a FIFO": func(root, _ string) error {
			return errors.Join(os.Remove(filepath.Join(root, entryName)), unix.Mkfifo(filepath.Join(root, entryName), 0o600))
		},
		"root gone": func(root, _ string) error { return os.RemoveAll(filepath.Join(root, rootName)) },
		"root is a link": func(root, _ string) error {
			return errors.Join(os.RemoveAll(filepath.Join(root, rootName)), os.Symlink("/", filepath.Join(root, rootName)))
		},
		"digest is a path": func(_, digest string) error { return os.WriteFile(digest, []byte("sha256:../../../../etc"), 0o600) },
		"digest is large":  func(_, digest string) error { return os.WriteFile(digest, make([]byte, 1<<20), 0o600) },
		"digest is of none": func(_, digest string) error {
			return os.WriteFile(digest, []byte(sumOf([]byte(digest))), 0o600)
		},
		"digest is a directory": func(_, digest string) error { return errors.Join(os.Remove(digest), os.Mkdir(digest, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			r, err := Unpack(context.Background(), path, Tar, "", b.opts)
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			digests, err := filepath.Glob(filepath.Join(b.opts.CacheDir, digestsDir, "*"))
			if err != nil || len(digests) != 1 {
				t.Fatalf("digests are %q (error %v)", digests, err)
			}
			if err := damage(filepath.Dir(r.Dir), digests[0]); err != nil {
				t.Fatal(err)
			}
			if r, err = b.unpackFile(t, path, Tar, ""); err != nil {
				t.Fatal(err)
			}
			if got := content(t, r, "f"); got != "x" {
				t.Errorf("f holds %q", got)
			}
		})
	}
}

// Many launchers at once unpack once, and all get the root.
func TestUnpackAtOnce(t *testing.T) {
	b := newBox(t)
	path := b.put(t, "a.tar", pack(t, file("f", strings.Repeat("x", 1<<20)), folder("d/", 0)))
	var group sync.WaitGroup
	var lock sync.Mutex
	unpacked := 0
	for range 8 {
		group.Go(func() {
			opts, mine := b.opts, false
			opts.Progress = func(p Progress) { mine = mine || p.What == Unpacking }
			r, err := Unpack(context.Background(), path, Tar, "", opts)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if got := content(t, r, "f"); len(got) != 1<<20 {
				t.Errorf("the file has %d bytes", len(got))
			}
			lock.Lock()
			defer lock.Unlock()
			if mine {
				unpacked++
			}
		})
	}
	group.Wait()
	if unpacked != 1 {
		t.Errorf("unpacked %d times", unpacked)
	}
	left, err := os.ReadDir(filepath.Join(b.opts.CacheDir, workDir))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (error %v)", left, err)
	}
}

// Who comes second waits, says so, and can be told to stop waiting.
func TestWaits(t *testing.T) {
	b := newBox(t)
	data := pack(t, file("f", "x"))
	c, err := openCache(b.opts.CacheDir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.claim(context.Background(), sumOf(data).hex(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.opts.Progress = func(p Progress) {
		if p.What == Waiting {
			cancel()
		}
	}
	if _, err := Unpack(ctx, b.put(t, "a.tar", data), Tar, "", b.opts); !errors.Is(err, context.Canceled) {
		t.Errorf("want to be cancelled while waiting, got %v", err)
	}
	// The first gives up while the second waits: the second unpacks.
	b.opts.Progress = func(p Progress) {
		if p.What == Waiting && first != nil {
			if err := first.giveUp(); err != nil {
				t.Error(err)
			}
			first = nil
		}
	}
	b.mustUnpack(t, data)
}

// What a killed unpacking left is removed by the next, whichever it is.
func TestSweeps(t *testing.T) {
	b := newBox(t)
	r := b.mustUnpack(t, pack(t, file("f", "x")))
	left := filepath.Join(b.opts.CacheDir, workDir, "left")
	if err := os.MkdirAll(filepath.Join(left, rootName, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(left, rootName), 0); err != nil {
		t.Fatal(err)
	}
	b.mustUnpack(t, pack(t, file("f", "y")))
	if _, err := os.Lstat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", left, err)
	}
	if got := content(t, r, "f"); got != "x" {
		t.Errorf("the first root holds %q", got)
	}
}

func TestCancel(t *testing.T) {
	image := layout{}
	image.index(image.image(runtime.GOARCH, asIs, pack(t, file("f", strings.Repeat("x", 1<<20)))))
	for _, what := range []string{Checking, Unpacking} {
		for _, kind := range []Kind{Tar, Image} {
			b := newBox(t)
			path := b.put(t, "tar", gzipped(t, pack(t, file("f", strings.Repeat("x", 1<<20)))))
			if kind == Image {
				path = image.write(t, filepath.Join(b.dir, "image"))
			}
			ctx, cancel := context.WithCancel(context.Background())
			b.opts.Progress = func(p Progress) {
				if p.What == what {
					cancel()
				}
			}
			if _, err := Unpack(ctx, path, kind, "", b.opts); !errors.Is(err, context.Canceled) {
				t.Errorf("%s, %s: got %v", kind, what, err)
			}
			b.empty(t)
		}
	}
}

// A root that is used stays; one that is not, goes, and takes its digests with it.
func TestPrune(t *testing.T) {
	b := newBox(t)
	ctx := context.Background()
	closed := pack(t, folder("d/", 0o755), file("d/f", "x"), folder("d/", 0))
	r, err := Unpack(ctx, b.put(t, "closed.tar", closed), Tar, "", b.opts)
	if err != nil {
		t.Fatal(err)
	}
	used := b.mustUnpack(t, pack(t, file("f", "y")))
	if removed, err := Prune(ctx, b.opts.CacheDir, time.Hour); err != nil || len(removed) != 0 {
		t.Errorf("removed %v (error %v), though all was used within the hour", removed, err)
	}
	roots, err := List(b.opts.CacheDir)
	if err != nil || len(roots) != 2 || !roots[0].InUse || !roots[1].InUse {
		t.Errorf("the cache is %+v (error %v)", roots, err)
	}
	if removed, err := Prune(ctx, b.opts.CacheDir, 0); err != nil || len(removed) != 0 {
		t.Errorf("removed %v (error %v), though all is in use", removed, err)
	}
	r.Close()
	removed, err := Prune(ctx, b.opts.CacheDir, 0)
	if err != nil || len(removed) != 1 || removed[0].Digest != r.Digest || removed[0].Path != filepath.Join(b.dir, "closed.tar") {
		t.Errorf("removed %+v (error %v), want only %s", removed, err, r.Digest)
	}
	if got := content(t, used, "f"); got != "y" {
		t.Errorf("the root in use holds %q", got)
	}
	if list, err := List(filepath.Join(b.dir, "none")); err != nil || list != nil {
		t.Errorf("a cache that is not there has %v (error %v)", list, err)
	}
}

// A cache that others can write to decides what runs: it is refused.
func TestRefusesForeignCaches(t *testing.T) {
	b := newBox(t)
	if err := os.Mkdir(b.opts.CacheDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(b.opts.CacheDir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := b.unpack(t, pack(t, file("f", "x"))); err == nil || !strings.Contains(err.Error(), "can be changed by others") {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(b.opts.CacheDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/tmp", filepath.Join(b.opts.CacheDir, rootsDir)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.unpack(t, pack(t, file("f", "x"))); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("a link: got %v", err)
	}
	b.opts.CacheDir = "/proc/1"
	if os.Geteuid() != 0 {
		if _, err := b.unpack(t, pack(t, file("f", "x"))); err == nil || !strings.Contains(err.Error(), "belongs to uid 0") {
			t.Errorf("root's: got %v", err)
		}
	}
}

func TestRefusesWhatIsNoArchive(t *testing.T) {
	b := newBox(t)
	fifo := filepath.Join(b.dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	tarFile := b.put(t, "a.tar", pack(t, file("f", "x")))
	for _, tt := range []struct {
		path    string
		kind    Kind
		ref     string
		refused string
	}{
		{fifo, Tar, "", "neither a file nor a directory"},
		{fifo, Image, "", "neither a file nor a directory"},
		{"/dev/zero", Tar, "", "neither a file nor a directory"},
		{b.dir, Tar, "", "it is a directory"},
		{b.dir, Image, "", "it is no image"},
		{tarFile, Image, "", "say that it is a tar"},
		{tarFile, Tar, "bb:1", "a tar has none"},
		{tarFile, "zip", "", "is not a kind of archive"},
		{filepath.Join(b.dir, "none"), Tar, "", "no such file"},
	} {
		if _, err := b.unpackFile(t, tt.path, tt.kind, tt.ref); err == nil || !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%s as %s: want an error with %q, got %v", tt.path, tt.kind, tt.refused, err)
		}
	}
	b.empty(t)
}
