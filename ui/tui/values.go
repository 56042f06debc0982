package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// missing says in words why a value is not known; each reason looks different.
func missing(how reading.How) line {
	switch how.State {
	case reading.NotRead:
		if how == reading.NotSaved {
			return words(dim, how.String())
		}
		return words(dim, "…")
	case reading.Denied:
		return words(warn, "denied").put(dim, "  "+reasonOf(how))
	case reading.Gone:
		return words(dim, "gone: the process has ended")
	case reading.Absent:
		return words(dim, "- not there")
	default:
		return words(bad, "failed").put(dim, "  "+reasonOf(how))
	}
}

// shown is a message, which may hold another process's text and several lines, as one line of the screen.
func shown(message string) string {
	return text.Sanitise(strings.ReplaceAll(strings.TrimSpace(message), "\n", "; "))
}

func reasonOf(how reading.How) string {
	if err := how.Err(); err != nil {
		return err.Error()
	}
	return "the text could not be understood"
}

// value draws a reading, or why there is none.
func value[T any](r reading.Of[T], draw func(T) line) line {
	if !r.OK() {
		return missing(r.How)
	}
	return draw(r.Value)
}

func number(n uint64) line { return words(plain, text.Count(n)) }

func bytesLine(n uint64) line { return words(plain, text.Bytes(n)) }

func onOff(on bool) line {
	if on {
		return words(good, "on")
	}
	return words(warn, "off")
}

// limitText writes a limit; unlimited is a value of its own.
func limitText(l cgroup.Limit, write func(uint64) string) string {
	if l.Unlimited {
		return "no limit"
	}
	return write(l.Value)
}

// barCells is the widest that a bar or a history line gets.
const barCells = 28

// From which share of a limit a bar stands out.
const (
	shareHigh = 0.75
	shareFull = 0.9
)

// bar draws a share of a limit; what is left of it is a thin line.
func (lk look) bar(share float64, cells int) line {
	st := good
	switch {
	case share >= shareFull:
		st = bad
	case share >= shareHigh:
		st = warn
	}
	rest := lk.glyphs.Horizontal
	if lk.glyphs == text.ASCII {
		rest = lk.glyphs.Unset // a dash is part of the bar there
	}
	full := strings.TrimRight(lk.glyphs.Bar(share, cells), " ")
	return words(st, full).put(dim, strings.Repeat(rest, max(cells-text.Width(full), 0)))
}

// column2 is where bars and history lines begin, after the number.
const column2 = 16

// withGraph puts a bar or history line behind a number where there is room for a useful one.
func withGraph(l line, width int, graph func(cells int) line) line {
	at := max(l.width()+2, column2)
	cells := min(width-at, barCells)
	if cells < 6 {
		return l
	}
	return append(l.to(at), graph(cells)...)
}

// sparkline draws a history from zero to the highest value in it, or to top.
func (lk look) sparkline(values []float64, top float64, cells int) line {
	return words(own, lk.glyphs.Sparkline(values, top, cells))
}

// idText is a user or group id with its name on the host.
func idText(id uint32, name string) string {
	s := strconv.FormatUint(uint64(id), 10)
	if name != "" {
		s += " " + name
	}
	return s
}

// mappedInside maps an id of ours into a user namespace (user_namespaces(7)); ok is false when it has no place there.
func mappedInside(maps []proc.IDMapping, outside uint32) (uint32, bool) {
	for _, m := range maps {
		if outside >= m.Outside && uint64(outside) < uint64(m.Outside)+uint64(m.Count) {
			return m.Inside + (outside - m.Outside), true
		}
	}
	return 0, false
}
