package compare

import (
	"fmt"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
)

// network joins interfaces by name, routes by destination and sockets by address.
func network(p *pairs) {
	p.join("interfaces", p.l.interfaces(), p.r.interfaces())
	p.join("routes", p.l.routes(), p.r.routes())
	p.join("listening", p.l.listening(), p.r.listening())
}

func (v *view) interfaces() list {
	from := v.within("interfaces", "rtnetlink(7)", "ip -br addr", "The interfaces of its network namespace, asked from within (network_namespaces(7)).", "--net")
	l := list{how: v.NotInside, from: from}
	if v.Inside == nil {
		return l
	}
	l.how = v.Inside.Interfaces.How
	for i := range v.Inside.Interfaces.Value {
		f := &v.Inside.Interfaces.Value[i]
		words := append([]string{"down"}, f.Addresses...)
		if f.Up {
			words[0] = "up"
		}
		words = append(words, fmt.Sprintf("mtu %d", f.MTU))
		if f.Hardware != "" {
			words = append(words, f.Hardware)
		}
		l.add(f.Name, f.Name, func() *Value { return known(strings.Join(words, " "), from) })
	}
	return l
}

func (v *view) routes() list {
	from := inspect.Source{
		Title: "routes", File: fmt.Sprintf("/proc/%d/net/route", v.Process.PID), Raw: reading.Missing[string](reading.NotRead),
		Meaning: "The main table of routes of its network namespace (proc_pid_net(5)).", Command: fmt.Sprintf("cat /proc/%d/net/route", v.Process.PID),
	}
	l := list{how: v.NotInside, from: from}
	if v.Inside == nil {
		return l
	}
	l.how = v.Inside.Routes.How
	times := map[string]int{}
	for _, r := range v.Inside.Routes.Value {
		label := "route " + r.Destination
		key := label
		if times[label]++; times[label] > 1 { // one for each interface, or one for each metric
			key += fmt.Sprintf(" %d", times[label])
		}
		l.add(key, label, func() *Value { return known(routeText(r), from) })
	}
	return l
}

func routeText(r inside.Route) string {
	text := "dev " + r.Interface
	if r.Interface == "" {
		text = "refused"
	}
	if r.Gateway != "" {
		text = "via " + r.Gateway + " " + text
	}
	if r.Metric != 0 {
		text += fmt.Sprintf(" metric %d", r.Metric)
	}
	return text
}

func (v *view) listening() list {
	from := v.from("net.listening")
	l := list{how: notRead, from: from}
	if v.Detail == nil {
		return l
	}
	l.how = v.Detail.Listening.How
	seen := map[string]bool{}
	for i := range v.Detail.Listening.Value {
		s := &v.Detail.Listening.Value[i].Socket
		if s.Proto == "unix" && !strings.HasPrefix(s.Path, "@") {
			continue // a file: of the mounts, not of the network namespace
		}
		where := s.Local.String()
		if s.Proto == "unix" {
			where = s.Path
		}
		key := s.Proto + " " + where
		if seen[key] {
			continue // several processes may share an address (SO_REUSEPORT)
		}
		seen[key] = true
		l.add(key, key, func() *Value { return known(strings.ToLower(s.State), from) })
	}
	return l.inOrder()
}
