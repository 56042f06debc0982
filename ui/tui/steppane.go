package tui

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// launchState says how a launch that is shown step by step stands.
type launchState uint8

const (
	launchWaits  launchState = iota // before a stage, until somebody lets it go on
	launchAtWork                    // on a stage
	launchFailed                    // at a stage
	launchDone                      // the command runs
)

// launchView is a launch as a stepPane shows it. Texts may hold any bytes.
type launchView struct {
	steps   []steps.Step     // its stages, with their commands
	pid     int              // the sandbox's first process; 0 before there is one
	present int              // the stage that it waits before, is at work on or failed at, from 0; len(steps) when done
	changes [][]steps.Change // of the stages that are done, in their order
	state   launchState
	err     error  // why it failed, most often a *sandbox.LaunchError
	runs    string // who the command is (steps.WhoRuns), when done
}

// stepPane shows a launch stage by stage: what a stage is for, the shell commands that would do the same, and what it
// changed in /proc. It acts on nothing: whoever has the launch lets it go on.
type stepPane struct {
	look
	rowList
	r      rect
	framed bool
	launch launchView
	at     int // the stage that is looked at

	version int
	made    int // version that the rows are of
	drawn   drawnSteps
}

// drawnSteps is the pane as it was drawn last.
type drawnSteps struct {
	version, moves int
	focused        bool
	lines          []string
	stages         []rect // where each stage's name is; empty for those that did not fit
	body           rect
}

func newStepPane(lk look) *stepPane { return &stepPane{look: lk, made: -1} }

// begin forgets the launch before.
func (p *stepPane) begin() {
	p.launch = launchView{}
	p.lookAt(0)
}

// show takes how the launch stands. Whoever looked at the present stage goes on to the new one.
func (p *stepPane) show(v launchView) {
	follows := p.at == p.last(&p.launch) || len(p.launch.steps) == 0
	moved := p.last(&v) != p.last(&p.launch)
	p.launch = v
	p.version++
	if follows && moved || p.at >= len(v.steps) {
		p.lookAt(p.last(&v))
	}
}

// last is the present stage, or the last one when all are done.
func (p *stepPane) last(v *launchView) int { return max(min(v.present, len(v.steps)-1), 0) }

// asks tells whether the launch waits for somebody to let it go on.
func (p *stepPane) asks() bool { return p.launch.state == launchWaits && len(p.launch.steps) > 0 }

// lookAt shows a stage from its beginning.
func (p *stepPane) lookAt(stage int) {
	p.at = min(max(stage, 0), max(len(p.launch.steps)-1, 0))
	p.list = list{height: p.list.height}
	p.rows, p.lines = nil, nil
	p.version++
}

func (p *stepPane) setLook(lk look) {
	p.look = lk
	p.version++
}

func (p *stepPane) setSize(r rect, framed bool) {
	if p.r != r || p.framed != framed {
		p.r, p.framed = r, framed
		p.version++
	}
}

// view draws the pane in exactly r.w x r.h cells.
func (p *stepPane) view(focused bool) []string {
	d := &p.drawn
	if d.lines != nil && d.version == p.version && d.moves == p.moves && d.focused == focused {
		return d.lines
	}
	in := p.r
	if p.framed {
		in = p.r.inset()
	}
	var lines []string
	if !p.framed {
		head := append(line{}.gap(1), p.title()...)
		lines = append(lines, p.look.draw(append(head.gap(2), p.note()...), in.w, onBase))
	}
	lines = append(lines, p.inner(in.below(len(lines)), focused)...)
	if p.framed {
		lines = p.look.frame(p.r, p.title(), p.note(), lines, focused)
	} else {
		lines = p.area(p.r, lines)
	}
	d.version, d.moves, d.focused, d.lines = p.version, p.moves, focused, lines
	return lines
}

func (p *stepPane) title() line { return words(strong, "the launch, step by step") }

