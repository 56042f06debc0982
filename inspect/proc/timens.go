package proc

import (
	"bytes"
	"math"
	"time"
)

// TimeOffset is how far a clock in a time namespace is ahead of the host's, see time_namespaces(7).
type TimeOffset struct {
	Clock  string // "monotonic" or "boottime"
	Offset time.Duration
}

// ParseTimensOffsets reads /proc/PID/timens_offsets, see time_namespaces(7). The error wraps ErrFormat.
func ParseTimensOffsets(b []byte) ([]TimeOffset, error) {
	var offsets []TimeOffset
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		o, ok := parseTimeOffset(line)
		if !whole || !ok {
			return offsets, formatError("timens_offsets", line)
		}
		offsets = append(offsets, o)
		b = rest
	}
	return offsets, nil
}

// parseTimeOffset reads "monotonic -5 500000000": the nanoseconds always count forward, as in timespec(3).
func parseTimeOffset(line []byte) (TimeOffset, bool) {
	clock, rest := takeField(line)
	seconds, rest := takeField(rest)
	nanoseconds, rest, ok := takeUint(rest)
	if !ok || nanoseconds >= uint64(time.Second) || len(clock) == 0 || len(skipBlanks(rest)) > 0 {
		return TimeOffset{}, false
	}
	// The kernel takes no more seconds than a 64-bit count of nanoseconds holds (KTIME_SEC_MAX in include/linux/ktime.h);
	// one less leaves room for the rest.
	const most = math.MaxInt64/uint64(time.Second) - 1
	digits, negative := bytes.CutPrefix(seconds, []byte{'-'})
	n, ok := parseUint(digits)
	if !ok || n > most {
		return TimeOffset{}, false
	}
	offset := time.Duration(n) * time.Second
	if negative {
		offset = -offset
	}
	return TimeOffset{Clock: string(clock), Offset: offset + time.Duration(nanoseconds)}, true
}
