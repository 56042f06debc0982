package rootfs

import (
	"os"
	"path/filepath"
	"testing"

	"cutaway/inspect/livetest"
)

func TestDefaultCacheDir(t *testing.T) {
	own := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", own)
	if opts, err := (Options{}).complete(); err != nil || opts.CacheDir != own+"/cutaway/rootfs" {
		t.Errorf("got %q (error %v), want it below %s", opts.CacheDir, err, own)
	}
}

// Under sudo the environment may name another user's directory, who could change what root runs.
func TestCacheDirOfRoot(t *testing.T) {
	livetest.NeedRoot(t)
	dir := t.TempDir()
	mine, theirs, open, link := filepath.Join(dir, "mine"), filepath.Join(dir, "theirs"), filepath.Join(dir, "open"), filepath.Join(dir, "link")
	for _, d := range []string{mine, theirs + "/root's", open + "/root's"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{os.Chown(theirs, 1000, 1000), os.Chmod(open, 0o777), os.Symlink(mine, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for xdg, want := range map[string]string{
		mine: mine, mine + "/missing": mine + "/missing", theirs: rootsCache, theirs + "/root's": rootsCache,
		open + "/root's": rootsCache, link: rootsCache, "relative": rootsCache, "": rootsCache,
	} {
		t.Setenv("XDG_CACHE_HOME", xdg)
		if got, err := cacheHome(); err != nil || got != want {
			t.Errorf("%q: got %q (error %v), want %q", xdg, got, err, want)
		}
	}
}
