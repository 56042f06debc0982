package tui

import (
	"fmt"
	"strings"
)

// layout is where the parts of the screen are.
type layout struct {
	small                     bool // the window is smaller than anything useful
	top, body, status, bottom rect
	tree, detail              rect // an empty one is not shown
	framed                    bool
}

// The smallest window, the narrowest for two panes, and what the detail takes of it.
const (
	minWidth, minHeight       = 40, 8
	twoPanes                  = 110
	minDetail, maxDetail      = 50, 72
	detailShare, detailOf int = 2, 5
)

// arrange lays the window out. On a narrow one the focused pane takes all of it.
func (a *App) arrange() {
	l := layout{small: a.w < minWidth || a.h < minHeight, framed: a.w >= twoPanes}
	window := rect{w: a.w, h: a.h}
	l.top = window.top(1)
	l.bottom = window.below(a.h - 1)
	l.body = rect{y: 1, w: a.w, h: max(a.h-2, 0)}
	if !l.framed {
		l.status = l.body.below(l.body.h - 1)
		l.body.h = max(l.body.h-1, 0)
	}
	switch {
	case !l.framed || a.zoomed:
		if a.focus == focusDetail {
			l.detail = l.body
		} else {
			l.tree = l.body
		}
	default:
		w := min(max(a.w*detailShare/detailOf, minDetail), maxDetail)
		l.tree, l.detail = l.body, l.body
		l.tree.w = a.w - w
		l.detail.x, l.detail.w = l.tree.w, w
	}
	a.layout = l
	if l.tree.w > 0 {
		a.tree.setSize(l.tree, l.framed)
	}
	if l.detail.w > 0 {
		a.detail.setSize(l.detail, l.framed)
	}
}

// screen draws all lines of the window.
func (a *App) screen() string {
	if a.w <= 0 || a.h <= 0 {
		return ""
	}
	if a.layout.small {
		return a.tooSmall()
	}
	lines := make([]string, 0, a.h)
	a.zones = a.zones[:0]
	lines = append(lines, a.topBar())
	lines = append(lines, a.bodyLines()...)
	if a.layout.status.h > 0 && a.front() == nil {
		lines = append(lines, a.statusLine())
	}
	lines = append(lines, a.footer())
	return strings.Join(lines, "\n")
}

func (a *App) bodyLines() []string {
	l := &a.layout
	if d := a.front(); d != nil {
		return a.dialogLines(d)
	}
	var tree, detail []string
	if l.tree.w > 0 {
		tree = a.tree.view(a.focus == focusTree)
	}
	if l.detail.w > 0 {
		detail = a.detail.view(a.focus == focusDetail)
	}
	switch {
	case tree == nil:
		return detail
	case detail == nil:
		return tree
	default:
		return beside(tree, detail)
	}
}

// tooSmall says what the screen needs, in as much room as there is.
func (a *App) tooSmall() string {
	say := fmt.Sprintf("need %dx%d, have %dx%d", minWidth, minHeight, a.w, a.h)
	lines := line{{plain, say}}.wrap(a.w)
	out := make([]string, 0, a.h)
	for i := range a.h {
		l := line{}
		if i < len(lines) {
			l = lines[i]
		}
		out = append(out, a.draw(l, a.w, onBase))
	}
	return strings.Join(out, "\n")
}

// setFocus gives the keys to a pane.
func (a *App) setFocus(f focus) {
	if a.focus == f {
		return
	}
	a.focus = f
	a.tree.version++
	a.detail.version++
	a.arrange()
}
