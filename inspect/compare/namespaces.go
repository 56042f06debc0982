package compare

import (
	"strconv"

	"cutaway/inspect"
	"cutaway/inspect/proc"
)

// namespaces compares which the processes are in, by their inode numbers. Those of two boots say nothing about each other: there it
// is told whose a namespace is.
func namespaces(p *pairs) {
	comparable := sameBoot(p.l.Snapshot, p.r.Snapshot)
	for kind := range proc.NSKind(proc.NSKinds) {
		link := linkOf(kind)
		p.both(kind.String(), kind.String(), func(v *view) *Value {
			from := v.from(inspect.Field("ns." + proc.NSLinkName(link)))
			ns := v.Process.Facts.NS
			if ns == nil {
				return unknown(notRead, from)
			}
			if !ns.How[link].OK() {
				return unknown(ns.How[link], from)
			}
			if !comparable {
				return v.whose(kind, ns, from)
			}
			return known(strconv.FormatUint(ns.Ino[link], 10), from)
		})
	}
}

// sameBoot tells whether what is identified by numbers of the kernel is the same in two snapshots. A boot that is not known is
// this one.
func sameBoot(a, b *inspect.Snapshot) bool { return a.Host.BootID == b.Host.BootID }

// whose is whether a namespace is the host's or another.
func (v *view) whose(kind proc.NSKind, ns *proc.Namespaces, from inspect.Source) *Value {
	host := v.Snapshot.Host.NS
	switch link := linkOf(kind); {
	case host == nil || !host.How[link].OK():
		return unknown(notRead, from)
	case host.Ino[link] == ns.Ino[link]:
		return known("the host's", from)
	}
	return known("not the host's", from)
}

// linkOf is the link of a kind that a process itself is in.
func linkOf(kind proc.NSKind) proc.NSLink {
	for link := range proc.NSLink(proc.NSLinks) {
		if proc.NSLinkKind(link) == kind {
			return link // those for children come behind
		}
	}
	return proc.NSLinks
}
