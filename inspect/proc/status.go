package proc

import (
	"bytes"
	"math"

	"cutaway/inspect/reading"
)

// ParseStatus reads /proc/PID/status, see proc_pid_status(5), and overwrites s. Lines in any order and lines it does not
// know are fine. A line that every kernel prints and that is missing is an error (which wraps ErrFormat), so that a file
// cut short never looks like a process without capabilities; the others leave their reading Absent. After an error s
// holds nothing of use. It allocates Groups and NSpid, which belong to s, and keeps nothing of b.
func ParseStatus(b []byte, s *Status) error {
	*s = absentStatus
	var seen requiredLines
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			break // cut short: the last number may be half of one
		}
		line := b[:end]
		b = b[end+1:]
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return formatError("status", line)
		}
		if !s.parseLine(line[:colon], skipBlanks(line[colon+1:]), &seen) {
			return formatError("status", line)
		}
	}
	if name := seen.firstMissing(); name != "" {
		return missingError("status", name)
	}
	return nil
}

// absentStatus is a status of which no line was read.
var absentStatus = Status{
	Umask:          reading.Missing[uint32](reading.Absent),
	Kthread:        reading.Missing[bool](reading.Absent),
	CapBnd:         reading.Missing[uint64](reading.Absent),
	CapAmb:         reading.Missing[uint64](reading.Absent),
	NoNewPrivs:     reading.Missing[bool](reading.Absent),
	Seccomp:        reading.Missing[uint8](reading.Absent),
	SeccompFilters: reading.Missing[uint32](reading.Absent),
	VMSwap:         reading.Missing[uint64](reading.Absent),
	VMHWM:          reading.Missing[uint64](reading.Absent),
}

// requiredLines holds one bit for each of requiredNames that was seen.
type requiredLines uint16

const (
	sawTgid requiredLines = 1 << iota
	sawUID
	sawGID
	sawSigPnd
	sawSigBlk
	sawSigIgn
	sawSigCgt
	sawCapInh
	sawCapPrm
	sawCapEff
)

// requiredNames are the lines that every kernel prints (fs/proc/array.c), in the order of the bits above.
var requiredNames = [...]string{"Tgid", "Uid", "Gid", "SigPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff"}

func (seen requiredLines) firstMissing() string {
	for i, name := range requiredNames {
		if seen&(1<<i) == 0 {
			return name
		}
	}
	return ""
}

// parseLine reads one line into its field; ok is false when the value of a line it knows is not understood.
func (s *Status) parseLine(name, value []byte, seen *requiredLines) (ok bool) {
	ok = true
	switch string(name) { // the compiler compares in place, nothing is allocated
	case "Umask":
		ok = known(&s.Umask, value, parseOctal)
	case "Tgid":
		s.Tgid, ok = parseInt(value)
		*seen |= sawTgid
	case "TracerPid":
		s.TracerPID, ok = parseInt(value)
	case "Uid":
		ok = parseIDs(&s.UID, value)
		*seen |= sawUID
	case "Gid":
		ok = parseIDs(&s.GID, value)
		*seen |= sawGID
	case "Groups":
		s.Groups, ok = parseList(value, takeUint32)
	case "NSpid":
		s.NSpid, ok = parseList(value, takeInt)
	case "Kthread":
		ok = known(&s.Kthread, value, parseBool)
	case "VmHWM":
		ok = known(&s.VMHWM, value, parseKB)
	case "VmSwap":
		ok = known(&s.VMSwap, value, parseKB)
	case "SigPnd":
		s.SigPending, ok = parseHex(value)
		*seen |= sawSigPnd
	case "ShdPnd":
		s.ShdPending, ok = parseHex(value)
	case "SigBlk":
		s.SigBlocked, ok = parseHex(value)
		*seen |= sawSigBlk
	case "SigIgn":
		s.SigIgnored, ok = parseHex(value)
		*seen |= sawSigIgn
	case "SigCgt":
		s.SigCaught, ok = parseHex(value)
		*seen |= sawSigCgt
	case "CapInh":
		s.CapInh, ok = parseHex(value)
		*seen |= sawCapInh
	case "CapPrm":
		s.CapPrm, ok = parseHex(value)
		*seen |= sawCapPrm
	case "CapEff":
		s.CapEff, ok = parseHex(value)
		*seen |= sawCapEff
	case "CapBnd":
		ok = known(&s.CapBnd, value, parseHex)
	case "CapAmb":
		ok = known(&s.CapAmb, value, parseHex)
	case "NoNewPrivs":
		ok = known(&s.NoNewPrivs, value, parseBool)
	case "Seccomp":
		ok = known(&s.Seccomp, value, parseUint8)
	case "Seccomp_filters":
		ok = known(&s.SeccompFilters, value, parseUint32)
	}
	return ok
}

// known parses a value into a reading.
func known[T any](r *reading.Of[T], value []byte, parse func([]byte) (T, bool)) bool {
	v, ok := parse(value)
	if ok {
		*r = reading.Value(v)
	}
	return ok
}

// parseIDs reads the four ids of Uid and Gid.
func parseIDs(ids *[4]uint32, value []byte) (ok bool) {
	for i := range ids {
		if ids[i], value, ok = takeUint32(value); !ok {
			return false
		}
	}
	return len(skipBlanks(value)) == 0
}

// parseList reads numbers up to the end of the line into a slice of the right size; nil when there are none.
func parseList[T any](value []byte, take func([]byte) (T, []byte, bool)) ([]T, bool) {
	n := 0
	for rest := skipBlanks(value); len(rest) > 0; rest = skipBlanks(skipField(rest)) {
		n++
	}
	if n == 0 {
		return nil, true
	}
	list := make([]T, n)
	for i := range list {
		var ok bool
		if list[i], value, ok = take(value); !ok {
			return nil, false
		}
	}
	return list, true
}

func parseBool(value []byte) (on, ok bool) {
	if len(value) != 1 {
		return false, false
	}
	return value[0] == '1', value[0] == '0' || value[0] == '1'
}

func parseUint8(value []byte) (uint8, bool) {
	n, ok := parseUint(value)
	return uint8(n), ok && n <= math.MaxUint8
}

func parseUint32(value []byte) (uint32, bool) {
	n, ok := parseUint(value)
	return uint32(n), ok && n <= math.MaxUint32
}

// parseKB reads "1024 kB" and gives bytes.
func parseKB(value []byte) (bytes uint64, ok bool) {
	n, rest, ok := takeUint(value)
	return n << 10, ok && n <= math.MaxUint64>>10 && string(skipBlanks(rest)) == "kB"
}
