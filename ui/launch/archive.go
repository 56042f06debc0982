package launch

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/klauspost/compress/zstd"

	"cutaway/sandbox"
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
