package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// enterTarget is a process that can be entered.
type enterTarget struct {
	id     inspect.ID
	name   string // "db" or a process's name
	title  string // "db (docker container, PID 4242)"
	differ []string
}

// enterable is a target of an entry, or why it cannot be one.
func enterable(s *inspect.Snapshot, named change.Target) (t enterTarget, why string) {
	p := named.Process
	switch {
	case p.Kernel:
		return t, "a kernel thread has nothing to enter"
	case p.State == 'Z':
		return t, "it has ended: only its exit status is left"
	}
	t = enterTarget{id: p.ID, name: named.Title, title: named.String()}
	if ns := p.Facts.NS; ns != nil {
		for _, kind := range sandbox.NamespaceTypes {
			link, ok := nsLink(kind)
			if ok && ns.How[link].OK() && ns.Ino[link] != s.Host.NS.Ino[link] {
				t.differ = append(t.differ, kind)
			}
		}
	}
	return t, ""
}

// nsLink is the link of a type of namespaces.
func nsLink(kind string) (proc.NSLink, bool) {
	for link := range proc.NSLink(proc.NSLinks) {
		if proc.NSLinkName(link) == kind {
			return link, true
		}
	}
	return 0, false
}

// The rows of the dialog, from top to bottom.
const (
	enterNamespaces = iota
	enterRights
	enterFiles
	enterCommand
	enterDir
	enterRows
)

// enterDialog asks for which namespaces, as whom, and with which command a target is entered.
type enterDialog struct {
	look
	target  enterTarget
	wanted  []string // of target.differ
	asRoot  bool
	tools   bool // the host's
	command textField
	dir     textField
	say     line // why it is open again

	at    int // row
	kind  int // of target.differ, where the cursor is
	drawn struct {
		rows  [enterRows]rect
		caret int
	}
}

func newEnterDialog(lk look, t enterTarget) *enterDialog {
	return &enterDialog{look: lk, target: t, wanted: slices.Clone(t.differ), at: enterCommand}
}

// again opens on what was tried, with what was wrong with it.
func (d *enterDialog) again(e *sandbox.Entry, say line) *enterDialog {
	d.asRoot, d.tools, d.say = e.AsRoot, e.HostTools, say
	if e.Namespaces != nil {
		d.wanted = slices.Clone(e.Namespaces)
	}
	d.command, d.dir = newTextField(strings.Join(e.Command, " ")), newTextField(e.Dir)
	return d
}

// startEntry has a command entered.
type startEntry struct {
	target enterTarget
	entry  *sandbox.Entry
}

// entry is what the dialog asks for. Namespaces are nil, all that differ, when none was left out.
func (d *enterDialog) entry() *sandbox.Entry {
	e := &sandbox.Entry{
		PID: d.target.id.PID, Start: d.target.id.Start, AsRoot: d.asRoot, HostTools: d.tools,
		Command: commandWords(d.command.value()), Dir: strings.TrimSpace(d.dir.value()), Terminal: sandbox.TerminalAlways,
	}
	wanted := d.wanted
	if d.tools {
		wanted = slices.DeleteFunc(slices.Clone(wanted), func(kind string) bool { return kind == "mnt" })
	}
	if len(d.wanted) < len(d.target.differ) {
		e.Namespaces = wanted
	}
	return e
}

// commandWords are the words of a command line that is typed: one with more than words and blanks is a shell's affair.
func commandWords(typed string) []string {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		return nil
	case strings.ContainsAny(typed, "'\"\\$`&|;<>(){}*?[]~#"):
		return []string{"sh", "-c", typed}
	}
	return strings.Fields(typed)
}

func (d *enterDialog) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "ctrl+c":
		return closeDialog{}
	case "enter":
		return startEntry{d.target, d.entry()}
	case "tab", "down":
		d.at = (d.at + 1) % enterRows
		return nil
	case "shift+tab", "up":
		d.at = (d.at + enterRows - 1) % enterRows
		return nil
	}
	d.rowKey(msg)
	return nil
}

func (d *enterDialog) rowKey(msg tea.KeyPressMsg) {
	switch d.at {
	case enterCommand:
		d.command.key(msg)
		return
	case enterDir:
		d.dir.key(msg)
		return
	}
	switch msg.String() {
	case "left", "h":
		d.change(-1, false)
	case "right", "l":
		d.change(1, false)
	case "space":
		d.change(1, true)
	}
}

// change moves among the types of namespaces or turns the one under the cursor, or chooses the other of two.
func (d *enterDialog) change(by int, turn bool) {
	switch d.at {
	case enterRights:
		d.asRoot = !d.asRoot
	case enterFiles:
		d.tools = !d.tools
	case enterNamespaces:
		n := len(d.target.differ)
		switch {
		case n == 0:
		case turn:
			d.turn(d.target.differ[d.kind])
		default:
			d.kind = (d.kind + by + n) % n
		}
	}
}

func (d *enterDialog) turn(kind string) {
	if i := slices.Index(d.wanted, kind); i >= 0 {
		d.wanted = slices.Delete(d.wanted, i, i+1)
		return
	}
	d.wanted = append(d.wanted, kind)
}

func (d *enterDialog) paste(s string) action {
	if d.at != enterDir {
		d.at = enterCommand
		d.command.insert(s)
	} else {
		d.dir.insert(s)
	}
	return nil
}

func (d *enterDialog) wheel(int) {}

func (d *enterDialog) click(x, y int) action {
	for i, r := range d.drawn.rows {
		if r.has(x, y) {
			if d.at == i {
				d.change(1, true)
			}
			d.at = i
		}
	}
	return nil
}

