package compare

import (
	"fmt"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
)

// sysctls compares the settings that each namespace has of its own.
func sysctls(p *pairs) { p.join("sysctls", p.l.sysctls(), p.r.sysctls()) }

func (v *view) sysctls() list {
	l := list{how: v.NotInside}
	if v.Inside == nil {
		return l
	}
	l.how = reading.How{State: reading.Known}
	for i := range v.Inside.Sysctls {
		s := &v.Inside.Sysctls[i]
		from := v.within(s.Name, s.File(), "sysctl "+s.Name, "A setting that each "+s.Kind+" namespace has of its own; files below /proc/sys are those of the reader's.", "--"+s.Kind)
		l.add(s.Name, s.Name, func() *Value { return of(s.Value, from, itself) })
	}
	return l
}

// clocks compares the offsets of time namespaces, and how long the machine is up by each side's clock. The two are read one after the
// other, so that uptimes are the same when the offsets are.
func clocks(p *pairs) {
	for _, clock := range []string{"monotonic", "boottime"} {
		p.both(clock, clock+" offset", func(v *view) *Value { return of(v.ahead(clock), v.from("timens_offsets"), time.Duration.String) })
	}
	row := p.both("uptime", "uptime", func(v *view) *Value {
		from := v.within("uptime", "/proc/uptime", "cat /proc/uptime", "The time since boot by the clock of its time namespace (time_namespaces(7)).", "--time")
		return fromInside(v, from, func(i *inside.View) reading.Of[time.Duration] { return i.Uptime }, func(d time.Duration) string {
			return d.Truncate(time.Second).String()
		})
	})
	if row.State == Different && p.l.Snapshot.Host.Boot.Equal(p.r.Snapshot.Host.Boot) && p.l.ahead("boottime") == p.r.ahead("boottime") {
		row.State = Same
	}
}

// Title names a side's process for a person.
func Title(p *inspect.Process, c *inspect.Container) string {
	if c != nil {
		return fmt.Sprintf("%s (%s container, PID %d)", c.Name, c.Engine, p.PID)
	}
	return fmt.Sprintf("%s (PID %d)", strings.TrimSpace(p.Comm), p.PID)
}
