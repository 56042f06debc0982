package inside

import (
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of one file below /proc.
const maxFile = 1 << 20

// place is the open directory /proc/PID, which stays with its process when the PID is used again.
type place int

// again is the same directory for somebody who closes it.
func (p place) again() (place, error) {
	fd, err := unix.FcntlInt(uintptr(p), unix.F_DUPFD_CLOEXEC, 0)
	return place(fd), err
}

func (p place) close() { unix.Close(int(p)) }

// link reads a link below the directory: "ns/net".
func (p place) link(name string) (string, error) { return linkAt(int(p), name) }

func linkAt(dir int, name string) (string, error) {
	var b [256]byte
	n, err := unix.Readlinkat(dir, name, b[:])
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// read reads a file below the directory, up to 1 MiB.
func (p place) read(name string) ([]byte, error) { return readAt(int(p), name) }

// readAt reads a file with this very thread, whose namespaces decide what files below /proc/sys are. Not through os.File, which
// would have each of them watched for more.
func readAt(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	text := make([]byte, 0, 512)
	for len(text) < maxFile {
		if len(text) == cap(text) {
			text = append(text, make([]byte, len(text))...)[:len(text)]
		}
		n, err := unix.Read(fd, text[len(text):cap(text)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return text, nil
		}
		text = text[:len(text)+n]
	}
	return nil, unix.EFBIG
}

// words is a text of numbers or names with one blank between them.
func words(text []byte) string { return strings.Join(strings.Fields(string(text)), " ") }
