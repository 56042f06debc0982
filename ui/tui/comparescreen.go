package tui

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/compare"
	"cutaway/inspect/fault"
	"cutaway/inspect/record"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

var _ = registerScreen(4, newCompareScreen)

// compareScreen shows two views side by side: the host's and a container's, or any two.
type compareScreen struct {
	*App
	typeless
	body rect
	wide bool

	left, right compareChoice
	result      compareResult
	busy        bool
	asked       compareQuestion // that the result is of, or that is under way

	list    list
	lines   []compareLine
	at      string // the row where the cursor is
	folded  map[string]bool
	only    bool   // what differs alone
	filter  string // in lower case
	sources bool   // where the values under the cursor come from is shown
	version int
	made    int
	drawn   drawnCompare

	runs *runBoth // the command line, and what it brought
	keys section
}

// compareChoice is whose view a side shows.
type compareChoice struct {
	key   string // of a container; "" is none
	id    inspect.ID
	title string
	saved *record.Record // the snapshot that it is in; nil for now
}

// pane draws the comparison in a frame of its own, beside a shell.
func (s *compareScreen) pane(r rect, focused bool) []string {
	if in := r.inset(); s.body != in || s.wide {
		s.arrange(in, false)
	}
	return s.frame(r, words(strong, "compared with the host"), words(dim, "C back"), s.view(), focused)
}

// host tells whether it is the host's view.
func (c *compareChoice) host() bool { return c.key == "" && c.id == (inspect.ID{}) }

// choiceOf is the view of a target.
func choiceOf(t change.Target) compareChoice {
	if t.Container != nil {
		return compareChoice{key: t.Container.Key, title: t.String()}
	}
	return compareChoice{id: inspect.ID{PID: t.PID, Start: t.Start}, title: t.String()}
}

// find is the process whose view it is, in a snapshot that self took, or in the saved one; nil when it has ended.
func (c *compareChoice) find(s *inspect.Snapshot, self int) (*inspect.Process, *inspect.Container) {
	if c.saved != nil {
		s, self = c.saved.Snapshot, c.saved.Self
	}
	switch {
	case c.host():
		return compare.Host(s, self), nil
	case c.key != "":
		if found := s.ContainerByKey(c.key); found != nil {
			return s.Stands(found), found
		}
		return nil, nil
	}
	return s.ByID(c.id), nil
}

// compareQuestion is which comparison is wanted, and of which moment.
type compareQuestion struct {
	left, right compareChoice
	seq         uint64
}

// compareResult is two views lined up.
type compareResult struct {
	sides  [2]*compare.Side
	groups []compare.Group
	err    error // why there is nothing newer
}

func newCompareScreen(a *App) screen {
	s := &compareScreen{App: a, folded: map[string]bool{}, only: true}
	s.runs = newRunBoth(s)
	s.keys = s.makeCompareKeys()
	return s
}

func (a *App) compareScreen() *compareScreen { return a.screens[numbered(4)].(*compareScreen) }

// compareTarget shows a target beside what was marked before, or beside the host.
func (a *App) compareTarget(t change.Target) tea.Cmd {
	s := a.compareScreen()
	s.left = compareChoice{title: "host"}
	if a.marked != nil {
		s.left = choiceOf(*a.marked)
	}
	s.right = choiceOf(t)
	s.result, s.at = compareResult{}, ""
	s.asked = compareQuestion{} // also what was answered for this snapshot was put away
	s.runs.leave()
	s.changed()
	return a.turnTo(numbered(4))
}

func (s *compareScreen) title() string { return "Compare" }

func (s *compareScreen) sections() (active, rest []section) {
	if s.runs.shown() {
		return []section{s.runs.keys, s.keys}, nil
	}
	return []section{s.keys}, []section{s.runs.keys}
}

func (s *compareScreen) setLook(look) { s.changed() }

// changed has the rows made and drawn again.
func (s *compareScreen) changed() { s.version++ }

func (s *compareScreen) arrange(body rect, wide bool) {
	s.body, s.wide = body, wide
	s.changed()
}

func (s *compareScreen) status() line {
	if s.right.title == "" {
		return words(dim, "nothing is compared yet")
	}
	return words(strong, text.Sanitise(s.titleOf(0))).put(dim, " · ").put(strong, text.Sanitise(s.titleOf(1)))
}

// titleOf is the title of a side.
func (s *compareScreen) titleOf(side int) string {
	c := []compareChoice{s.left, s.right}[side]
	if x := s.result.sides[side]; c.host() && x != nil {
		return x.Title // which says when it is not the host itself
	}
	return c.title
}

func (s *compareScreen) chips() line {
	l := line{}
	if s.only {
		l = l.gap(2).put(warn, "differences")
	}
	if s.filter != "" {
		l = l.gap(2).put(warn, "/"+text.Truncate(text.Sanitise(s.filter), 24))
	}
	return l
}

