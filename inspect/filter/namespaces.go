package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"cutaway/inspect"
	"cutaway/inspect/proc"
)

// hostName stands for the host in ns: and shares:.
const hostName = "host"

// matchNamespace is ns:KIND=INODE; it takes the text of a link such as net:[4026532502] too, an inode alone (nsfs numbers
// the namespaces of all kinds in one row), and KIND=host.
func matchNamespace(value string) (test, error) {
	kindName, id, hasKind := cutKind(value)
	if !hasKind {
		ino, err := parseInode(value)
		if err != nil {
			return nil, fmt.Errorf("ns:%s: say which namespace as in ns:net=4026532502 or ns:net=host", value)
		}
		return anyKindIs(ino), nil
	}
	kind, err := parseKind("ns", kindName)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(id, hostName) {
		return kindIs(kind, hostInode), nil
	}
	ino, err := parseInode(id)
	if err != nil {
		return nil, fmt.Errorf("ns:%s: %q is not a namespace's number such as 4026532502, nor host", value, id)
	}
	return kindIs(kind, func(*inspect.Snapshot, proc.NSKind) (uint64, bool) { return ino, true }), nil
}

// matchShares is shares:KIND=CONTAINER.
func matchShares(value string) (test, error) {
	kindName, name, ok := strings.Cut(value, "=")
	if !ok || name == "" {
		return nil, fmt.Errorf("shares:%s: say with whom as in shares:net=db or shares:pid=host", value)
	}
	kind, err := parseKind("shares", kindName)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(name, hostName) {
		return kindIs(kind, hostInode), nil
	}
	partners := partnersOf(kind, containerNamed(name))
	return func(s *inspect.Snapshot, p *inspect.Process) answer {
		ino, ok := inode(p, kind)
		if !ok {
			return unknown
		}
		return answerOf(slices.Contains(partners(s), ino))
	}, nil
}

// partnersOf finds the namespaces of a kind that containers have. The answer is the same for all processes of a
// snapshot, so the last one is kept.
func partnersOf(kind proc.NSKind, is func(*inspect.Container) bool) func(*inspect.Snapshot) []uint64 {
	type found struct {
		of     *inspect.Snapshot
		inodes []uint64
	}
	var last atomic.Pointer[found]
	return func(s *inspect.Snapshot) []uint64 {
		if f := last.Load(); f != nil && f.of == s {
			return f.inodes
		}
		f := &found{of: s}
		for _, c := range s.Containers {
			if is(c) && c.NS != nil && c.NS.How[kind].OK() {
				f.inodes = append(f.inodes, c.NS.Ino[kind])
			}
		}
		last.Store(f)
		return f.inodes
	}
}

// kindIs tests one link of a process against a namespace that may depend on the snapshot.
func kindIs(kind proc.NSKind, want func(*inspect.Snapshot, proc.NSKind) (uint64, bool)) test {
	return func(s *inspect.Snapshot, p *inspect.Process) answer {
		ino, ok := inode(p, kind)
		wanted, wantedOK := want(s, kind)
		if !ok || !wantedOK {
			return unknown
		}
		return answerOf(ino == wanted)
	}
}

func hostInode(s *inspect.Snapshot, kind proc.NSKind) (uint64, bool) {
	ns := s.Host.NS
	if ns == nil || !ns.How[kind].OK() {
		return 0, false
	}
	return ns.Ino[kind], true
}

func anyKindIs(want uint64) test {
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		a := no
		for kind := range proc.NSKind(proc.NSKinds) {
			ino, ok := inode(p, kind)
			switch {
			case ok && ino == want:
				return yes
			case !ok:
				a = unknown
			}
		}
		return a
	}
}

func inode(p *inspect.Process, kind proc.NSKind) (uint64, bool) {
	ns := p.Facts.NS
	if ns == nil || !ns.How[kind].OK() {
		return 0, false
	}
	return ns.Ino[kind], true
}

// cutKind parts "net=4026532502" and "net:[4026532502]".
func cutKind(value string) (kind, id string, ok bool) {
	if at := strings.IndexAny(value, "=:"); at >= 0 {
		return value[:at], value[at+1:], true
	}
	return "", "", false
}

func parseInode(s string) (uint64, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	return strconv.ParseUint(s, 10, 64)
}

func parseKind(key, name string) (proc.NSKind, error) {
	if kind, ok := proc.NSKindByName(strings.ToLower(name)); ok {
		return kind, nil
	}
	var kinds [proc.NSKinds]string
	for k := range proc.NSKind(proc.NSKinds) {
		kinds[k] = k.String()
	}
	return 0, fmt.Errorf("%s: unknown kind of namespace %q: known are %s", key, name, strings.Join(kinds[:], ", "))
}
