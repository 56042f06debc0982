package cli

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/klauspost/compress/zstd"

	"cutaway/sandbox"
	"cutaway/sandbox/rootfs"
	"cutaway/ui/text"
)

// archiveKind tells whether an archive holds the files of a root, or an image, by its first entries: an image has its
// layout's files at the top. What it is compressed with, its content tells.
func archiveKind(name string) (sandbox.RootKind, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var plain io.Reader = in
	magic, _ := in.Peek(4)
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		if plain, err = gzip.NewReader(in); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		plain = z
	}
	files := tar.NewReader(io.LimitReader(plain, 64<<20))
	for range 50 {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("%s is neither a tar nor an image: %w", name, err)
		}
		switch path.Clean(h.Name) {
		case "oci-layout", "manifest.json", "index.json", "blobs", "repositories":
			return sandbox.RootImage, nil
		case "bin", "etc", "usr", "dev", "proc":
			return sandbox.RootTar, nil
		}
	}
	return sandbox.RootTar, nil
}

// unpackProgress draws how far an unpacking is, on a terminal alone, and wipes it at the end.
func (a *app) unpackProgress() func(rootfs.Progress) {
	out, ok := a.err.(*os.File)
	if !ok || !isTerminal(out) {
		return nil
	}
	var last time.Time
	return func(p rootfs.Progress) {
		done := p.Total > 0 && p.Done >= p.Total
		if time.Since(last) < 100*time.Millisecond && !done {
			return
		}
		last = time.Now()
		if done {
			fmt.Fprint(out, "\r\x1b[K")
			return
		}
		share := ""
		if p.Total > 0 {
			share = fmt.Sprintf("%3d%% ", p.Done*100/p.Total)
		}
		fmt.Fprintf(out, "\r\x1b[K%s %s%s, %d entries", p.What, share, text.Bytes(uint64(p.Done)), p.Entries)
	}
}
