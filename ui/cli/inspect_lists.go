package cli

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/secret"
	"cutaway/ui/text"
)

// The sections that are tables.

func (pg *page) limits() {
	cols := []column{{head: "LIMIT"}, number("SOFT"), number("HARD"), {head: "UNIT"}}
	list(pg, "limits", pg.d.Limits, "limits", cols, func(l proc.ResourceLimit) []string {
		return []string{text.Sanitise(l.Name), l.Soft.String(), l.Hard.String(), text.Sanitise(l.Unit)}
	})
}

func (pg *page) mounts() {
	cols := []column{
		{head: "MOUNT POINT", flex: true},
		{head: "TYPE"},
		{head: "SOURCE", flex: true},
		{head: "OPTIONS", flex: true},
		{head: "PROPAGATION"},
		{head: "ROOT", flex: true},
	}
	list(pg, "mounts", pg.d.Mounts, "mountinfo", cols, func(m proc.Mount) []string {
		return []string{
			text.Sanitise(m.MountPoint), text.Sanitise(m.FSType), text.Sanitise(m.Source), text.Sanitise(m.Options),
			text.Sanitise(m.PropagationString()), text.Sanitise(m.Root),
		}
	})
	pg.overlays()
}

// overlays prints the layers of overlay mounts: where a container's files really are.
func (pg *page) overlays() {
	if !pg.d.Mounts.OK() {
		return
	}
	for i := range pg.d.Mounts.Value {
		m := &pg.d.Mounts.Value[i]
		o, ok := m.Overlay()
		if !ok {
			continue
		}
		pg.section("overlay " + text.Sanitise(m.MountPoint))
		pg.row("upper", orNone(o.Upper), "")
		for i, lower := range o.Lower {
			label := ""
			if i == 0 {
				label = "lower"
			}
			pg.row(label, lower, "")
		}
	}
}

func (pg *page) network() {
	interfaces := []column{{head: "INTERFACE"}, number("RECEIVED"), number("SENT"), number("ERRORS"), number("DROPPED")}
	list(pg, "network interfaces", pg.d.Interfaces, "net.dev", interfaces, func(i proc.Interface) []string {
		return []string{
			text.Sanitise(i.Name), text.Bytes(i.RxBytes), text.Bytes(i.TxBytes),
			text.Count(i.RxErrors + i.TxErrors), text.Count(i.RxDropped + i.TxDropped),
		}
	})
	listening := []column{{head: "PROTO"}, {head: "ADDRESS", flex: true}, {head: "BY"}}
	list(pg, "listening in its network namespace", pg.d.Listening, "net.listening", listening, func(l inspect.Listener) []string {
		by := "another process"
		if l.Own() {
			by = "descriptor " + strconv.Itoa(l.FD)
		}
		return []string{l.Proto, text.Sanitise(socketAddress(&l.Socket)), by}
	})
}

func socketAddress(s *proc.Socket) string {
	if s.Proto == "unix" {
		return s.Path
	}
	return s.Local.String()
}

func (pg *page) files() {
	cols := []column{number("FD"), {head: "KIND"}, {head: "TARGET", flex: true}, {head: "ABOUT", flex: true}}
	list(pg, "open files", pg.d.Files, "fd", cols, func(f inspect.OpenFile) []string {
		return []string{strconv.Itoa(f.FD), string(f.Kind), text.Sanitise(f.Target), text.Sanitise(f.About)}
	})
}

// maskedValue stands for a secret.
const maskedValue = "********"

func (pg *page) environ(reveal bool) {
	pg.section("environment")
	env := pg.d.Environ
	if !env.OK() {
		pg.row("environ", env.How.String(), "environ")
		return
	}
	if len(env.Value) == 0 {
		pg.row("environ", "empty", "environ")
	}
	if pg.source {
		pg.printSource("environ")
	}
	for _, e := range env.Value {
		line := e.Name
		if !e.Bare {
			line += "=" + environValue(e, reveal)
		}
		pg.print("  " + text.Sanitise(line) + "\n")
	}
}

func environValue(e proc.EnvVar, reveal bool) string {
	if !reveal && secret.Looks(e.Name, e.Value) {
		return maskedValue
	}
	return e.Value
}

// cgroupFiles prints every file of the cgroup as the kernel words it.
func (pg *page) cgroupFiles() {
	cols := []column{{head: "FILE", flex: true}, {head: "VALUE", flex: true}}
	list(pg, "cgroup files", reading.Value(pg.d.CgroupFiles), "", cols, func(e cgroup.Entry) []string {
		value := show(e.Raw, func(s string) string { return strings.Join(strings.Split(strings.TrimSpace(s), "\n"), "; ") })
		return []string{text.Sanitise(e.Name), text.Sanitise(value)}
	})
}
