package tui

import (
	"strings"

	"cutaway/ui/text"
)

// rule is a line across.
func rule(lk look, width int) string { return strings.Repeat(lk.glyphs.Horizontal, max(width, 0)) }

// stageMark is how a stage stands: done, the present one, or still to come.
func (p *stepPane) stageMark(i int) (mark string, st style) {
	v := &p.launch
	switch {
	case i < v.present:
		return p.glyphs.Set, good
	case i > v.present:
		return p.glyphs.Unset, dim
	case v.state == launchFailed:
		return "!", bad
	case v.state == launchAtWork:
		return p.glyphs.Live, accent
	}
	return p.glyphs.Folded, accent
}

// stageLine is a stage's mark and name.
func (p *stepPane) stageLine(i int) line {
	mark, st := p.stageMark(i)
	name := plain
	switch {
	case i == p.at:
		name = strong
	case i > p.launch.present:
		name = dim
	}
	return line{}.put(st, mark).gap(1).put(name, text.Sanitise(p.launch.steps[i].Stage))
}

// stagesWidth is the width of the list with the line that parts it from the rest.
func (p *stepPane) stagesWidth() int {
	widest := 0
	for i := range p.launch.steps {
		widest = max(widest, p.stageLine(i).width())
	}
	return min(widest, 20) + 4
}

// stagesLeft draws the stages below one another.
func (p *stepPane) stagesLeft(r rect) []string {
	p.drawn.stages = make([]rect, len(p.launch.steps))
	var window list
	window.setLen(len(p.launch.steps))
	window.resize(r.h)
	window.moveTo(p.at)
	lines := make([]string, 0, r.h)
	side := p.look.draw(words(dim, p.glyphs.Vertical), 1, onBase)
	for n := range r.h {
		i := window.top + n
		if i >= len(p.launch.steps) {
			lines = append(lines, blanks(r.w-1)+side)
			continue
		}
		on := onBase
		if i == p.at {
			on = onMarked
		}
		p.drawn.stages[i] = rect{r.x, r.y + n, r.w - 1, 1}
		lines = append(lines, p.look.draw(append(line{}.gap(1), p.stageLine(i)...), r.w-1, on)+side)
	}
	return lines
}

// stagesAbove draws the stages behind one another, in at most a third of the room: then those around the one looked at.
func (p *stepPane) stagesAbove(r rect) []string {
	p.drawn.stages = make([]rect, len(p.launch.steps))
	const gap = 2
	var lines []line
	l := line{}.gap(1)
	at := 0 // the line of the stage that is looked at
	for i := range p.launch.steps {
		stage := p.stageLine(i)
		if i == p.at {
			stage = stage[:len(stage)-1].put(chosen, stage[len(stage)-1].text)
		}
		if used := l.width(); used > 1 && used+stage.width() >= r.w {
			lines, l = append(lines, l), line{}.gap(1)
		}
		if i == p.at {
			at = len(lines)
		}
		p.drawn.stages[i] = rect{r.x + l.width(), r.y + len(lines), stage.width(), 1}
		l = append(l, stage...).gap(gap)
	}
	lines = append(lines, l)
	from, most := 0, max(r.h/3-1, 1)
	if len(lines) > most {
		from = min(max(at-most/2, 0), len(lines)-most)
		lines = lines[from : from+most]
	}
	for i := range p.drawn.stages {
		s := &p.drawn.stages[i]
		if s.y -= from; s.y < r.y || s.y >= r.y+len(lines) {
			*s = rect{}
		}
	}
	drawn := make([]string, 0, len(lines)+1)
	for _, l := range lines {
		drawn = append(drawn, p.look.draw(l.fit(r.w), r.w, onBase))
	}
	drawn = append(drawn, p.look.draw(line{}.gap(1).put(dim, rule(p.look, r.w-2)), r.w, onBase))
	return drawn[:min(len(drawn), r.h)]
}
