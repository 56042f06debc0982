package rootfs

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// rootsCache is where root keeps what can be made again (hier(7)).
const rootsCache = "/var/cache"

func defaultCacheDir() (string, error) {
	home, err := cacheHome()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w: set XDG_CACHE_HOME", err)
	}
	return filepath.Join(home, "cutaway", "rootfs"), nil
}

func cacheHome() (string, error) {
	if os.Geteuid() != 0 {
		return os.UserCacheDir()
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) && onlyRootsWay(filepath.Clean(dir)) {
		return dir, nil
	}
	return rootsCache, nil
}

// onlyRootsWay tells whether nobody but root can exchange a directory, or one above it. Whoever may write to a directory
// may rename what is in it, except in one with the sticky bit, such as /tmp. What is missing, root will make.
func onlyRootsWay(dir string) bool {
	for {
		var st unix.Stat_t
		switch err := unix.Lstat(dir, &st); {
		case err == unix.ENOENT:
		case err != nil, st.Mode&unix.S_IFMT != unix.S_IFDIR, st.Uid != 0:
			return false
		case st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0:
			return false
		}
		if dir == "/" {
			return true
		}
		dir = filepath.Dir(dir)
	}
}
