package tui

import (
	"strconv"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 10, title: "Overview", rows: overview})

func overview(u *subject) []row {
	rs := &rows{}
	if u.proc == nil {
		rs.add("", "processes", words(plain, strconv.Itoa(u.node.Count)))
		return rs.list
	}
	overviewContainer(u, rs)
	overviewProcess(u, rs)
	return rs.list
}

func overviewContainer(u *subject, rs *rows) {
	c := u.container
	if c == nil {
		rs.add("", "container", words(dim, "none: a process of the host"))
		rs.blank()
		return
	}
	rs.add("", "container", append(containerName(c).gap(1), words(dim, text.Sanitise(text.ShortID(c.ID)))...))
	var why []line
	for _, e := range c.Evidence {
		why = append(why, words(accent, text.Sanitise(e.Source)).gap(2).put(plain, text.Sanitise(e.Text)))
	}
	if len(why) > 0 {
		rs.add("", "because", why...)
	}
	rs.blank()
}

func overviewProcess(u *subject, rs *rows) {
	p := u.proc
	rs.add("", "command", words(plain, commandLine(p)))
	age := time.Duration(p.Start) * time.Second / 100
	rs.add("", "up", words(plain, text.Duration(u.snap.Taken.Sub(u.snap.Host.Boot.Add(age)).Truncate(time.Second))))
	rs.add("", "threads", words(plain, strconv.Itoa(p.Threads)))
}

// commandLine is a process's arguments as one line, or its name in brackets when it has none.
func commandLine(p *inspect.Process) string {
	if !p.Facts.Cmdline.OK() || p.Facts.Cmdline.Value == "" {
		return "[" + text.Sanitise(p.Comm) + "]"
	}
	return text.Sanitise(strings.ReplaceAll(strings.TrimRight(p.Facts.Cmdline.Value, "\x00"), "\x00", " "))
}
