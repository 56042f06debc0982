package nsfs

import (
	"bytes"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
)

// Bind is a namespace's file mounted somewhere, as `ip netns add` does it: the mount keeps the namespace alive.
type Bind struct {
	ID
	Kind       proc.NSKind
	MountPoint string // below the root of the process whose mountinfo it is
}

// Binds lists the namespaces that are mounted, from the text of a mountinfo file: mounts of type nsfs whose root is the
// namespace's name, "net:[4026532500]" (proc_pid_mountinfo(5), ns_dname in fs/nsfs.c). Lines that make no sense are left out.
func Binds(mountinfo []byte) []Bind {
	var binds []Bind
	for line := range bytes.Lines(mountinfo) {
		if !bytes.Contains(line, []byte(" - nsfs ")) {
			continue
		}
		mounts, err := proc.ParseMountinfo(line)
		if err != nil || len(mounts) != 1 || mounts[0].FSType != "nsfs" {
			continue
		}
		m := &mounts[0]
		if kind, ino, ok := proc.ParseNSLink([]byte(m.Root)); ok {
			id := ID{Dev: unix.Mkdev(m.Major, m.Minor), Ino: ino}
			binds = append(binds, Bind{ID: id, Kind: kind, MountPoint: m.MountPoint})
		}
	}
	return binds
}
