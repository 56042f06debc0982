package tui

import (
	"strings"

	"cutaway/inspect"
	"cutaway/ui/text"
)

// maxLegend is how many lines the legend of shared namespaces may take.
const maxLegend = 3

// legend explains the fingerprint and names who shares: "A db, web (net)".
func (t *treePane) legend(width int) []string {
	s := t.tree.snap
	if s == nil {
		return nil
	}
	cur := line{}.gap(1).put(dim, t.glyphs.Host+" the host's   ").put(own, t.glyphs.Own).put(dim, " its own")
	if s.Denied > 0 {
		cur = cur.gap(3).put(dim, t.glyphs.Unknown+" not readable")
	}
	var lines []line
	for i, share := range s.Shares() {
		item := shareItem(&share)
		if i == 0 {
			item = append(line{{dim, "shared: "}}, item...)
		}
		if cur.width()+3+item.width() >= width {
			lines, cur = append(lines, cur), line{}.gap(-2)
		}
		cur = append(cur.gap(3), item...)
	}
	lines = append(lines, cur)
	out := []string{blanks(width)}
	for i, l := range lines {
		if i == maxLegend {
			break
		}
		if i == maxLegend-1 && len(lines) > maxLegend {
			l = l.fit(width-2).put(dim, " …")
		}
		out = append(out, t.draw(l, width, onBase))
	}
	return out
}

func shareItem(share *inspect.Share) line {
	names := make([]string, 0, len(share.Containers))
	for _, c := range share.Containers {
		names = append(names, text.Truncate(text.Sanitise(c.Name), 24))
	}
	var kinds []string
	for _, n := range share.Namespaces {
		if k := n.Kind.String(); len(kinds) == 0 || kinds[len(kinds)-1] != k {
			kinds = append(kinds, k)
		}
	}
	l := line{{shareStyle(share.Letter), string(share.Letter)}}
	return l.put(dim, " "+strings.Join(names, ", ")+" ("+strings.Join(kinds, " ")+")")
}
