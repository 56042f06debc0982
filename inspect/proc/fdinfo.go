package proc

import (
	"bytes"

	"cutaway/inspect/reading"
)

// FDInfo is what /proc/PID/fdinfo/FD says, see proc_pid_fdinfo(5). A line that a kind of descriptor or an older kernel
// does not have leaves its reading Absent.
type FDInfo struct {
	Pos     int64              // offset
	Flags   uint32             // O_* as FDFlagNames prints them
	MountID int                // as Mount.ID
	Ino     reading.Of[uint64] // since Linux 5.14

	PID        reading.Of[int]    // of a pidfd: in the reader's PID namespace; 0 outside of it, -1 when it has ended
	NSpid      []int              // of a pidfd: in every PID namespace below
	EventCount reading.Of[uint64] // of an eventfd
	SigMask    reading.Of[uint64] // of a signalfd, as SignalNames reads it
	Watches    []InotifyWatch     // of an inotify
	Polled     []PolledFD         // of an eventpoll
	Locks      []string           // the file locks held through it, as in /proc/locks
}

// InotifyWatch is a file that an inotify descriptor watches.
type InotifyWatch struct {
	WD     uint64
	Ino    uint64
	Device uint64 // as the kernel keeps it: major << 20 | minor
	Mask   uint64 // IN_* of inotify(7)
}

// PolledFD is a descriptor that an epoll descriptor waits for.
type PolledFD struct {
	FD     int
	Events uint64 // EPOLL* of epoll_ctl(2)
}

// ParseFDInfo reads /proc/PID/fdinfo/FD, see proc_pid_fdinfo(5). Lines that it does not know are left out. At a line
// that it does not understand it stops: the error wraps ErrFormat and what the lines before it say is returned too.
func ParseFDInfo(b []byte) (FDInfo, error) {
	i := FDInfo{
		Ino:        reading.Missing[uint64](reading.Absent),
		PID:        reading.Missing[int](reading.Absent),
		EventCount: reading.Missing[uint64](reading.Absent),
		SigMask:    reading.Missing[uint64](reading.Absent),
	}
	sawFlags := false
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole || !i.parseLine(line) {
			return i, formatError("fdinfo", line)
		}
		sawFlags = sawFlags || bytes.HasPrefix(line, []byte("flags:"))
		b = rest
	}
	if !sawFlags {
		return i, missingError("fdinfo", "flags")
	}
	return i, nil
}

// parseLine reads one line; ok is false when the value of a line it knows is not understood.
func (i *FDInfo) parseLine(line []byte) (ok bool) {
	if rest, found := bytes.CutPrefix(line, []byte("inotify ")); found {
		return i.addWatch(rest)
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = skipBlanks(value)
	ok = true
	switch string(name) {
	case "pos":
		i.Pos, ok = parseInt64(value)
	case "flags":
		i.Flags, ok = parseOctal(value)
	case "mnt_id":
		i.MountID, ok = parseInt(value)
	case "ino":
		ok = known(&i.Ino, value, parseUint)
	case "Pid":
		ok = known(&i.PID, value, parseInt)
	case "NSpid":
		i.NSpid, ok = parseList(value, takeInt)
	case "eventfd-count":
		ok = known(&i.EventCount, value, parseHex)
	case "sigmask":
		ok = known(&i.SigMask, value, parseHex)
	case "tfd":
		ok = i.addPolled(value)
	case "lock":
		i.Locks = append(i.Locks, string(value))
	}
	return ok
}

// addWatch reads "wd:1 ino:f0747 sdev:fe00000 mask:fff …", all hexadecimal (inotify_fdinfo in fs/notify/fdinfo.c).
func (i *FDInfo) addWatch(line []byte) bool {
	var w InotifyWatch
	for len(line) > 0 {
		var field []byte
		field, line = takeField(line)
		name, value, _ := bytes.Cut(field, []byte{':'})
		var ok bool
		switch string(name) {
		case "wd":
			w.WD, ok = parseHex(value)
		case "ino":
			w.Ino, ok = parseHex(value)
		case "sdev":
			w.Device, ok = parseHex(value)
		case "mask":
			w.Mask, ok = parseHex(value)
		default:
			ok = true
		}
		if !ok {
			return false
		}
	}
	i.Watches = append(i.Watches, w)
	return true
}

// addPolled reads "        7 events:       19 data: …" (ep_show_fdinfo in fs/eventpoll.c).
func (i *FDInfo) addPolled(value []byte) bool {
	fd, rest, ok1 := takeInt(value)
	_, rest = takeField(rest) // "events:"
	events, _ := takeField(rest)
	mask, ok2 := parseHex(events)
	i.Polled = append(i.Polled, PolledFD{FD: fd, Events: mask})
	return ok1 && ok2
}
