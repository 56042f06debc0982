package compare

import (
	"strconv"

	"cutaway/inspect"
	"cutaway/inspect/proc"
)

// namespaces compares which the processes are in, by their inode numbers.
func namespaces(p *pairs) {
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
			return known(strconv.FormatUint(ns.Ino[link], 10), from)
		})
	}
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