func (s *compareScreen) back() bool {
	switch {
	case s.runs.shown():
		s.runs.leave()
	case s.filter != "":
		s.filter = ""
	case s.sources:
		s.sources = false
	default:
		return false
	}
	s.changed()
	return true
}

// mask is that of the right side, for the decoder.
func (s *compareScreen) mask() string {
	if side := s.result.sides[1]; side != nil && side.Process.Facts.Status.OK() {
		return caps.Set(side.Process.Facts.Status.Value.CapEff).Hex()
	}
	return ""
}

func (s *compareScreen) wish() (int, func(*inspect.Snapshot) any) {
	return 0, func(*inspect.Snapshot) any { return nil }
}

func (s *compareScreen) show(*inspect.Snapshot, any) {}

func (s *compareScreen) reads() (inspect.ID, inspect.Part, bool) { return inspect.ID{}, 0, false }

func (s *compareScreen) takeDetail(*inspect.Detail) {}

// errands reads both sides again when there is a newer snapshot, or other sides were chosen. One look is under way at most.
func (s *compareScreen) errands() tea.Cmd {
	if s.snap == nil || s.busy || s.right.title == "" {
		return nil
	}
	q := compareQuestion{s.left, s.right, s.snap.Seq}
	if q == s.asked {
		return nil
	}
	s.asked, s.busy = q, true
	ctx, snap, reader, in, self, look := s.feed.ctx, s.snap, s.feed.details, s.lookInside(), s.self(), s.hands.look
	sideOf := func(c compareChoice) (*compare.Side, error) {
		of, by, from := snap, compare.Reader(reader), in
		if c.saved != nil {
			of, by, from = c.saved.Snapshot, c.saved, c.saved.Inside
		}
		p, container := c.find(snap, self)
		if p == nil {
			return nil, errorText(c.title + " has ended")
		}
		side, err := look(ctx, of, by, from, p, container)
		switch {
		case err != nil:
			return nil, err
		case c.saved != nil:
			side.Title = c.title
		case c.host():
			side.Title = compare.HostTitle(p)
		}
		return side, nil
	}
	return work(func() (r compareResult, err error) {
		var late error
		done := make(chan struct{})
		fault.Go(func() { // both at once: a look waits for the kernel most of its time
			defer close(done)
			r.sides[1], late = sideOf(q.right)
		})
		r.sides[0], err = sideOf(q.left)
		<-done
		if err = cmp.Or(err, late); err != nil {
			return compareResult{}, err
		}
		r.groups = compare.Compare(r.sides[0], r.sides[1])
		return r, nil
	}, func(r compareResult, err error) action {
		s.take(q, r, err)
		return nil
	})
}

// take shows a result, unless other sides were chosen meanwhile. What was known last of a side that ended stays.
func (s *compareScreen) take(q compareQuestion, r compareResult, err error) {
	s.busy = false
	if q.left != s.left || q.right != s.right {
		return
	}
	if err != nil {
		s.result.err = err
	} else {
		s.result = r
	}
	s.changed()
}

func (s *compareScreen) typed(msg tea.KeyPressMsg) (tea.Cmd, bool) { return s.runs.typed(msg) }

func (s *compareScreen) pasted(t string) (tea.Cmd, bool) { return s.runs.pasted(t) }

func (s *compareScreen) grabs() []*binding { return s.runs.grabs() }

func (s *compareScreen) caret() *tea.Cursor { return s.runs.caret() }

func (s *compareScreen) click(m tea.Mouse) tea.Cmd {
	if s.runs.shown() || !s.drawn.body.has(m.X, m.Y) {
		return nil
	}
	at := s.list.top + m.Y - s.drawn.body.y
	if at >= len(s.lines) {
		return nil
	}
	again := at == s.list.cursor
	s.moveTo(at)
	if again && s.lines[at].row < 0 {
		s.toggleFold()
	}
	return nil
}

func (s *compareScreen) wheel(_ tea.Mouse, rows int) {
	if s.runs.shown() {
		s.runs.scroll(rows)
		return
	}
	s.scroll(rows)
}

// scroll moves the window and leaves the cursor.
func (s *compareScreen) scroll(rows int) {
	s.list.scroll(rows)
	s.drawn.lines = nil
}

// target is what is at the right, for entering, limits and signals.
func (s *compareScreen) target() (change.Target, string) {
	if s.snap == nil || s.right.title == "" || s.right.host() {
		return change.Target{}, "the right side is no container or process"
	}
	p, c := s.right.find(s.snap, s.self())
	if p == nil {
		return change.Target{}, s.right.title + " has ended"
	}
	return change.Of(p, c), ""
}

// setFilter narrows the rows.
func (s *compareScreen) setFilter(query string) error {
	s.filter = strings.ToLower(strings.TrimSpace(query))
	s.changed()
	return nil
}
