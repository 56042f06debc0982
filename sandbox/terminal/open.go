package terminal

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// reopen gives a descriptor of Relay's own for one of the caller's files. A terminal or a pipe is opened anew, because
// O_NONBLOCK belongs to the open file, which the caller's shell shares (open(2)): setting it there would break the shell
// when we are killed. What cannot be opened anew (a terminal of another user's, after su) is duplicated and stays as it is;
// its writes may block then.
func reopen(f *os.File, access int) (fd int, err error) {
	use := func(fd int) (int, error) {
		if reopenable(fd) {
			path := "/proc/self/fd/" + strconv.Itoa(fd)
			own, err := unix.Open(path, access|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
			if err == nil {
				return own, nil
			}
		}
		return duplicate(fd)
	}
	return with(f, use)
}

func reopenable(fd int) bool {
	var st unix.Stat_t
	return isTerminal(fd) || unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

func duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3) }

// with calls use with a file's descriptor. Unlike (*os.File).Fd it leaves the descriptor's mode as it is, and the file
// cannot be closed meanwhile.
func with(f *os.File, use func(fd int) (int, error)) (result int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("use %s: %w", f.Name(), err)
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { result, inner = use(int(fd)) }); err != nil {
		return -1, fmt.Errorf("use %s: %w", f.Name(), err)
	}
	if inner != nil {
		return -1, fmt.Errorf("use %s: %w", f.Name(), inner)
	}
	return result, nil
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// setNonblock sets a descriptor's open file to be non-blocking or not, and tells how it was.
func setNonblock(fd int, nonblock bool) (before bool, err error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return false, err
	}
	before = flags&unix.O_NONBLOCK != 0
	return before, unix.SetNonblock(fd, nonblock)
}
