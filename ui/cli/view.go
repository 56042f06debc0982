package cli

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

// view is one snapshot with what the commands need to show it.
type view struct {
	*inspect.Snapshot
	eyes
	st     *style
	uptime time.Duration // since boot, as start times count; 0 when unknown
	names  *users.DB
}

// uptime is the clock that start times in /proc/PID/stat count by; both follow the reader's time namespace
// (fs/proc/array.c, timens_add_boottime_ns).
func uptime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// user is a user's name, or the number when there is none.
func (v *view) user(uid uint32) string {
	if name, ok := v.names.User(uid); ok {
		return name
	}
	return strconv.FormatUint(uint64(uid), 10)
}

// fingerprint draws the eight cells of a process's namespaces.
func (v *view) fingerprint(ns *proc.Namespaces) string {
	var b strings.Builder
	for _, c := range v.Fingerprint(ns) {
		b.WriteString(v.st.cell(c))
	}
	return b.String()
}

func (st *style) cell(c inspect.Cell) string {
	switch c.Kind {
	case inspect.CellHost:
		return st.glyphs.Host
	case inspect.CellOwn:
		return st.glyphs.Own
	case inspect.CellShared:
		return string(rune(c.Letter))
	default:
		return st.glyphs.Unknown
	}
}

// legend explains the fingerprint, with the containers behind each letter.
func (v *view) legend() string {
	g := v.st.glyphs
	parts := []string{g.Host + " the host's", g.Own + " its own"}
	for _, share := range v.Shares() {
		names := make([]string, len(share.Containers))
		for i, c := range share.Containers {
			names[i] = text.Sanitise(c.Name)
		}
		kinds := make([]string, len(share.Namespaces))
		for i, n := range share.Namespaces {
			kinds[i] = n.Kind.String()
		}
		parts = append(parts, string(rune(share.Letter))+" "+strings.Join(names, ", ")+" ("+strings.Join(kinds, " ")+")")
	}
	return strings.Join(parts, "   ")
}
