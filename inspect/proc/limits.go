package proc

import (
	"bytes"
	"strconv"
)

// ResourceLimit is one line of /proc/PID/limits, see proc_pid_limits(5) and getrlimit(2).
type ResourceLimit struct {
	Name       string // as the kernel words it: "Max open files"
	Soft, Hard LimitValue
	Unit       string // "bytes", "files", …; empty for a bare number
}

// LimitValue is the value of a resource limit; N means nothing when Unlimited.
type LimitValue struct {
	N         uint64
	Unlimited bool
}

// String is the number, or "unlimited".
func (v LimitValue) String() string {
	if v.Unlimited {
		return "unlimited"
	}
	return strconv.FormatUint(v.N, 10)
}

// limitNameWidth is the width of the first column (proc_pid_limits in fs/proc/base.c).
const limitNameWidth = 25

// ParseLimits reads /proc/PID/limits, see proc_pid_limits(5). At a line that it does not understand it stops: the error
// wraps ErrFormat and the limits before it are returned too.
func ParseLimits(b []byte) ([]ResourceLimit, error) {
	header, b, _ := bytes.Cut(b, []byte{'\n'})
	if !bytes.HasPrefix(header, []byte("Limit ")) {
		return nil, formatError("limits", header)
	}
	var limits []ResourceLimit
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		l, ok := parseLimit(line)
		if !whole || !ok {
			return limits, formatError("limits", line)
		}
		limits = append(limits, l)
		b = rest
	}
	return limits, nil
}

func parseLimit(line []byte) (ResourceLimit, bool) {
	if len(line) <= limitNameWidth {
		return ResourceLimit{}, false
	}
	name, rest := bytes.TrimRight(line[:limitNameWidth], " "), line[limitNameWidth:]
	soft, rest := takeField(rest)
	hard, rest := takeField(rest)
	unit, rest := takeField(rest)
	l := ResourceLimit{Name: string(name), Unit: string(unit)}
	var ok1, ok2 bool
	l.Soft, ok1 = parseLimitValue(soft)
	l.Hard, ok2 = parseLimitValue(hard)
	return l, ok1 && ok2 && len(name) > 0 && len(skipBlanks(rest)) == 0
}

func parseLimitValue(text []byte) (LimitValue, bool) {
	if string(text) == "unlimited" {
		return LimitValue{Unlimited: true}, true
	}
	n, ok := parseUint(text)
	return LimitValue{N: n}, ok
}
