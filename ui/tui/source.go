package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// source tells where the value of a row comes from; ok is false when it has no source of its own.
func (u *subject) source(r *row) (src inspect.Source, ok bool) {
	switch {
	case r == nil || u.snap == nil:
		return inspect.Source{}, false
	case r.source != nil:
		return *r.source, true
	case r.field == "" || u.proc == nil:
		return inspect.Source{}, false
	}
	src = u.snap.Source(u.proc, u.detail, r.field)
	if r.secret {
		src.Raw = reading.Value("********")
	}
	return src, true
}

// entrySource is the source of a cgroup file as it is listed.
func entrySource(e *cgroup.Entry) inspect.Source {
	_, key, _ := strings.Cut(e.Name, " ")
	return inspect.Source{Title: e.Name, File: e.File, Key: key, Raw: e.Raw, Command: cgroup.Command(e.File, key)}
}

// shows tells whether there is a source below the values: as the person said, else when there is room.
func (m sourceMode) shows(height int) bool {
	return m == sourceShown || m == sourceAuto && height >= airy
}

// toggleSource shows the source of the value under the cursor, or hides it. Where the tree has the whole window, it goes
// to the values first.
func (s *treeScreen) toggleSource() {
	d := s.detail
	switch {
	case s.detailRect.w == 0:
		s.setFocus(true)
		d.source = sourceShown
	case d.drawn.source:
		d.source = sourceHidden
	default:
		d.source = sourceShown
	}
	d.version++
}

// sourceShare is how much of the pane the source may take.
const sourceShare = 2

// sourceLines draws the source of the value under the cursor, below a line that parts it from the values.
func (d *detailPane) sourceLines(r rect) []string {
	if !d.source.shows(d.r.h) {
		return nil
	}
	return d.subject.sourceLines(d.selected(), r, d.framed)
}

// sourceLines draws the source of a row's value in at most a part of a rect; nothing when the row (or nil) has none.
func (u *subject) sourceLines(sel *row, r rect, framed bool) []string {
	if sel == nil || r.h < 8 {
		return nil
	}
	lines := u.explain(sel, r.w-2)
	if len(lines) == 0 {
		return nil
	}
	most := r.h / sourceShare
	if len(lines) > most-1 {
		lines = lines[:most-1]
	}
	out := []string{u.draw(line{}.gap(1).put(dim, strings.Repeat(u.glyphs.Horizontal, max(r.w-2, 0))), r.w, onBase)}
	for _, l := range lines {
		out = append(out, u.draw(append(line{}.gap(1), l...), r.w, onBase))
	}
	if framed {
		out = append(out, blanks(r.w))
	}
	return out
}

// rawLines is how many lines of raw text are shown; the file itself shows the rest.
const rawLines = 3

// explain is what there is to say about a row: what it means, its file, its raw text, and the command that shows the same.
func (u *subject) explain(r *row, width int) []line {
	var lines []line
	if r.title != "" {
		lines = append(lines, words(strong, r.title))
	}
	lines = append(lines, trimWrap(r.about, width)...)
	src, ok := u.source(r)
	if !ok {
		return lines
	}
	if len(lines) > 0 {
		lines = append(lines, nil)
	}
	lines = append(lines, words(dim, "source of ").put(strong, text.Sanitise(sourceTitle(src, r))))
	file := words(accent, text.TruncateMiddle(text.Sanitise(src.File), width))
	lines = append(lines, firstLines(append(file, rawText(src)...).wrap(width), rawLines)...)
	if len(r.about) == 0 {
		lines = append(lines, trimWrap(words(dim, text.Sanitise(src.Meaning)), width)...)
	}
	if src.Command != "" {
		lines = append(lines, nil)
		for i, l := range words(plain, text.Sanitise(src.Command)).wrap(width - 2) {
			prompt := words(good, "$ ")
			if i > 0 {
				prompt = line{}.gap(2)
			}
			lines = append(lines, append(prompt, l...))
		}
	}
	return lines
}

func sourceTitle(src inspect.Source, r *row) string {
	if src.Title != "" {
		return src.Title
	}
	return r.label
}

// rawText is the kernel's own text with the line or key that it stands in, or why there is none.
func rawText(src inspect.Source) line {
	l := line{}.gap(2)
	if src.Key != "" {
		l = l.put(dim, text.Sanitise(src.Key)+": ")
	}
	if !src.Raw.OK() {
		return append(l, missing(src.Raw.How)...)
	}
	raw := strings.TrimPrefix(strings.TrimSpace(src.Raw.Value), src.Key+":")
	return l.put(plain, text.Sanitise(strings.ReplaceAll(strings.TrimSpace(raw), "\n", " · ")))
}

func trimWrap(l line, width int) []line {
	if len(l) == 0 {
		return nil
	}
	return l.wrap(width)
}

func firstLines(lines []line, n int) []line {
	if len(lines) > n {
		lines = lines[:n]
		lines[n-1] = append(lines[n-1], span{dim, " …"})
	}
	return lines
}

// copyCommand copies the shell command that shows the value under the cursor.
func (s *treeScreen) copyCommand() tea.Cmd {
	src, _ := s.detail.subject.source(s.detail.selected())
	return s.copy(copyText{"the command", src.Command})
}

func (s *treeScreen) noCommand() string {
	if src, ok := s.detail.subject.source(s.detail.selected()); !ok || src.Command == "" {
		return "the value under the cursor has no command of its own"
	}
	return ""
}
