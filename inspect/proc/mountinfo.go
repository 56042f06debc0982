package proc

import (
	"bytes"
	"strings"
)

// ParseMountinfo reads /proc/PID/mountinfo, see proc_pid_mountinfo(5). At a line that it does not understand it stops:
// the error wraps ErrFormat and the mounts before it are returned too.
func ParseMountinfo(b []byte) ([]Mount, error) {
	mounts := make([]Mount, 0, countLines(b, len("1 1 0:0 / / rw - a  rw\n")))
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		m, ok := parseMount(line)
		if !whole || !ok {
			return mounts, formatError("mountinfo", line)
		}
		mounts = append(mounts, m)
		b = rest
	}
	return mounts, nil
}

// parseMount reads one line. Its fields stand apart by exactly one space, since a source may be empty
// (mount(2) with an empty first argument); a space within a field is escaped.
func parseMount(line []byte) (m Mount, ok bool) {
	var ok1, ok2, ok3 bool
	m.ID, line, ok1 = takeInt(line)
	m.Parent, line, ok2 = takeInt(line)
	m.Major, m.Minor, line, ok3 = takeDevice(line)
	if !ok1 || !ok2 || !ok3 || len(line) == 0 {
		return Mount{}, false
	}
	next := fields(string(line[1:]))
	m.Root = Unescape(next())
	m.MountPoint = Unescape(next())
	m.Options = next()
	for field := next(); field != "-"; field = next() {
		if field == "" {
			return Mount{}, false
		}
		m.Propagation = append(m.Propagation, field)
	}
	m.FSType = Unescape(next())
	m.Source = Unescape(next())
	m.SuperOptions = next()
	return m, m.Root != "" && m.MountPoint != "" && m.Options != "" && m.FSType != "" && m.SuperOptions != ""
}

// takeDevice takes a device number: "254:0".
func takeDevice(b []byte) (major, minor uint32, rest []byte, ok bool) {
	field, rest := takeField(b)
	left, right, _ := bytes.Cut(field, []byte{':'})
	major, ok1 := parseUint32(left)
	minor, ok2 := parseUint32(right)
	return major, minor, rest, ok1 && ok2
}

// fields gives one field of a line after the other, and "" when there are no more.
func fields(line string) (next func() string) {
	return func() (field string) {
		field, line, _ = strings.Cut(line, " ")
		return field
	}
}

// Unescape undoes the octal escapes (\040 and its like) that the kernel writes for space, tab, newline, backslash and a
// few more in mountinfo and its like (mangle_path and string_escape_mem in fs/seq_file.c). A backslash before anything
// else stays.
func Unescape(s string) string {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		s = s[at:]
		if c, ok := octalEscape(s); ok {
			b.WriteByte(c)
			s = s[len(`\040`):]
		} else {
			b.WriteByte('\\')
			s = s[1:]
		}
		at = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// octalEscape reads a backslash with three octal digits at the front of s, of one byte.
func octalEscape(s string) (c byte, ok bool) {
	if len(s) < 4 || s[1] > '3' {
		return 0, false
	}
	n := 0
	for i := 1; i < 4; i++ {
		if s[i] < '0' || s[i] > '7' {
			return 0, false
		}
		n = n<<3 | int(s[i]-'0')
	}
	return byte(n), true
}
