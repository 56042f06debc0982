package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
)

// namespaces are new where the process's are others than ours, by the inode numbers of their links.
func (p *portrait) namespaces() {
	var denied []string
	for kind := range proc.NSKind(proc.NSKinds) {
		name := kind.String()
		source := p.Spec.Namespaces.Of(name)
		*source = HostNamespace
		switch {
		case p.them.Unread["ns/"+name] != nil || p.us.Unread["ns/"+name] != nil:
			*source = NewNamespace
			denied = append(denied, name)
		case p.them.Namespaces[kind] != p.us.Namespaces[kind]:
			*source = NewNamespace
		}
	}
	switch {
	case len(denied) == 1:
		p.unknown("namespaces."+denied[0], "a new one, as whose it is is not told: %s", because(p.them.Unread["ns/"+denied[0]]))
	case len(denied) > 1:
		p.unknown("namespaces", "new ones (%s), as whose they are is not told: %s", strings.Join(denied, ", "), because(p.them.Unread["ns/"+denied[0]]))
	}
	p.sharedNamespaces()
}

// mostLookedAt bounds how many processes are looked at for who shares a namespace.
const mostLookedAt = 20000

// sharedNamespaces marks namespaces that somebody with other mounts is in too, as `docker run --net container:db` has it. A Spec could
// name the process; that it ends, and with it the way to the namespace, is why it does not.
func (p *portrait) sharedNamespaces() {
	kinds := []proc.NSKind{proc.Net, proc.IPC, proc.UTS, proc.PID}
	kinds = slices.DeleteFunc(kinds, func(k proc.NSKind) bool {
		return !p.Spec.Namespaces.Of(k.String()).IsNew() || p.them.Namespaces[k] == 0
	})
	if len(kinds) == 0 {
		return
	}
	root, err := proc.OpenRoot("/proc")
	if err != nil {
		return
	}
	defer root.Close()
	pids, err := root.PIDs(nil, make([]byte, 32<<10))
	if err != nil {
		return
	}
	r := root.NewReader()
	defer r.Leave()
	inode := func(kind proc.NSKind) uint64 {
		b, err := r.Link("ns/" + kind.String())
		if err != nil {
			return 0
		}
		_, ino, _ := proc.ParseNSLink(b)
		return ino
	}
	parent := parentOf(p.pid) // which made them, perhaps, as unshare(1) does
	for _, pid := range pids[:min(len(pids), mostLookedAt)] {
		if len(kinds) == 0 {
			return
		}
		if pid == parent || r.Enter(pid) != nil {
			continue
		}
		if mnt := inode(proc.Mnt); mnt == 0 || mnt == p.them.Namespaces[proc.Mnt] {
			continue
		}
		kinds = slices.DeleteFunc(kinds, func(k proc.NSKind) bool {
			same := inode(k) == p.them.Namespaces[k]
			if same {
				p.changed("namespaces."+k.String(), "a new one; its own it may share: process %d, which has other mounts, is in it too (process:%d joins it)", pid, p.pid)
			}
			return same
		})
	}
}

// maps are those of a new user namespace, where this user can write them.
func (p *portrait) maps() {
	s := &p.Spec
	if !s.Namespaces.User.IsNew() || p.them.Unread["ns/user"] != nil { // it may be ours
		return
	}
	for _, m := range []struct {
		field string
		from  []proc.IDMapping
		to    *[]IDMapping
	}{{"uid_map", p.them.UIDMap, &s.UIDMap}, {"gid_map", p.them.GIDMap, &s.GIDMap}} {
		if err := p.them.Unread[m.field]; err != nil {
			p.unknown(m.field, "cutaway chooses it: %s", because(err))
			continue
		}
		for _, line := range m.from {
			*m.to = append(*m.to, IDMapping{Inside: line.Inside, Outside: line.Outside, Count: line.Count})
		}
		switch {
		case len(m.from) == 0:
			p.changed(m.field, "cutaway chooses it: nobody has written the process's")
		case slices.ContainsFunc(m.from, func(l proc.IDMapping) bool { return l.Outside == 0 }):
			p.changed(m.field, "cutaway chooses others: the process's map the host's root (%s)", mapWords(m.from))
			*m.to = nil
		case slices.ContainsFunc(m.from, func(l proc.IDMapping) bool { return l.Outside == noID }):
			p.changed(m.field, "cutaway chooses others: the process's map ids that are not known here (%s)", mapWords(m.from))
			*m.to = nil
		}
	}
	if s.UIDMap == nil || s.GIDMap == nil { // half of one and half of another means nothing
		s.UIDMap, s.GIDMap = nil, nil
	}
}

