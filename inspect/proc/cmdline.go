package proc

import (
	"bytes"
	"strings"
)

// ParseCmdline splits /proc/PID/cmdline into the arguments, see proc_pid_cmdline(5); kernel threads and zombies have none.
// A process that wrote a title over its arguments, as setproctitle(3) does, has one argument: the title without the
// padding behind it.
func ParseCmdline(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	first, rest, found := bytes.Cut(b, []byte{0})
	if !found || isPadding(rest) && bytes.IndexByte(first, ' ') >= 0 {
		return []string{string(first)}
	}
	return strings.Split(string(bytes.TrimSuffix(b, []byte{0})), "\x00")
}

// isPadding tells whether there are NULs only.
func isPadding(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
