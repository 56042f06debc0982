package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/ui/text"
)

// airy is the height from which the pane can spare blank lines.
const airy = 32

// labelWidth is the column at which values begin.
const labelWidth = 14

// drawnDetail is the pane as it was drawn last, and where its parts were.
type drawnDetail struct {
	version int
	moves   int
	r       rect
	focused bool
	lines   []string
	tabs    []rect // where each tab's title is; tabs that did not fit have none
	body    rect
	source  bool // one was shown below the values
}

func (d *detailPane) setSize(r rect, framed bool) {
	if d.r != r || d.framed != framed {
		d.r, d.framed = r, framed
		d.version++
	}
}

// view draws the pane in exactly r.w x r.h cells.
func (d *detailPane) view(focused bool) []string {
	if d.drawn.lines != nil && d.drawn.version == d.version && d.drawn.moves == d.moves && d.drawn.r == d.r && d.drawn.focused == focused {
		return d.drawn.lines
	}
	d.focused = focused
	in := d.r
	if d.framed {
		in = d.r.inset()
	}
	var lines []string
	if !d.framed {
		title := append(d.title().gap(2), d.note()...)
		lines = append(lines, d.draw(append(line{}.gap(1), title...), in.w, onBase))
	}
	lines = append(lines, d.tabBar(in.x, in.y+len(lines), in.w)...)
	d.drawn.body = in.below(len(lines))
	lines = append(lines, d.body(d.drawn.body)...)
	if d.framed {
		lines = d.frame(d.r, d.title(), d.note(), lines, focused)
	} else {
		lines = d.area(d.r, lines)
	}
	d.drawn.version, d.drawn.moves, d.drawn.r, d.drawn.focused, d.drawn.lines = d.version, d.moves, d.r, focused, lines
	return lines
}

// title names the selection.
func (d *detailPane) title() line {
	n := d.subject.node
	if n == nil {
		return nil
	}
	switch n.Kind {
	case inspect.HostNode:
		return words(strong, "host")
	case inspect.ContainerNode:
		return containerName(n.Container)
	case inspect.KindNode:
		return words(strong, n.NSKind.String()+" namespaces")
	case inspect.NamespaceNode:
		return words(strong, n.NSKind.String()+" namespace "+strconv.FormatUint(n.Namespace.ID.Ino, 10))
	case inspect.CgroupNode:
		return words(strong, "cgroup "+text.TruncateLeft(text.Sanitise(n.Path), max(d.r.w-16, 8)))
	default:
		return words(strong, text.Sanitise(n.Process.Comm)+" "+strconv.Itoa(n.Process.PID))
	}
}

// note stands at the right of the title.
func (d *detailPane) note() line {
	u := &d.subject
	switch {
	case u.node == nil:
		return nil
	case u.gone:
		return words(warn, "ended")
	case u.node.Kind != inspect.ProcessNode:
		return words(dim, plural(u.node.Count, "process"))
	case u.proc.Kernel:
		return words(dim, "kernel thread")
	}
	if st := u.proc.Facts.Status; st.OK() && len(st.Value.NSpid) > 1 {
		_, pid := insideText(u.proc)
		return words(dim, "inside "+pid)
	}
	return nil
}

// tabBar is the tabs' titles with the one in front underlined. When they do not all fit they move closer together, then
// take their short names, and at last only those around the front one show.
func (d *detailPane) tabBar(x, y, width int) []string {
	d.drawn.tabs = make([]rect, len(tabs))
	titles, gap := tabTitles(width)
	names, under := line{}.gap(1), line{}.gap(1)
	from := firstTab(titles, d.tab, gap, width)
	if from > 0 {
		names = words(dim, "<")
	}
	for i := from; i < len(titles); i++ {
		title := titles[i]
		if names.width()+len(title)+1 > width {
			names = names[:len(names)-1].put(dim, text.Fit(">", gap))
			break
		}
		d.drawn.tabs[i] = rect{x + names.width(), y, len(title), 2}
		if i == d.tab {
			names, under = names.put(strong, title), under.put(accent, strings.Repeat(d.glyphs.Heavy, len(title)))
		} else {
			names, under = names.put(dim, title), under.gap(len(title))
		}
		names, under = names.gap(gap), under.gap(gap)
	}
	bar := []string{d.draw(names.fit(width), width, onBase), d.draw(under.fit(width), width, onBase)}
	if d.r.h >= airy {
		bar = append(bar, blanks(width))
	}
	return bar
}

// tabTitles are the titles that fit, and the blanks between them.
func tabTitles(width int) (titles []string, gap int) {
	for _, gap := range []int{2, 1} {
		used := 1
		titles := make([]string, len(tabs))
		for i, t := range tabs {
			titles[i] = t.title
			if gap == 1 && t.short != "" {
				titles[i] = t.short
			}
			used += len(titles[i]) + gap
		}
		if used-gap < width || gap == 1 {
			return titles, gap
		}
	}
	return nil, 0
}

// firstTab is the first title to show so that the one in front fits.
func firstTab(titles []string, front, gap, width int) int {
	for from := range front {
		used := 1 - gap
		for i := from; i <= front; i++ {
			used += len(titles[i]) + gap
		}
		if used <= width {
			return from
		}
	}
	return front
}

// body draws the visible lines of the tab, and the source of the value under the cursor below them.
func (d *detailPane) body(r rect) []string {
	d.makeRows(max(r.w-labelWidth-2, 1))
	source := d.sourceLines(r)
	if d.source == sourceAuto && !d.focused && len(d.lines)+len(source) > r.h {
		source = nil // the values come first where nobody asks for a source
	}
	d.drawn.source = len(source) > 0
	d.drawn.body.h = max(r.h-len(source), 0)
	return append(d.drawRows(d.look, d.drawn.body, d.focused, false), source...)
}

// click brings the tab under the mouse to the front, or puts the cursor on the row there.
func (d *detailPane) click(x, y int) {
	for i, r := range d.drawn.tabs {
		if r.has(x, y) {
			d.selectTab(i)
			return
		}
	}
	if d.drawn.body.has(x, y) {
		d.clickLine(y - d.drawn.body.y)
	}
}
