package proc

import (
	"bytes"
)

// EnvVar is one entry of /proc/PID/environ, with its bytes as they are: not always UTF-8.
type EnvVar struct {
	Name  string
	Value string
	Bare  bool // the entry has no "=": Name is all of it
}

// ParseEnviron reads /proc/PID/environ, see proc_pid_environ(5): the block of memory that held the environment when the
// program started. The process may have written anything there since; nothing is an error, and empty entries, with which
// a process that changes its title pads the block, are left out. The caller caps the size.
func ParseEnviron(b []byte) []EnvVar {
	var vars []EnvVar
	for entry := range bytes.SplitSeq(b, []byte{0}) {
		if len(entry) == 0 {
			continue
		}
		name, value, found := bytes.Cut(entry, []byte{'='})
		vars = append(vars, EnvVar{Name: string(name), Value: string(value), Bare: !found})
	}
	return vars
}
