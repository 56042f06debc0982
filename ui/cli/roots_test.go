package cli

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/sandbox/rootfs"
)

// What run --root has unpacked is listed, kept while it is used, and removed when that is asked for.
func TestRoots(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if out, trouble, status := run(t, "roots"); status != 0 || out != "" {
		t.Errorf("no cache: %d %q %q", status, out, trouble)
	}
	archive := filepath.Join(t.TempDir(), "small.tar")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := w.WriteHeader(&tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	root, err := rootfs.Unpack(t.Context(), archive, rootfs.Tar, "", rootfs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, "roots"); !strings.Contains(out, "in use") || !strings.Contains(out, archive) {
		t.Errorf("listed: %q", out)
	}
	if _, trouble, _ := run(t, "roots", "--prune"); !strings.Contains(trouble, "nothing to remove") {
		t.Errorf("what is used: %q", trouble)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	if _, trouble, _ := run(t, "roots", "--prune", "--unused", "1h"); !strings.Contains(trouble, "nothing to remove") {
		t.Errorf("what was used just now: %q", trouble)
	}
	if _, _, status := run(t, "--readonly", "roots", "--prune"); status == 0 {
		t.Error("--readonly: removed all the same")
	}
	if out, trouble, _ := run(t, "roots", "--prune"); !strings.Contains(trouble, "removed 1 root,") || !strings.Contains(out, archive) {
		t.Errorf("removed: %q %q", out, trouble)
	}
	if out, _, _ := run(t, "roots"); out != "" {
		t.Errorf("left: %q", out)
	}
}
