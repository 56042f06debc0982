package rootfs

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// BenchmarkUnpack unpacks a part of this system into an empty cache, and the same with the system's tar in turn: "/tar" is
// ours divided by tar's time. Ours also hashes the archive, twice.
func BenchmarkUnpack(b *testing.B) {
	livetest.NeedTools(b, "tar", "gzip", "zstd")
	for _, compress := range []string{"--sort=none", "--gzip", "--zstd"} {
		b.Run(map[string]string{"--sort=none": "tar", "--gzip": "gzip", "--zstd": "zstd"}[compress], func(b *testing.B) {
			box := newBox(b)
			archive := filepath.Join(box.dir, "archive")
			// Not all can be read by everybody.
			_ = exec.Command("tar", "-C", "/", "--ignore-failed-read", "--warning=none", compress, "-cf", archive, "usr/sbin", "usr/share/perl", "etc").Run()
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				r, err := Unpack(context.Background(), archive, Tar, "", box.opts)
				if err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				r.Close()
				b.StopTimer()
				dir := filepath.Join(box.dir, "theirs")
				run(b, "mkdir", dir)
				start = time.Now()
				run(b, "tar", "-C", dir, "--numeric-owner", "-xpf", archive)
				theirs += time.Since(start)
				if _, err := Prune(context.Background(), box.opts.CacheDir, 0); err != nil {
					b.Fatal(err)
				}
				if err := removeAll(unix.AT_FDCWD, dir, nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(ours)/float64(theirs), "/tar")
		})
	}
}

// BenchmarkAgain finds in the cache what was unpacked before.
func BenchmarkAgain(b *testing.B) {
	box := newBox(b)
	path := box.put(b, "a.tar", pack(b, file("f", "x")))
	waitSettled(b, path)
	for b.Loop() {
		r, err := Unpack(context.Background(), path, Tar, "", box.opts)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
