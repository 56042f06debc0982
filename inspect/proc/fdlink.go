package proc

import (
	"bytes"
	"strings"
)

// FDKind says what kind of thing a descriptor is open on.
type FDKind string

// The kinds that the link of a descriptor tells apart. Whether an FDPath is a file, a directory or a FIFO, only a stat of
// the descriptor tells.
const (
	FDPath      FDKind = "path"
	FDDevice    FDKind = "device" // a path below /dev
	FDSocket    FDKind = "socket"
	FDPipe      FDKind = "pipe"
	FDAnonInode FDKind = "anon_inode"
	FDNamespace FDKind = "namespace"
	FDMemfd     FDKind = "memfd"
	FDOther     FDKind = "other" // a kind of a newer kernel
)

// FDLink is where a link of /proc/PID/fd points, see proc_pid_fd(5).
type FDLink struct {
	Kind    FDKind
	Name    string // of an anon_inode ("eventpoll"), a namespace ("net"), a memfd; else the path or the link
	Ino     uint64 // of a socket, a pipe, a namespace
	Deleted bool   // the link ends with " (deleted)"; a living file may have such a name too
}

// ParseFDLink reads where a link of /proc/PID/fd points. A path always begins with a slash, so no file name can pass for
// a socket or a pipe; a deleted file in the root directory can pass for a memfd.
func ParseFDLink(target []byte) FDLink {
	switch {
	case bytes.HasPrefix(target, []byte("/memfd:")):
		name, deleted := strings.CutSuffix(string(target[len("/memfd:"):]), deletedMark)
		return FDLink{Kind: FDMemfd, Name: name, Deleted: deleted}
	case bytes.HasPrefix(target, []byte{'/'}):
		path, deleted := strings.CutSuffix(string(target), deletedMark)
		return FDLink{Kind: pathKind(path), Name: path, Deleted: deleted}
	case bytes.HasPrefix(target, []byte("anon_inode:")):
		name := string(target[len("anon_inode:"):])
		return FDLink{Kind: FDAnonInode, Name: strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")}
	}
	if kind, ino, ok := ParseNSLink(target); ok {
		return FDLink{Kind: FDNamespace, Name: kind.String(), Ino: ino}
	}
	for _, kind := range []FDKind{FDSocket, FDPipe} {
		if ino, ok := parseInodeLink(target, string(kind)); ok {
			return FDLink{Kind: kind, Name: string(target), Ino: ino}
		}
	}
	return FDLink{Kind: FDOther, Name: string(target)}
}

// deletedMark is what d_path in fs/d_path.c appends to the path of a deleted file.
const deletedMark = " (deleted)"

// pathKind tells a device by its path: below /dev, except for the file systems of memory that are mounted there.
func pathKind(path string) FDKind {
	if !strings.HasPrefix(path, "/dev/") {
		return FDPath
	}
	for _, files := range []string{"/dev/shm/", "/dev/mqueue/", "/dev/hugepages/"} {
		if strings.HasPrefix(path+"/", files) {
			return FDPath
		}
	}
	return FDDevice
}

// parseInodeLink reads "socket:[1234]".
func parseInodeLink(target []byte, kind string) (ino uint64, ok bool) {
	digits, isKind := bytes.CutPrefix(target, []byte(kind+":["))
	digits, isClosed := bytes.CutSuffix(digits, []byte{']'})
	if !isKind || !isClosed {
		return 0, false
	}
	return parseUint(digits)
}