// mapWords are the lines of a map, the first ones.
func mapWords(maps []proc.IDMapping) string {
	const most = 3
	var words []string
	for _, m := range maps[:min(len(maps), most)] {
		words = append(words, fmt.Sprintf("%d %d %d", m.Inside, m.Outside, m.Count))
	}
	if len(maps) > most {
		words = append(words, "…")
	}
	return strings.Join(words, ", ")
}

// hostname is what uname(2) says in the process's uts namespace. A thread that ends afterwards goes there: /proc/PID/root/proc/sys/
// kernel/hostname would answer for us.
func (p *portrait) hostname() {
	s := &p.Spec
	if !s.Namespaces.UTS.IsNew() {
		return
	}
	s.Hostname = Default().Hostname
	name, err := hostnameOf(p.dir)
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		p.unknown("hostname", "a default: to look into its uts namespace takes root")
	case err != nil:
		p.unknown("hostname", "a default: %s", because(err))
	case !isHostname(name):
		p.changed("hostname", "a default: its own, %s, is none that can be set here", clip(name))
	default:
		s.Hostname = name
	}
}

func hostnameOf(dir string) (string, error) {
	f, err := os.Open(dir + "/ns/uts")
	if err != nil {
		return "", err
	}
	defer f.Close()
	type answer struct {
		name string
		err  error
	}
	said := make(chan answer, 1)
	onOwnThread(func() {
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWUTS); err != nil {
			said <- answer{err: fmt.Errorf("enter its uts namespace: %w", err)}
			return
		}
		var u unix.Utsname
		err := unix.Uname(&u)
		said <- answer{unix.ByteSliceToString(u.Nodename[:]), err}
	})
	a := <-said
	return a.name, a.err
}

// clocks are the offsets of a new time namespace.
func (p *portrait) clocks() {
	s := &p.Spec
	if !s.Namespaces.Time.IsNew() {
		return
	}
	b, err := os.ReadFile(p.dir + "/timens_offsets")
	var offsets []proc.TimeOffset
	if err == nil {
		offsets, err = proc.ParseTimensOffsets(b)
	}
	if err == nil && p.them.Namespaces[proc.Time] != p.them.Namespaces[proc.TimeForChildren] {
		err = errors.New("the kernel tells them of its children's clocks alone, which are others")
	}
	if err != nil {
		p.unknown("time", "the host's clocks: %s", because(err))
		return
	}
	for _, o := range offsets {
		seconds := int64(o.Offset.Seconds())
		if o.Offset%1e9 != 0 {
			p.changed("time", "in whole seconds: its %s clock is ahead by %v", o.Clock, o.Offset)
		}
		switch o.Clock {
		case "monotonic":
			s.Time.Monotonic = seconds
		case "boottime":
			s.Time.Boottime = seconds
		}
	}
}

// network tells whether lo is up; what else there is ends somewhere that a Spec cannot name.
func (p *portrait) network() {
	s := &p.Spec
	if !s.Namespaces.Net.IsNew() {
		return
	}
	s.Network.Loopback = true
	for _, file := range []string{"net/dev", "net/fib_trie"} {
		if err := p.them.Unread[file]; err != nil {
			p.unknown("network", "lo alone: what interfaces it has is not told: %s", because(err))
			return
		}
	}
	s.Network.Loopback = slices.ContainsFunc(p.them.Addresses, func(a string) bool { return strings.HasPrefix(a, "127.") || a == "::1" })
	others := slices.DeleteFunc(slices.Clone(p.them.Interfaces), func(name string) bool {
		return name == "lo" || slices.Contains(fallbackInterfaces, name)
	})
	if len(others) > 0 {
		p.changed("network", "without %s, and so without what it reaches there: where the other end is the kernel does not tell (--veth makes a pair to the host)", few(others))
	}
}

// fallbackInterfaces are in every network namespace once their modules are loaded (net.core.fb_tunnels_only_for_init_net).
var fallbackInterfaces = []string{"tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"}

// few names the first of a list and counts the rest.
func few(names []string) string {
	const most = 3
	var words []string
	for _, n := range names[:min(len(names), most)] {
		words = append(words, plainName(n))
	}
	list := strings.Join(words, ", ")
	if rest := len(names) - most; rest > 0 {
		list += fmt.Sprintf(" and %d more", rest)
	}
	return list
}

// plainName is a name for a sentence. It is quoted when it would be taken for more than a name, as it may be another's.
func plainName(name string) string {
	const long = 80
	if strconv.Quote(name) != `"`+name+`"` || strings.ContainsAny(name, " ,") || name == "" || len(name) > long {
		return clip(name)
	}
	return name
}
