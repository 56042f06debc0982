package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Filter says which entries are wanted. Its zero value wants all.
type Filter struct {
	Last   int    // at most so many, the newest; 0 is all
	Target string // only those whose target contains it
	Batch  string // only those of a batch
}

func (f *Filter) wants(e *Entry) bool {
	return (f.Target == "" || strings.Contains(e.Target, f.Target)) && (f.Batch == "" || e.Batch == f.Batch)
}

// Read reads the journal, the oldest entry first, and counts the lines that could not be understood. Without a journal
// there are no entries and no error; a journal that another user could have written is an error.
func Read(want Filter) (entries []Entry, skipped int, err error) {
	path, err := Path()
	if err != nil {
		return nil, 0, err
	}
	for _, file := range []string{path + ".1", path} {
		n, err := readFile(file, func(e Entry) {
			if want.wants(&e) {
				entries = append(entries, e)
			}
		})
		if err != nil {
			return nil, 0, failed("read", file, err)
		}
		skipped += n
	}
	if want.Last > 0 && len(entries) > want.Last {
		entries = slices.Clone(entries[len(entries)-want.Last:])
	}
	return entries, skipped, nil
}

// readFile calls found for each entry of a file.
func readFile(path string, found func(Entry)) (skipped int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	st, err := lock(fd, unix.LOCK_SH) // so that no line is half written
	if err == nil {
		err = trust(st)
	}
	if err != nil {
		return 0, err
	}
	return readLines(file, found)
}

// readLines reads lines of JSON. Memory is bounded by the size at which a journal begins anew, and a line's.
func readLines(r io.Reader, found func(Entry)) (skipped int, err error) {
	in := bufio.NewReaderSize(io.LimitReader(r, maxSize+maxLine), maxLine)
	long := false // within a line that is too long
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return skipped, err
		case len(line) > 0:
			e, ok := parse(line)
			if ok && !long {
				found(e)
			} else {
				skipped++
			}
			long = false
		}
		if err != nil {
			return skipped, nil
		}
	}
}

// parse reads one line. What Do writes has all of these.
func parse(line []byte) (e Entry, ok bool) {
	if json.Unmarshal(line, &e) != nil {
		return Entry{}, false
	}
	return e, e.ID != "" && e.Batch != "" && e.Action != "" && e.Result != "" && !e.Time.IsZero()
}
