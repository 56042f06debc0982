package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/sandbox/export"
	"cutaway/ui/text"
)

// scriptPane shows a Spec in the words of other tools, one to a tab. The texts are made away from it, as they hold places of
// the machine's.
type scriptPane struct {
	look
	r       rect
	framed  bool
	focused bool

	tools  []export.Tool
	made   []madeScript // of each tool, the last that was made
	tab    int
	spec   *sandbox.Spec // what is wished; nil before there is one
	errand errand

	list    list // over lines; the cursor is not shown
	lines   []line
	width   int // that lines are wrapped to
	version int
	laid    int // the version that lines are of
	drawn   drawnScript
}

// madeScript is a Spec in a tool's words, or why it has none.
type madeScript struct {
	tool   int
	script export.Script
	err    error
}

// drawnScript is the pane as it was drawn last, and where its tabs were.
type drawnScript struct {
	version int
	r       rect
	focused bool
	lines   []string
	tabs    []rect
}

func newScriptPane(lk look) *scriptPane {
	p := &scriptPane{look: lk, tools: export.Tools(), laid: -1}
	p.made = make([]madeScript, len(p.tools))
	return p
}

// setLook draws with another look from now on.
func (p *scriptPane) setLook(lk look) {
	p.look = lk
	p.version++
}

// setSpec has the texts made of another Spec, which must not change any more. What was made stays to be seen until then;
// without a Spec there is none to be seen or copied.
func (p *scriptPane) setSpec(s *sandbox.Spec) {
	if p.spec == s {
		return
	}
	p.spec = s
	p.errand.wish()
	if s == nil {
		p.made = make([]madeScript, len(p.tools))
		p.version++
	}
}

// pull has the text of the tab in front made, when the newest is wished.
func (p *scriptPane) pull() tea.Cmd {
	if p.spec == nil {
		return nil
	}
	tab, write, s := p.tab, p.tools[p.tab].Write, p.spec
	return p.errand.pull(p, func() any {
		script, err := write(s)
		return madeScript{tab, script, err}
	})
}

// took takes a text that was made.
func (p *scriptPane) took(d errandDone) {
	p.errand.end(d)
	if p.spec == nil {
		return
	}
	m := d.result.(madeScript)
	p.made[m.tool] = m
	p.version++
}

// selectTab brings a tool to the front.
func (p *scriptPane) selectTab(i int) {
	n := len(p.tools)
	p.tab = (i + n) % n
	p.list.top = 0
	p.errand.wish()
	p.version++
}

// text is what is to be copied or saved; "" while there is none.
func (p *scriptPane) text() string {
	if m := &p.made[p.tab]; m.err == nil {
		return m.script.Text
	}
	return ""
}

// name is the tool in front.
func (p *scriptPane) name() string { return toolName(&p.tools[p.tab]) }

func toolName(t *export.Tool) string {
	if t.Name == "run" {
		return "cutaway run"
	}
	return t.Name
}

// fileName is what the text is called when it is saved.
func (p *scriptPane) fileName() string {
	switch p.tools[p.tab].Name {
	case "oci":
		return "config.json"
	case "json":
		return "spec.json"
	}
	return "sandbox.sh"
}

// section is the pane's keys.
func (p *scriptPane) section() section {
	return section{"Script", []*binding{
		bind("↑ k", "a line up", does(func() { p.scroll(-1) }), "up", "k"),
		bind("↓ j", "a line down", does(func() { p.scroll(1) }), "down", "j"),
		bind("pgup", "a page up", does(func() { p.scroll(-p.page()) }), "pgup", "ctrl+b"),
		bind("pgdn", "a page down", does(func() { p.scroll(p.page()) }), "pgdown", "ctrl+f", "space"),
		bind("^U", "half a page up", does(func() { p.scroll(-p.page() / 2) }), "ctrl+u"),
		bind("^D", "half a page down", does(func() { p.scroll(p.page() / 2) }), "ctrl+d"),
		bind("g home", "the beginning", does(func() { p.scroll(-len(p.lines)) }), "g", "home"),
		bind("G end", "the end", does(func() { p.scroll(len(p.lines)) }), "G", "end"),
		bind("←", "tool at the left", does(func() { p.selectTab(p.tab - 1) }), "left"),
		bind("→", "tool at the right", does(func() { p.selectTab(p.tab + 1) }), "right").inFooter("tool"),
	}}
}

func (p *scriptPane) page() int { return max(p.list.height-1, 1) }

func (p *scriptPane) scroll(rows int) {
	p.list.scroll(rows)
	p.version++
}

// click brings the tab under the mouse to the front.
func (p *scriptPane) click(x, y int) {
	for i, r := range p.drawn.tabs {
		if r.has(x, y) {
			p.selectTab(i)
			return
		}
	}
}

func (p *scriptPane) setSize(r rect, framed bool) {
	if p.r != r || p.framed != framed {
		p.r, p.framed = r, framed
		p.version++
	}
}

