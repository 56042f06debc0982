package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"cutaway/inspect/proc"
)

// maxEnviron bounds what is taken of an environment, which the target may have written over.
const maxEnviron = 1 << 20

// readEnviron reads the target's environment. That of a program with more rights than who started it (set-user-ID, file
// capabilities) is its caller's: the loader heeds no LD_PRELOAD there, but would for the command, which is not such a program.
func (t *target) readEnviron(dir string) error {
	if isSecure(dir) {
		t.note("it has more rights than who started it, whose environment is left out")
		return nil
	}
	b, err := readSome(dir+"/environ", maxEnviron)
	if errors.Is(err, os.ErrPermission) {
		t.note("its environment cannot be read: the command has none of it")
		return nil
	}
	if err != nil {
		return err
	}
	for _, v := range proc.ParseEnviron(b) {
		if !v.Bare {
			t.env = append(t.env, v.Name+"="+v.Value)
		}
	}
	return nil
}

// readSome reads the beginning of a file, which its process may make as long as it likes.
func readSome(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// isSecure tells whether the kernel started a process's program in secure mode: AT_SECURE of /proc/PID/auxv (getauxval(3)).
func isSecure(dir string) bool {
	const (
		atSecure = 23
		word     = 8 // of 64-bit machines, the only ones that cutaway runs on
	)
	b, err := os.ReadFile(dir + "/auxv")
	if err != nil {
		return false
	}
	for ; len(b) >= 2*word; b = b[2*word:] {
		if binary.NativeEndian.Uint64(b) == atSecure {
			return binary.NativeEndian.Uint64(b[word:]) != 0
		}
	}
	return false
}
