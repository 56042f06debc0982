package security

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// ProcMount is what the options of a proc mount hide from whom (proc(5), "Mount options").
type ProcMount struct {
	HidePID string             // "off", "noaccess", "invisible" or "ptraceable"
	GID     reading.Of[uint32] // members of this group see everything under noaccess and invisible; Absent when no group does
	PIDOnly bool               // nothing but the processes is there (subset=pid)
	Options string             // as mountinfo has them
}

// HidePID finds the proc mounted at procRoot among the mounts of the reader and says what its options hide. It is Absent when no
// proc is mounted there: a copy, or a directory below.
func HidePID(mounts []proc.Mount, procRoot string) reading.Of[ProcMount] {
	root := filepath.Clean(procRoot)
	for i := len(mounts) - 1; i >= 0; i-- { // the last mount on a directory hides those before it
		m := mounts[i]
		if m.MountPoint != root {
			continue
		}
		if m.FSType != "proc" {
			break
		}
		return reading.Value(parseProcOptions(m.SuperOptions))
	}
	return reading.Missing[ProcMount](reading.Absent)
}

// hidePIDNames maps how kernels print the option, numbers before Linux 5.8 and names since (fs/proc/root.c).
var hidePIDNames = map[string]string{
	"0": "off", "1": "noaccess", "2": "invisible", "4": "ptraceable",
	"off": "off", "noaccess": "noaccess", "invisible": "invisible", "ptraceable": "ptraceable",
}

// parseProcOptions reads "rw,gid=4,hidepid=invisible,subset=pid". A value of hidepid that is not known is kept as it is.
func parseProcOptions(options string) ProcMount {
	m := ProcMount{HidePID: "off", GID: reading.Missing[uint32](reading.Absent), Options: options}
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "hidepid":
			m.HidePID = value
			if known, ok := hidePIDNames[value]; ok {
				m.HidePID = known
			}
		case "gid":
			if gid, err := strconv.ParseUint(value, 10, 32); err == nil {
				m.GID = reading.Value(uint32(gid))
			}
		case "subset":
			m.PIDOnly = value == "pid"
		}
	}
	return m
}

// Hides tells whether the mount keeps something of other users' processes from a reader without CAP_SYS_PTRACE.
func (m ProcMount) Hides() bool { return m.HidePID != "off" }

// Meaning says in a sentence or two what a reader without privileges sees of others.
func (m ProcMount) Meaning() string {
	var meaning string
	switch m.HidePID {
	case "off":
		meaning = "Every process can be seen by everyone."
	case "noaccess":
		meaning = "Of other users' processes only the number and owner can be seen without privileges."
	case "invisible":
		meaning = "Other users' processes cannot be seen without privileges."
	case "ptraceable":
		meaning = "Only processes that the reader may trace can be seen, even by the group that gid= names."
	default:
		meaning = fmt.Sprintf("hidepid=%s is newer than this program.", m.HidePID)
	}
	if m.GID.OK() && (m.HidePID == "noaccess" || m.HidePID == "invisible") {
		meaning += fmt.Sprintf(" Members of group %d see all.", m.GID.Value)
	}
	if m.PIDOnly {
		meaning += " Nothing but the processes is there: no /proc/sys, no host-wide files."
	}
	return meaning
}
