package engine

import (
	"strings"

	"cutaway/inspect/proc"
)

// difference says in which kinds two sets of namespaces differ, as bits 1 << kind, among those known of both.
type difference struct {
	kinds, known uint16
}

func (d difference) has(k proc.NSKind) bool { return d.kinds&(1<<k) != 0 }

func compare(a, b *proc.Namespaces) difference {
	var d difference
	if a == nil || b == nil {
		return d
	}
	for k := range proc.NSKind(proc.NSKinds) {
		if !a.How[k].OK() || !b.How[k].OK() {
			continue
		}
		d.known |= 1 << k
		if a.Ino[k] != b.Ino[k] {
			d.kinds |= 1 << k
		}
	}
	return d
}

// fromHost compares with the host's namespaces, once for all processes that share the pointer.
func (d *Detector) fromHost(ns *proc.Namespaces) difference {
	diff, ok := d.diffs[ns]
	if !ok {
		diff = compare(ns, d.host)
		d.diffs[ns] = diff
	}
	return diff
}

// String is a sentence's part such as "own mnt, net and pid namespaces", or "" when nothing differs.
func (d difference) String() string {
	var names []string
	for k := range proc.NSKind(proc.NSKinds) {
		if d.has(k) {
			names = append(names, k.String())
		}
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return "own " + names[0] + " namespace"
	default:
		return "own " + strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " namespaces"
	}
}
