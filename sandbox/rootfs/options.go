package rootfs

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Kind says how the archive is to be read. The names are those of sandbox.RootKind.
type Kind string

// The kinds of archives.
const (
	Tar   Kind = "tar"   // the files of a root, as `docker export` writes them
	Image Kind = "image" // an OCI layout, a directory or an archive of one, or what `docker save` writes
)

// Options say where and how to unpack. The zero value is good for anybody.
type Options struct {
	// CacheDir is the cache. "" is $XDG_CACHE_HOME/cutaway/rootfs, or else ~/.cache/cutaway/rootfs, for root
	// /var/cache/cutaway/rootfs. Under sudo the environment may name another user's directory, who could then change what
	// root runs: for root, XDG_CACHE_HOME counts only where nobody else can exchange any part of it.
	CacheDir string

	Limits Limits

	// UIDMap and GIDMap say which owner a file gets whose owner in the archive is Inside. Without them root keeps the
	// archive's owners. Only root can give files away: a normal user who sets them gets an error.
	UIDMap, GIDMap []IDMapping

	// KeepSetuid keeps the set-user-ID and set-group-ID bits of files. By default they are cleared: sandboxes are mounted
	// nosuid, and a file that is set-user-ID for the host's root is better not made.
	KeepSetuid bool

	// Progress, if not nil, is called now and then with how far the unpacking is, by the goroutine that called Unpack.
	Progress func(Progress)
}

// IDMapping maps Count ids from Inside of the archive to Outside. It converts from sandbox.IDMapping.
type IDMapping struct {
	Inside  uint32
	Outside uint32
	Count   uint32
}

// Limits bound what an archive may hold. 0 is the default.
type Limits struct {
	Bytes   int64 // of all files, and of what the archive is uncompressed; default 16 GiB
	Entries int   // files, directories, links, ..., of all layers; default 1,000,000
	Ratio   int64 // bytes out of one compressed byte, once more than 64 MiB came out; default 200
	PathLen int   // bytes of a path in the root; default 4095, the kernel's own
	Depth   int   // directories in each other; default 256
}

// Progress tells how far an unpacking is.
type Progress struct {
	What    string // Waiting, Checking, Unpacking
	Done    int64  // bytes read of the archive, starting anew for each What
	Total   int64  // bytes that will be read; 0 when waiting
	Entries int    // files, directories, links, ... made
}

// What an unpacking is at.
const (
	Waiting   = "waiting"   // another process unpacks the same archive
	Checking  = "checking"  // reads the archive for its digest
	Unpacking = "unpacking" // writes the files
)

// complete fills in the defaults and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	def := func(n, def int64) int64 {
		if n == 0 {
			return def
		}
		return n
	}
	l := &o.Limits
	l.Bytes, l.Ratio = def(l.Bytes, 16<<30), def(l.Ratio, 200)
	l.Entries, l.PathLen, l.Depth = int(def(int64(l.Entries), 1_000_000)), int(def(int64(l.PathLen), 4095)), int(def(int64(l.Depth), 256))
	if l.Bytes < 0 || l.Ratio < 0 || l.Entries < 0 || l.PathLen < 0 || l.Depth < 0 {
		return o, fmt.Errorf("limits must not be negative: %+v", *l)
	}
	for _, m := range [][]IDMapping{o.UIDMap, o.GIDMap} {
		if len(m) > 0 && os.Geteuid() != 0 {
			return o, fmt.Errorf("only root can give files to other users: leave out the id map")
		}
		for _, r := range m {
			// The last id, 4294967295, is no id: chown(2) takes it for "leave as it is".
			if r.Count == 0 || uint64(max(r.Inside, r.Outside))+uint64(r.Count) > math.MaxUint32 {
				return o, fmt.Errorf("%d ids from %d to %d are not a range of ids", r.Count, r.Inside, r.Outside)
			}
		}
	}
	var err error
	if o.CacheDir == "" {
		o.CacheDir, err = defaultCacheDir()
	} else {
		o.CacheDir, err = filepath.Abs(o.CacheDir)
	}
	return o, err
}

// key names the root in the cache: its digest, and what else its files depend on.
func (o Options) key(d digest) string {
	if len(o.UIDMap) == 0 && len(o.GIDMap) == 0 && !o.KeepSetuid {
		return d.hex()
	}
	variant := sha256.Sum256(fmt.Append(nil, o.UIDMap, o.GIDMap, o.KeepSetuid))
	return fmt.Sprintf("%s-%x", d.hex(), variant[:8])
}
