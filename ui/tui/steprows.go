package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cutaway/sandbox"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

// makeRows makes the rows of the stage that is looked at, when something changed.
func (p *stepPane) makeRows(width int) {
	if p.made == p.version {
		return
	}
	p.made = p.version
	place := ""
	if r := p.selected(); r != nil {
		place = r.id
	}
	rs := &rows{}
	v := &p.launch
	stage := &v.steps[p.at]
	p.addStage(rs, stage, width+labelWidth)
	if v.state == launchFailed && p.at == v.present {
		addFailure(rs, v.err, width+labelWidth)
	}
	if p.at == v.present && p.at > 0 && p.at <= len(v.changes) { // what whoever let it go on wants to see
		before := text.Sanitise(v.steps[p.at-1].Stage)
		p.addChanges(rs, before+", the stage before, changed in /proc/"+strconv.Itoa(v.pid), v.changes[p.at-1], width+labelWidth)
	}
	addCommands(rs, stage.Commands, width+labelWidth)
	if p.at < len(v.changes) {
		p.addChanges(rs, "changed in /proc/"+strconv.Itoa(v.pid), v.changes[p.at], width+labelWidth)
	}
	p.setRows(rs.list, width, place)
}

// addStage says which stage it is, how it stands and what it is for.
func (p *stepPane) addStage(rs *rows, stage *steps.Step, width int) {
	title := fmt.Sprintf("Step %d of %d: %s", p.at+1, len(p.launch.steps), text.Sanitise(stage.Stage))
	rs.list = append(rs.list, row{head: true, lines: []line{append(words(strong, title).gap(2), p.stands()...)}})
	addText(rs, plain, steps.Explain(stage.Stage), width)
}

// stands says how the stage that is looked at stands.
func (p *stepPane) stands() line {
	v := &p.launch
	switch {
	case p.at < v.present:
		return words(good, "done")
	case p.at > v.present:
		return words(dim, "to come")
	case v.state == launchFailed:
		return words(bad, "failed")
	case v.state == launchAtWork:
		return words(accent, "at work…")
	}
	return words(accent, "comes next")
}

// addText adds a paragraph, which the cursor passes over.
func addText(rs *rows, st style, s string, width int) {
	if s == "" {
		return
	}
	for _, l := range words(st, text.Sanitise(s)).wrap(width) {
		rs.list = append(rs.list, row{head: true, lines: []line{l}})
	}
}

// addFailure says why the launch failed, and what to do about it.
func addFailure(rs *rows, err error, width int) {
	if err == nil {
		return
	}
	what, advice := err.Error(), ""
	var launch *sandbox.LaunchError
	if errors.As(err, &launch) {
		bare := *launch
		bare.Advice = ""
		what, advice = bare.Error(), launch.Advice
	}
	if errors.Is(err, errStepStopped) {
		what = "You stopped the launch here."
	}
	rs.blank()
	addText(rs, bad, what, width)
	if advice != "" {
		addText(rs, warn, "What to do: "+advice, width)
	}
}

// addCommands lists the shell commands, each a row that can be copied.
func addCommands(rs *rows, commands []string, width int) {
	if len(commands) == 0 {
		return
	}
	rs.blank()
	rs.say(dim, "in a shell:")
	for i, command := range commands {
		r := rs.add("", "", promptLines(command, width)...).copying(command)
		r.id, r.title, r.wide = "command "+strconv.Itoa(i), "the command", true
	}
}

// promptLines are the lines of a command behind a prompt; one that begins with "#" says why there is none. What is too long
// goes on further to the right.
func promptLines(command string, width int) []line {
	var lines []line
	for i, s := range strings.Split(command, "\n") {
		s = text.Sanitise(s)
		prompt, st := line{}.gap(2), plain
		switch {
		case strings.HasPrefix(s, "#"):
			prompt, st = nil, dim
		case i == 0:
			prompt = words(good, "$ ")
		}
		for _, part := range words(st, s).wrap(max(width-4, 1)) {
			lines = append(lines, append(prompt, part...))
			prompt = line{}.gap(4)
		}
	}
	return lines
}

// sideBySide is the width of the pane from which on before and after stand side by side.
const sideBySide = 100

