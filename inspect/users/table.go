package users

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// maxFile is how much of a file is read: some hundred thousand users.
const maxFile = 16 << 20

// table is one parsed file that follows the file's changes.
type table[T any] struct {
	path    string
	parse   func(text string) T
	value   T
	version version
	checked time.Time
	fixed   bool // the value was given, and there is no file
}

// version changes whenever a file does: tools that write these files put a new file in the old one's place.
type version struct {
	inode, size uint64
	modified    time.Time
}

// read returns the file's content as of a moment ago; T's zero value when it cannot be read.
func (t *table[T]) read(now time.Time) T {
	if t.fixed {
		return t.value
	}
	if age := now.Sub(t.checked); !t.checked.IsZero() && age >= 0 && age < checkEvery {
		return t.value
	}
	t.checked = now
	v, err := versionOf(t.path)
	if err == nil && v == t.version {
		return t.value
	}
	var value T
	if err == nil {
		var text string
		if text, err = load(t.path); err == nil {
			value = t.parse(text)
		}
	}
	if err != nil {
		v = version{}
	}
	t.value, t.version = value, v
	return t.value
}

func versionOf(path string) (version, error) {
	info, err := os.Stat(path)
	if err != nil {
		return version{}, fmt.Errorf("looking at names: %w", err)
	}
	v := version{size: uint64(info.Size()), modified: info.ModTime()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		v.inode = stat.Ino
	}
	return v, nil
}

var errNotRegular = errors.New("not a regular file")

// load reads a regular file; opening anything else in its place (a FIFO below a root that somebody else made) must not block.
func load(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", fmt.Errorf("opening names: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("looking at names: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("reading names from %s: %w", path, errNotRegular)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", fmt.Errorf("reading names: %w", err)
	}
	return string(text), nil
}
