package tui

import (
	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// fingerprint is the eight cells for the node's namespaces.
func (t *treePane) fingerprint(n *inspect.Node) line {
	s := t.tree.snap
	var ns *proc.Namespaces
	switch n.Kind {
	case inspect.HostNode:
		ns = s.Host.NS
	case inspect.ContainerNode:
		ns = n.Container.NS
	case inspect.ProcessNode:
		ns = n.Process.Facts.NS
		if ns == nil {
			return line{{dim, text.Fit(unread(reading.How{}), fingerprintColumn.width)}}
		}
	default:
		return line{}.gap(fingerprintColumn.width)
	}
	return fingerprint(t.glyphs, s.Fingerprint(ns))
}

func fingerprint(g *text.Glyphs, cells [proc.NSKinds]inspect.Cell) line {
	l := make(line, 0, len(cells))
	for _, c := range cells {
		st, s := dim, g.Unknown
		switch c.Kind {
		case inspect.CellHost:
			s = g.Host
		case inspect.CellOwn:
			st, s = own, g.Own
		case inspect.CellShared:
			st, s = shareStyle(c.Letter), string(c.Letter)
		}
		if n := len(l); n > 0 && l[n-1].style == st {
			l[n-1].text += s
			continue
		}
		l = append(l, span{st, s})
	}
	return l
}