// enterWidth is the widest the dialog gets, and enterLabel where its values begin.
const (
	enterWidth = 90
	enterLabel = 13
)

func (d *enterDialog) view(r rect) []string {
	w := min(r.w, enterWidth)
	in := w - 4
	var rows []line
	var at [enterRows]int
	row := func(i int, label string, lines ...line) {
		at[i] = len(rows)
		for n, l := range lines {
			if n > 0 {
				label = ""
			}
			st := dim
			if i == d.at {
				st = accent
			}
			mark := "  "
			if i == d.at && n == 0 {
				mark = d.glyphs.Folded + " "
			}
			rows = append(rows, append(words(st, mark+label).to(2+enterLabel), l...))
		}
	}
	if len(d.say) > 0 {
		rows = append(append(rows, d.say.wrap(in)...), nil)
	}
	row(enterNamespaces, "namespaces", d.namespaceLines(in-2-enterLabel)...)
	row(enterRights, "rights", d.choice(!d.asRoot, "what the target may", d.asRoot, "all that cutaway may"), d.rightsLine())
	row(enterFiles, "files", d.choice(!d.tools, "the target's", d.tools, "the host's tools"), d.filesLine())
	row(enterCommand, "command", d.fieldLine(&d.command, enterCommand, in, "a shell"))
	row(enterDir, "directory", d.fieldLine(&d.dir, enterDir, in, "the target's own"))
	rows = append(rows, nil)
	for _, l := range words(plain, text.Sanitise(entryLine(d.entry()))).wrap(in - 2) {
		rows = append(rows, append(words(good, "$ "), l...))
	}
	drawn := make([]string, len(rows))
	for i, l := range rows {
		drawn[i] = d.draw(append(line{}.gap(1), l...), w-2, onBase)
	}
	x, y := r.x+(r.w-w)/2, r.y+dialogTop(r, len(rows))+1
	for i := range at {
		d.drawn.rows[i] = rect{x, y + at[i], w, 1}
	}
	return d.centred(r, w, words(strong, "enter ").put(plain, text.Sanitise(d.target.title)), words(dim, "esc close"), drawn)
}

// namespaceLines is a box for each type that the target has of its own, and the others in words.
func (d *enterDialog) namespaceLines(width int) []line {
	if len(d.target.differ) == 0 {
		return words(dim, "all are the host's: only its cgroup, its root and its rights are taken over").wrap(width)
	}
	l := line{}
	for i, kind := range d.target.differ {
		box, st := "[ ] ", dim
		switch {
		case kind == "mnt" && d.tools:
			box = "[-] "
		case slices.Contains(d.wanted, kind):
			box, st = "["+d.glyphs.Set+"] ", own
		}
		if d.at == enterNamespaces && i == d.kind {
			st = chosen
		}
		l = l.put(st, box+kind).gap(2)
	}
	lines := l.wrap(width)
	if len(d.target.differ) < len(sandbox.NamespaceTypes) {
		same := slices.DeleteFunc(slices.Clone(sandbox.NamespaceTypes[:]), func(kind string) bool { return slices.Contains(d.target.differ, kind) })
		lines = append(lines, words(dim, "the host's own: "+strings.Join(same, " ")))
	}
	return lines
}

// choice is two answers of which one holds.
func (d *enterDialog) choice(first bool, one string, second bool, other string) line {
	mark := func(l line, on bool, s string) line {
		if on {
			return l.put(good, "("+d.glyphs.Set+") ").put(plain, s)
		}
		return l.put(dim, "( ) "+s)
	}
	return mark(mark(nil, first, one).gap(3), second, other)
}

func (d *enterDialog) rightsLine() line {
	if d.asRoot {
		return words(warn, "more than the target has: its user, capabilities and filter do not hold")
	}
	return words(dim, "its user, capabilities, no_new_privs, label and resource limits")
}

func (d *enterDialog) filesLine() line {
	if d.tools {
		return words(dim, "the host's commands, with the target's processes in /proc")
	}
	return words(dim, "its root: its own commands only")
}

// fieldLine is a text field, or what stands for it when it is empty.
func (d *enterDialog) fieldLine(f *textField, row, width int, empty string) line {
	typed, caret := f.window(max(width-enterLabel-4, 1))
	if row == d.at {
		d.drawn.caret = caret
	}
	if typed == "" {
		return words(dim, empty)
	}
	return words(strong, typed)
}

func (d *enterDialog) cursor() *tea.Cursor {
	if d.at != enterCommand && d.at != enterDir {
		return nil
	}
	r := d.drawn.rows[d.at]
	return tea.NewCursor(r.x+2+2+enterLabel+d.drawn.caret, r.y)
}

func (d *enterDialog) footer() []*binding {
	list := []*binding{dialogKey("enter", "enter", "start"), dialogKey("down", "↑↓", "row")}
	if d.at != enterCommand && d.at != enterDir {
		list = append(list, dialogKey("space", "space", "change"))
	}
	return append(list, dialogKey("esc", "esc", "close"))
}

// enterKey is the key that asks how a target is to be entered.
func (a *App) enterKey(help string, target func() (change.Target, string)) *binding {
	return bind("e", help, does(func() {
		named, _ := target()
		t, _ := enterable(a.snap, named)
		a.open(newEnterDialog(a.look, t))
	}), "e").unless(func() string {
		if why := a.cannotChange(); why != "" {
			return why
		}
		named, why := target()
		if why != "" {
			return why
		}
		_, why = enterable(a.snap, named)
		return why
	})
}

// showSandbox shows the launch menu, or the shell that was shown last.
func (s *treeScreen) showSandbox() tea.Cmd { return s.App.turnTo(numbered(5)) }
