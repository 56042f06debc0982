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
	f, err := os.Open(dir + "/environ")
	if errors.Is(err, os.ErrPermission) {
		t.note("its environment cannot be read: the command has none of it")
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxEnviron))
	if err != nil {
		return fmt.Errorf("read %s/environ: %w", dir, err)
	}
	for _, v := range proc.ParseEnviron(b) {
		if !v.Bare {
			t.env = append(t.env, v.Name+"="+v.Value)
		}
	}
	return nil
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
