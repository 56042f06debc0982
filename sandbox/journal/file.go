package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxSize is when the journal begins anew; the one before it is kept beside it.
const maxSize = 4 << 20

// maxLine bounds a line: what Do writes stays below.
const maxLine = 96 << 10

// Path is where the journal is. It is an error when neither XDG_STATE_HOME nor HOME says.
func Path() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification has relative paths ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find the journal: %w: set XDG_STATE_HOME", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "cutaway", "journal.jsonl"), nil
}

// write appends an entry.
func write(e *Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if len(line) >= maxLine {
		return fmt.Errorf("write the journal: a line of %d bytes is too long", len(line))
	}
	path, err := Path()
	if err != nil {
		return err
	}
	fd, size, err := lockForWriting(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd) // and with it the lock
	line = append(line, '\n')
	n, err := unix.Write(fd, line)
	for err == unix.EINTR {
		n, err = unix.Write(fd, line)
	}
	if err == nil && n < len(line) {
		_ = unix.Ftruncate(fd, size) // half a line would spoil the next
		err = unix.ENOSPC
	}
	if err != nil {
		return failed("write", path, err)
	}
	return nil
}

// lockForWriting opens the journal's file and locks it. While it waited for the lock, another process may have begun a new file:
// then the name is another file's.
func lockForWriting(path string) (fd int, size int64, err error) {
	for range 10 {
		fd, err := openForWriting(path)
		if err != nil {
			return -1, 0, failed("open", path, err)
		}
		st, err := lock(fd, unix.LOCK_EX)
		if err == nil {
			err = trust(st)
		}
		if err != nil {
			unix.Close(fd)
			return -1, 0, failed("use", path, err)
		}
		var named unix.Stat_t
		err = unix.Lstat(path, &named)
		if err == nil && named.Ino == st.Ino && named.Dev == st.Dev {
			if st.Size < maxSize {
				return fd, st.Size, nil
			}
			err = unix.Rename(path, path+".1")
		}
		unix.Close(fd)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return -1, 0, failed("begin anew", path, err)
		}
	}
	return -1, 0, failed("lock", path, unix.EAGAIN)
}

// openForWriting opens the journal's file, and makes it and its directory when it is not there; but never in another
// user's directory, where that user would be shut out of what is made.
func openForWriting(path string) (int, error) {
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
	fd, err := unix.Open(path, flags, 0)
	if !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	dir := filepath.Dir(path)
	at := dir
	var st unix.Stat_t
	for err = unix.Stat(at, &st); errors.Is(err, unix.ENOENT) && at != "/"; err = unix.Stat(at, &st) {
		at = filepath.Dir(at)
	}
	if err != nil {
		return -1, err
	}
	if int(st.Uid) != os.Geteuid() {
		return -1, fmt.Errorf("%s: %w", at, errNotOurs)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return -1, err
	}
	return unix.Open(path, flags|unix.O_CREAT, 0o600)
}

func lock(fd, how int) (st unix.Stat_t, err error) {
	for {
		if err = unix.Flock(fd, how); err != unix.EINTR {
			break
		}
	}
	if err == nil {
		err = unix.Fstat(fd, &st)
	}
	return st, err
}

var (
	errNotOurs = errors.New("it belongs to another user, who could have written in it what is later undone: set XDG_STATE_HOME to a directory of your own")
	errOpen    = errors.New("others may write to it: chmod 600 makes it yours alone")
	errLinked  = errors.New("it has a second name (a hard link)")
	errNoFile  = errors.New("it is no file")
)

// trust refuses a file that another user could have written: what it says is undone with our rights. A root that kept a
// user's HOME (sudo -E) finds such a one.
func trust(st unix.Stat_t) error {
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errNoFile
	case int(st.Uid) != os.Geteuid():
		return errNotOurs
	case st.Mode&0o022 != 0:
		return errOpen
	case st.Nlink > 1:
		return errLinked
	}
	return nil
}

func failed(what, path string, err error) error {
	return fmt.Errorf("%s the journal %s: %w", what, path, err)
}
