package compare

import (
	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
)

// Side is one of two views.
type Side struct {
	Title     string // "host", "db (docker container, PID 4242)"
	Snapshot  *inspect.Snapshot
	Process   *inspect.Process   // whose view it is
	Container *inspect.Container // nil when a process was named
	Detail    *inspect.Detail    // with PartMounts; nil when nothing could be read
	Inside    *inside.View       // nil when it could not be looked from there
	NotInside reading.How        // why Inside is nil
}

// State is how the values of a row stand to each other.
type State uint8

// The states of a row.
const (
	Same State = iota
	Different
	OnlyLeft
	OnlyRight
	Unknown // one side or both could not be read
	States  = iota
)

// String is the state's word, as it stands in JSON.
func (s State) String() string {
	return [States]string{"same", "different", "only_left", "only_right", "unknown"}[s]
}

// Value is what one side has in a row.
type Value struct {
	Text string
	How  reading.How // why there is no text; OK when there is
	From inspect.Source
}

// Row is one thing that the sides are compared in.
type Row struct {
	Key         string // stable, unique in its group: "mnt", "CapEff", "/etc/hosts"
	Label       string
	Left, Right *Value // nil where a side has no such thing
	State       State
	Note        string // what the difference is: "only left: net_admin"; "" when the values say it
}

// Group is rows about one subject.
type Group struct {
	Name  string // stable: "namespaces", "mounts"
	Title string
	Rows  []Row
	Try   []string // commands that show the same on each side, for who runs one in both
}

// Count counts the rows of a group by their state.
func (g *Group) Count() (n [States]int) {
	for i := range g.Rows {
		n[g.Rows[i].State]++
	}
	return n
}

// Differ tells whether any row of some groups is not the same on both sides. What is not known does not count.
func Differ(groups []Group) bool {
	for i := range groups {
		if n := groups[i].Count(); n[Different]+n[OnlyLeft]+n[OnlyRight] > 0 {
			return true
		}
	}
	return false
}

// Compare lines two views up. The groups come in a fixed order, those without rows too.
func Compare(left, right *Side) []Group {
	l, r := &view{left}, &view{right}
	var groups []Group
	for _, make := range makers {
		g := Group{Name: make.name, Title: make.title, Try: make.try}
		p := &pairs{group: &g, l: l, r: r}
		make.rows(p)
		groups = append(groups, g)
	}
	return groups
}

// makers make the groups, in their order.
var makers = []struct {
	name, title string
	try         []string
	rows        func(*pairs)
}{
	{"namespaces", "namespaces", []string{"ls -l /proc/self/ns"}, namespaces},
	{"names", "hostname", []string{"hostname", "uname -n"}, names},
	{"identity", "identity", []string{"id", "cat /proc/self/uid_map"}, identity},
	{"processes", "processes", []string{"ps -ef"}, processes},
	{"capabilities", "capabilities", []string{"grep Cap /proc/self/status", "capsh --print"}, capabilities},
	{"confinement", "seccomp, label, no_new_privs", []string{"grep -E 'Seccomp|NoNewPrivs' /proc/self/status", "cat /proc/self/attr/current"}, confinement},
	{"cgroup", "cgroup and limits", []string{"cat /proc/self/cgroup"}, cgroups},
	{"root", "root file system", []string{"cat /etc/os-release", "ls /"}, root},
	{"mounts", "mounts", []string{"findmnt", "mount"}, mounts},
	{"users", "users", []string{"cat /etc/passwd"}, users},
	{"network", "network", []string{"ip -br addr", "ip route", "ss -tlnu"}, network},
	{"environment", "environment", []string{"env"}, environment},
	{"rlimits", "resource limits", []string{"ulimit -a"}, rlimits},
	{"sysctls", "kernel settings of its own", []string{"sysctl net.ipv4.ip_forward"}, sysctls},
	{"time", "time", []string{"uptime", "cat /proc/uptime"}, clocks},
}