func (p *stepPane) note() line {
	n := len(p.launch.steps)
	if n == 0 {
		return nil
	}
	s := fmt.Sprintf("%d of %d", min(p.launch.present+1, n), n)
	if p.launch.pid != 0 {
		s += " · pid " + strconv.Itoa(p.launch.pid)
	}
	return words(dim, s)
}

// stagesBeside is the width from which on the stages stand at the left, else above.
const stagesBeside = 74

// inner draws the stages, the one that is looked at, and at the bottom what comes next.
func (p *stepPane) inner(in rect, focused bool) []string {
	if len(p.launch.steps) == 0 {
		p.setRows(nil, 1, "")
		p.drawn.body, p.drawn.stages = rect{}, nil
		return []string{blanks(in.w), p.look.draw(line{}.gap(1).put(dim, "no launch is under way"), in.w, onBase)}
	}
	foot := p.footLines(in.w)
	if len(foot) >= in.h {
		foot = nil
	}
	rest := in
	rest.h -= len(foot)
	if in.w < stagesBeside {
		lines := p.stagesAbove(rest)
		p.drawn.body = rest.below(len(lines))
		return append(append(lines, p.body(focused)...), foot...)
	}
	names := rest
	names.w = p.stagesWidth()
	p.drawn.body = rest
	p.drawn.body.x += names.w
	p.drawn.body.w -= names.w
	return append(beside(p.stagesLeft(names), p.body(focused)), foot...)
}

func (p *stepPane) body(focused bool) []string {
	r := p.drawn.body
	p.makeRows(max(r.w-labelWidth-2, 1))
	return p.drawRows(p.look, r, focused, false)
}

// footLines are what can be done now, or what came of the launch.
func (p *stepPane) footLines(width int) []string {
	var lines []line
	v := &p.launch
	switch v.state {
	case launchWaits:
		lines = []line{line{}.put(accent, "n").put(dim, " next").gap(3).put(accent, "c").put(dim, " on to the end").gap(3).put(accent, "q").put(dim, " stop")}
	case launchAtWork:
		lines = words(dim, text.Sanitise(v.steps[p.last(v)].Stage)+" is at work…").wrap(width - 2)
	case launchFailed:
		lines = words(bad, "The launch has ended.").put(dim, " Nothing of it is left.").wrap(width - 2)
	case launchDone:
		lines = words(good, "The command runs.").put(plain, " "+text.Sanitise(v.runs)).wrap(width - 2)
		lines = append(lines, words(accent, "n").put(dim, " to its shell"))
	}
	drawn := []string{p.look.draw(line{}.gap(1).put(dim, rule(p.look, width-2)), width, onBase)}
	for _, l := range lines {
		drawn = append(drawn, p.look.draw(append(line{}.gap(1), l...), width, onBase))
	}
	return drawn
}

// click looks at the stage whose name is there, or puts the cursor on the row there.
func (p *stepPane) click(x, y int) {
	for i, r := range p.drawn.stages {
		if r.has(x, y) {
			p.lookAt(i)
			return
		}
	}
	if p.drawn.body.has(x, y) {
		p.clickLine(y - p.drawn.body.y)
	}
}

func (p *stepPane) wheel(rows int) { p.scroll(rows) }

// keys are what the pane does at keys; copying is the caller's.
func (p *stepPane) keys(copying func(copyText) tea.Cmd) section {
	return section{"Stage", append(p.moveKeys(),
		bind("←", "stage before", does(func() { p.lookAt(p.at - 1) }), "left"),
		bind("→", "stage after", does(func() { p.lookAt(p.at + 1) }), "right").inFooter("stage"),
		bind("y", "copy the command, or the change", func() tea.Cmd {
			what, value := p.value()
			return copying(copyText{what, value})
		}, "y").unless(p.noValue).inFooter("copy"),
	)}
}

// value is what y copies, and what to call it; "" when there is nothing under the cursor.
func (p *stepPane) value() (what, value string) {
	if r := p.selected(); r != nil {
		return r.value()
	}
	return "", ""
}

func (p *stepPane) noValue() string {
	if _, value := p.value(); value == "" {
		return "there is nothing to copy under the cursor"
	}
	return ""
}
