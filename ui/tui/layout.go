package tui

import (
	"fmt"
	"strings"
)

// layout is where the parts of the window are.
type layout struct {
	small                     bool // the window is smaller than anything useful
	top, body, status, bottom rect // status is empty in a wide window
}

// The smallest window, and the narrowest for panes side by side.
const (
	minWidth, minHeight = 40, 8
	wideWidth           = 110
)

// arrange lays the window out.
func (a *App) arrange() {
	window := rect{w: a.w, h: a.h}
	l := layout{small: a.w < minWidth || a.h < minHeight}
	l.top, l.bottom = window.top(1), window.below(a.h-1)
	whole := a.screen().whole()
	if whole {
		l.top.h = 0
	}
	l.body = rect{y: l.top.h, w: a.w, h: max(a.h-l.top.h-1, 0)}
	wide := a.w >= wideWidth
	if !wide && !whole {
		l.status = l.body.below(l.body.h - 1)
		l.body.h = max(l.body.h-1, 0)
	}
	a.layout = l
	if !l.small {
		a.screen().arrange(l.body, wide)
	}
}

// content draws all lines of the window.
func (a *App) content() string {
	if a.w <= 0 || a.h <= 0 {
		return ""
	}
	if a.layout.small {
		return a.tooSmall()
	}
	a.zones = a.zones[:0]
	lines := make([]string, 0, a.h)
	if a.layout.top.h > 0 {
		lines = append(lines, a.topBar())
	}
	if d := a.front(); d != nil {
		lines = append(lines, a.dialogLines(d)...)
	} else {
		lines = append(lines, a.screen().view()...)
		if a.layout.status.h > 0 {
			lines = append(lines, a.draw(append(line{}.gap(1), a.screen().status()...), a.w, onBase))
		}
	}
	lines = append(lines, a.footer())
	return strings.Join(lines, "\n")
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
