package tui

import (
	"strconv"
	"strings"
	"time"

	"cutaway/inspect/cgroup"
	"cutaway/ui/text"
)

// topBar is the screens at the left, with what is on, and the machine at the right.
func (a *App) topBar() string {
	l := line{}.gap(1).put(accent, "cutaway").gap(2)
	for i, s := range a.screens {
		st := dim
		if i == a.current {
			st = front
		}
		l = l.put(st, " "+strconv.Itoa(screens[i].number)+" "+s.title()+" ")
	}
	l = append(l, a.chips()...)
	right := a.machine(a.w >= 100)
	if l.width()+right.width()+2 > a.w {
		right = a.machine(false)
	}
	if room := a.w - l.width() - right.width() - 1; room > 0 {
		l = append(l.gap(room), right...)
	} else {
		live := a.live()
		l = l.fit(max(a.w-live.width()-2, 0))
		l = append(l.gap(max(a.w-l.width()-live.width()-1, 0)), live...)
	}
	return a.draw(l, a.w, onBar)
}

// chips say what is on that changes what is seen or can be done.
func (a *App) chips() line {
	l := a.screen().chips()
	if s := a.snap; s != nil && s.Denied > 0 && a.layout.status.h > 0 {
		l = l.gap(2).put(dim, text.Count(s.Denied)+" denied")
	}
	if a.readOnly {
		l = l.gap(2).put(warn, "read-only")
	}
	return a.limits.chip(l)
}

// machine names the host, its kernel, and what this person may read.
func (a *App) machine(long bool) line {
	if a.snap == nil {
		return a.live()
	}
	h := &a.snap.Host
	var parts []string
	name := text.Truncate(text.Sanitise(h.Name), 24)
	if long {
		parts = append(parts, name, "Linux "+text.Sanitise(shortRelease(h.Kernel)), h.CgroupMode.String())
	} else {
		parts = append(parts, text.Truncate(name, 12), shortMode(h.CgroupMode))
	}
	l := words(dim, strings.Join(parts, " · ")+" · ")
	if h.UID == 0 {
		l = l.put(dim, "root")
	} else {
		l = l.put(warn, "not root")
	}
	return append(l.gap(3), a.live()...)
}

// live says whether the screen refreshes, how often, and how old it is when it does not.
func (a *App) live() line {
	switch {
	case a.fail != nil:
		return words(bad, "cannot read "+a.glyphs.Paused)
	case a.o.Saved != nil:
		return a.savedWords(a.w >= 100)
	case a.feed.paused && a.snap != nil:
		return words(warn, a.glyphs.Paused+" paused "+text.Duration(time.Since(a.snap.Taken).Truncate(time.Second)))
	case a.feed.paused:
		return words(warn, a.glyphs.Paused+" paused")
	default:
		return words(good, a.glyphs.Live+" "+intervalText(a.feed.interval))
	}
}

// shortRelease is the kernel's version without what the distribution adds.
func shortRelease(release string) string {
	version, _, _ := strings.Cut(release, "-")
	if parts := strings.SplitN(version, ".", 3); len(parts) == 3 {
		return parts[0] + "." + parts[1]
	}
	return version
}

func shortMode(m cgroup.Mode) string {
	return strings.TrimPrefix(m.String(), "cgroup ")
}

// footer is the keys that are useful here, each of which can be clicked; a message or a line being typed takes its
// place.
func (a *App) footer() string {
	switch {
	case a.input != nil:
		return a.draw(a.inputLine(), a.w, onBar)
	case len(a.toast.line) > 0:
		return a.draw(append(line{}.gap(1), a.toast.line...), a.w, onBar)
	case a.fail != nil:
		return a.draw(line{}.gap(1).put(bad, text.Sanitise(a.fail.Error())), a.w, onBar)
	}
	return a.draw(a.footerKeys(a.footerBindings()), a.w, onBar)
}

// footerKeys draws the keys that there is room for; the last one, help, is among them always. Those that can do nothing now are dim.
func (a *App) footerKeys(list []*binding) line {
	width := func(b *binding) int { return text.Width(b.footerLabel(a.glyphs)) + 1 + text.Width(b.footer) }
	room := a.w
	if len(list) > 0 {
		room -= width(list[len(list)-1]) + 3
	}
	l := line{}
	for i, b := range list {
		if last := i == len(list)-1; !last && l.width()+width(b)+3 > room || last && l.width()+width(b)+3 > a.w {
			continue
		}
		st := accent
		if b.blocked != nil && b.blocked() != "" {
			st = dim
		}
		l = l.gap(1)
		a.zones = append(a.zones, zone{rect{l.width(), a.layout.bottom.y, width(b), 1}, pressed{b}})
		l = l.put(st, b.footerLabel(a.glyphs)).put(dim, " "+b.footer).gap(2)
	}
	return l
}

func (a *App) footerBindings() []*binding {
	if d := a.front(); d != nil {
		return d.footer()
	}
	if list := a.screen().grabs(); list != nil {
		return list
	}
	idle, _ := a.screen().(interface{ withoutTarget() bool })
	var list []*binding
	for _, s := range a.sections() {
		for _, b := range s.bindings {
			if b.forTarget && idle != nil && idle.withoutTarget() {
				continue // there never is one here: it would only take the room
			}
			if b.footer != "" {
				list = append(list, b)
			}
		}
	}
	return list
}

// footerLabel is the first of the binding's keys.
func (b *binding) footerLabel(g *text.Glyphs) string {
	label, _, _ := strings.Cut(b.Help().Key, " ")
	if label == "enter" && g == text.Unicode {
		return g.Enter
	}
	return keyLabel(g, label)
}

// arrows are the names of the arrow keys where they cannot be drawn.
var arrows = strings.NewReplacer("↑↓", "up/down", "↑", "up", "↓", "down", "←", "left", "→", "right")

// keyLabel writes the names of keys as the terminal can show them.
func keyLabel(g *text.Glyphs, label string) string {
	if g == text.ASCII {
		return arrows.Replace(label)
	}
	return label
}