// addChanges lists what is different in the files of /proc/PID.
func (p *stepPane) addChanges(rs *rows, title string, changes []steps.Change, width int) {
	rs.blank()
	if len(changes) == 0 {
		rs.say(dim, strings.Replace(title, "changed", "nothing changed", 1))
		return
	}
	addText(rs, dim, title+":", width)
	cols := changeCols(width)
	if p.r.w >= sideBySide {
		head := words(dim, "FILE").to(cols.file).put(dim, "WHAT").to(cols.before).put(dim, "BEFORE").to(cols.after).put(dim, "AFTER")
		rs.list = append(rs.list, row{head: true, lines: []line{head.fit(width)}})
	}
	file := ""
	for i, c := range byFile(changes) {
		name := text.Sanitise(c.File)
		if name == file {
			name = ""
		} else {
			file = name
		}
		var r *row
		if p.r.w >= sideBySide && c.Old+c.New != "" {
			r = rs.add("", "", cols.lines(name, &c)...)
			r.wide = true
		} else {
			r = rs.add("", name, words(plain, text.Sanitise(c.Text)))
		}
		r.id, r.title = "change "+title+strconv.Itoa(i), c.File+" "+c.What
		r.copying(c.Text)
	}
}

// byFile puts the changes of one file together, in the order in which the files come first.
func byFile(changes []steps.Change) []steps.Change {
	first := map[string]int{}
	for i, c := range changes {
		if _, known := first[c.File]; !known {
			first[c.File] = i
		}
	}
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(a, b steps.Change) int { return first[a.File] - first[b.File] })
	return sorted
}

// changeColumns are where the columns of a change begin; each ends before the next.
type changeColumns struct{ file, before, after, end int }

func changeCols(width int) changeColumns {
	const file, what = 14, 16
	half := (width - file - what) / 2
	return changeColumns{file, file + what, file + what + half, width}
}

// lines are a change with what was before and after side by side, and below what the two do not say. What differs is marked
// by a sign and a colour.
func (c changeColumns) lines(file string, ch *steps.Change) []line {
	before, after := diffLines(ch.Old, ch.New)
	what := words(plain, text.Sanitise(ch.What)).wrap(c.before - c.file - 1)
	left, right := before.wrap(c.after-c.before-1), after.wrap(c.end-c.after)
	var lines []line
	for i := range max(len(what), len(left), len(right)) {
		l := line{}
		if i == 0 {
			l = l.put(warn, text.Truncate(file, c.file-1))
		}
		for _, cell := range []struct {
			at   int
			text []line
		}{{c.file, what}, {c.before, left}, {c.after, right}} {
			if i < len(cell.text) {
				l = append(l.to(cell.at), cell.text[i]...)
			}
		}
		lines = append(lines, l)
	}
	if !tellsMore(ch) {
		return lines
	}
	for _, more := range words(dim, text.Sanitise(ch.Text)).wrap(c.end - c.file) {
		lines = append(lines, append(line{}.to(c.file), more...))
	}
	return lines
}

// tellsMore tells whether the words of a change say what its two values do not: names of capabilities, which mounts.
func tellsMore(ch *steps.Change) bool {
	switch ch.File {
	case "status":
		return ch.What != "Pid"
	case "uid_map", "gid_map":
		return true
	case "mountinfo":
		return ch.Old != "" && ch.New != ""
	}
	return false
}

// diffLines are two texts, of which the part that differs is coloured: what is the same at the beginning and at the end is
// not.
func diffLines(before, after string) (old, new line) {
	if before == "" {
		old = words(dim, "nothing")
	}
	if after == "" {
		new = words(dim, "nothing")
	}
	before, after = text.Sanitise(before), text.Sanitise(after)
	head, tail := commonEnds(before, after)
	if before != "" {
		old = diffLine("- ", bad, before, head, tail)
	}
	if after != "" {
		new = diffLine("+ ", good, after, head, tail)
	}
	return old, new
}

func diffLine(sign string, st style, s string, head, tail int) line {
	return words(st, sign).put(plain, s[:head]).put(st, s[head:len(s)-tail]).put(plain, s[len(s)-tail:])
}

// commonEnds is how many bytes two texts have in common at the beginning, and behind that at the end. They end before an
// ASCII character, so that nothing is cut that is drawn as one.
func commonEnds(a, b string) (head, tail int) {
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for head > 0 && !(asciiAt(a, head) && asciiAt(b, head)) {
		head--
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for tail > 0 && !asciiAt(a, len(a)-tail) {
		tail--
	}
	return head, tail
}

func asciiAt(s string, i int) bool { return i == len(s) || s[i] < utf8.RuneSelf }
