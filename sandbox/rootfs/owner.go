package rootfs

import (
	"archive/tar"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// owner says whom files belong to.
type owner struct {
	change     bool // files are given to others: only root can
	uids, gids []IDMapping
}

func newOwner(o Options) owner {
	return owner{change: os.Geteuid() == 0, uids: o.UIDMap, gids: o.GIDMap}
}

// give gives what a directory holds under a name to whom the archive says. A link is not followed.
func (o owner) give(dir int, name string, hdr *tar.Header) error {
	if !o.change {
		return nil
	}
	uid, err := shift(hdr.Uid, o.uids)
	if err != nil {
		return fmt.Errorf("its owner: uid %w", err)
	}
	gid, err := shift(hdr.Gid, o.gids)
	if err != nil {
		return fmt.Errorf("its owner: gid %w", err)
	}
	if err := unix.Fchownat(dir, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("give it to uid %d and gid %d: %w%s", uid, gid, err, chownAdvice(err))
	}
	return nil
}

// chownAdvice says what EINVAL means, see user_namespaces(7).
func chownAdvice(err error) string {
	if err == unix.EINVAL {
		return ": this user namespace has no such id; unpack outside of it, or map the ids"
	}
	return ""
}

// shift finds the id outside of an id in an archive.
func shift(id int, mappings []IDMapping) (int, error) {
	if id < 0 || id >= math.MaxUint32 {
		return 0, fmt.Errorf("%d is not an id", id)
	}
	if len(mappings) == 0 {
		return id, nil
	}
	for _, m := range mappings {
		if id >= int(m.Inside) && id-int(m.Inside) < int(m.Count) {
			return int(m.Outside) + id - int(m.Inside), nil
		}
	}
	return 0, fmt.Errorf("%d is not in the map of ids: map more of them", id)
}
