package inside

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Sysctl is a setting of the kernel that each namespace of a kind has of its own.
type Sysctl struct {
	Name  string // as sysctl(8) has it: "net.ipv4.ip_forward"
	Kind  string // of its namespace: "net"
	Value reading.Of[string]
}

// File is where the setting stands.
func (s *Sysctl) File() string { return "/proc/sys/" + strings.ReplaceAll(s.Name, ".", "/") }

// namespaced are the settings that people set for containers (docker run --sysctl) and that decide what a container can do.
// Those below user are of the reader's user namespace, which a thread cannot enter.
var namespaced = []struct{ kind, name string }{
	{"net", "net.ipv4.ip_forward"},
	{"net", "net.ipv4.ip_unprivileged_port_start"},
	{"net", "net.ipv4.ip_local_port_range"},
	{"net", "net.ipv4.ping_group_range"},
	{"net", "net.ipv4.conf.all.rp_filter"},
	{"net", "net.ipv4.tcp_syncookies"},
	{"net", "net.ipv4.tcp_keepalive_time"},
	{"net", "net.ipv4.tcp_congestion_control"},
	{"net", "net.ipv6.conf.all.disable_ipv6"},
	{"net", "net.ipv6.conf.all.forwarding"},
	{"net", "net.core.somaxconn"},
	{"ipc", "kernel.shmmax"},
	{"ipc", "kernel.shmall"},
	{"ipc", "kernel.shmmni"},
	{"ipc", "kernel.msgmax"},
	{"ipc", "kernel.msgmnb"},
	{"ipc", "kernel.msgmni"},
	{"ipc", "kernel.sem"},
	{"ipc", "fs.mqueue.queues_max"},
	{"ipc", "fs.mqueue.msg_max"},
	{"user", "user.max_user_namespaces"},
	{"user", "user.max_net_namespaces"},
}

// sysctls reads the settings where the namespaces are a process's: files below /proc/sys are those of the reader's (proc_sys_net(5),
// ipc_namespaces(7)), wherever they are mounted.
func sysctls(dir place, e entered) []Sysctl {
	otherUser := differs(dir, "user")
	list := make([]Sysctl, len(namespaced))
	for i, n := range namespaced {
		s := &list[i]
		s.Name, s.Kind = n.name, n.kind
		switch err := e[n.kind]; {
		case err != nil:
			s.Value = reading.Error[string](err)
		case n.kind == "user" && otherUser:
			s.Value = reading.Missing[string](reading.NotRead)
		default:
			text, err := readAt(unix.AT_FDCWD, s.File())
			s.Value = reading.Of[string]{Value: words(text), How: reading.FromError(err)}
			if n.name == ofGroups && otherUser && err == nil {
				s.Value = asNumberedThere(dir, s.Value.Value)
			}
		}
	}
	return list
}

// ofGroups is a range of groups, which everybody reads as his own user namespace numbers them (ipv4_ping_group_range in
// net/ipv4/sysctl_net_ipv4.c).
const ofGroups = "net.ipv4.ping_group_range"

// overflow is what a group is called that has no number (from_kgid_munged in kernel/user_namespace.c).
const overflow = 65534

// asNumberedThere gives groups the numbers of a process's user namespace.
func asNumberedThere(dir place, groups string) reading.Of[string] {
	text, err := dir.read("gid_map")
	if err != nil {
		return reading.Error[string](err)
	}
	lines, err := proc.ParseIDMap(text)
	if err != nil {
		return reading.Error[string](err)
	}
	list := strings.Fields(groups)
	for i, word := range list {
		id, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return reading.Error[string](err)
		}
		list[i] = strconv.FormatUint(numberThere(lines, id), 10)
	}
	return reading.Value(strings.Join(list, " "))
}

func numberThere(lines []proc.IDMapping, id uint64) uint64 {
	for _, m := range lines {
		if first := uint64(m.Outside); id >= first && id-first < uint64(m.Count) {
			return uint64(m.Inside) + id - first
		}
	}
	return overflow
}

// differs tells whether a namespace of a process is another than ours; what cannot be told counts as another.
func differs(dir place, name string) bool {
	theirs, err1 := dir.link("ns/" + name)
	ours, err2 := os.Readlink("/proc/self/ns/" + name)
	return err1 != nil || err2 != nil || theirs != ours
}