// view draws the pane in exactly r.w x r.h cells.
func (p *scriptPane) view(focused bool) []string {
	if p.drawn.lines != nil && p.drawn.version == p.version && p.drawn.r == p.r && p.drawn.focused == focused {
		return p.drawn.lines
	}
	p.focused = focused
	in, title := p.r, words(strong, "the same by hand")
	var lines []string
	if p.framed {
		in = in.inset()
	} else {
		head := append(append(line{}.gap(1), title...).gap(2), p.note()...)
		lines, in = append(lines, p.draw(head, in.w, onBase)), in.below(1)
	}
	lines = append(lines, p.tabBar(in)...)
	body := in.below(2)
	p.layOut(max(body.w-2, 1))
	p.list.resize(body.h)
	for i := p.list.top; i < len(p.lines) && i < p.list.top+body.h; i++ {
		lines = append(lines, p.draw(append(line{}.gap(1), p.lines[i]...), in.w, onBase))
	}
	if p.framed {
		lines = p.frame(p.r, title, p.note(), p.area(rect{w: in.w, h: in.h}, lines), focused)
	} else {
		lines = p.area(p.r, lines)
	}
	p.drawn.version, p.drawn.r, p.drawn.focused, p.drawn.lines = p.version, p.r, focused, lines
	return lines
}

// note warns that the text is not all of it.
func (p *scriptPane) note() line {
	if n := len(p.made[p.tab].script.Missing); n > 0 {
		return words(warn, text.Count(n)+" not expressible")
	}
	return nil
}

// tabBar is the tools with the one in front underlined; those that do not fit are left out at the left or right.
func (p *scriptPane) tabBar(r rect) []string {
	titles, used := make([]string, len(p.tools)), 1
	for i := range p.tools {
		titles[i] = toolName(&p.tools[i])
		used += len(titles[i])
	}
	gap := 1
	if used+2*(len(titles)-1) < r.w {
		gap = 2
	}
	names, under := line{}.gap(1), line{}.gap(1)
	from := firstTab(titles, p.tab, gap, r.w-1)
	if from > 0 {
		names = words(dim, "<")
	}
	p.drawn.tabs = make([]rect, len(titles))
	for i := from; i < len(titles); i++ {
		if names.width()+len(titles[i]) > r.w {
			names = names[:len(names)-1].put(dim, text.Fit(">", gap))
			break
		}
		p.drawn.tabs[i] = rect{r.x + names.width(), r.y, len(titles[i]), 2}
		if i == p.tab {
			names, under = names.put(strong, titles[i]), under.put(accent, strings.Repeat(p.glyphs.Heavy, len(titles[i])))
		} else {
			names, under = names.put(dim, titles[i]), under.gap(len(titles[i]))
		}
		names, under = names.gap(gap), under.gap(gap)
	}
	return []string{p.draw(names.fit(r.w), r.w, onBase), p.draw(under.fit(r.w), r.w, onBase)}
}

// layOut breaks the text into lines, and puts below it what it lacks.
func (p *scriptPane) layOut(width int) {
	if p.laid == p.version && p.width == width {
		return
	}
	p.laid, p.width, p.lines = p.version, width, nil
	m := &p.made[p.tab]
	switch {
	case m.err != nil:
		p.lines = append(p.lines, words(dim, "There is no text while this does not hold together:"), nil)
		for _, err := range flat(m.err) {
			p.lines = append(p.lines, words(bad, text.Sanitise(err.Error())).wrap(width)...)
		}
	case p.spec == nil:
		p.lines = append(p.lines, words(dim, "There is no text: the form says what is wrong."))
	case m.script.Text == "":
		p.lines = append(p.lines, words(dim, "…"))
	}
	for l := range strings.Lines(m.script.Text) {
		l = strings.TrimSuffix(l, "\n")
		if !strings.HasPrefix(l, "# not expressible: ") { // which is told below, once
			p.lines = append(p.lines, wrapScript(text.Sanitise(l), width)...)
		}
	}
	if len(m.script.Missing) > 0 {
		p.lines = append(p.lines, nil, words(warn, "not expressible there:"))
	}
	for _, lack := range m.script.Missing {
		for i, part := range words(warn, text.Sanitise(lack)).wrap(width - 2) {
			p.lines = append(p.lines, append(words(warn, map[bool]string{true: "- ", false: "  "}[i == 0]), part...))
		}
	}
	p.list.setLen(len(p.lines))
}

// wrapScript breaks a line of a script; a mark tells that what follows is the same line.
func wrapScript(l string, width int) (lines []line) {
	st := plain
	if strings.HasPrefix(strings.TrimLeft(l, " "), "#") {
		st = dim
	}
	if text.Width(l) <= width {
		return []line{words(st, l)}
	}
	rest := strings.TrimLeft(l, " ")
	indent := min(len(l)-len(rest), width/2)
	lead := line{}.gap(indent)
	for room := width - indent; rest != ""; room = width - indent - 2 {
		head := rest
		if text.Width(rest) > room {
			head = breakAt(rest, room, true)
		}
		if head == "" {
			head = firstRune(rest)
		}
		lines = append(lines, append(slices.Clone(lead), span{st, head}).fit(width))
		rest = strings.TrimLeft(rest[len(head):], " ")
		lead = line{}.gap(indent).put(dim, "… ")
	}
	return lines
}
