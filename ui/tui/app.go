package tui

import (
	"context"
	"image/color"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

// App is the one model of the screen.
type App struct {
	look
	o      Options
	keys   *keymap
	w, h   int
	layout layout
	mouse  bool

	feed   feed
	snap   *inspect.Snapshot
	fail   error // of the last scan
	kernel kernel

	tree    *treePane
	detail  *detailPane
	focus   focus
	zoomed  bool
	dialogs []dialog
	input   *input // the line being typed at the bottom, or nil
	toast   toast
	pressed string // text of the key that is acted on

	crash *crash
	zones []zone // what can be clicked beside the panes
}

// focus says which pane has the keys.
type focus uint8

const (
	focusTree focus = iota
	focusDetail
)

// toast is a short message in place of the footer.
type toast struct {
	line  line
	count int // tells an older one's end from this one's
}

// toastTime is how long a message stays.
const toastTime = 4 * time.Second

type toastOver struct{ count int }

// newApp makes the screen; nothing is read before Init's command runs.
func newApp(ctx context.Context, o Options, k kernel, s scanner, d detailReader) *App {
	lk := look{theme: newTheme(nil), glyphs: o.glyphs()}
	a := &App{look: lk, o: o, keys: newKeymap(), mouse: o.Mouse, kernel: k}
	a.feed = feed{ctx: ctx, scanner: s, details: d, users: users.Open(o.Inspect.Root), due: true, interval: o.Interval}
	a.tree = newTreePane(lk)
	a.detail = newDetailPane(lk)
	a.detail.kernel = k
	return a
}

// Init asks for the first look, and for the terminal's background, which the bars are shaded from.
func (a *App) Init() tea.Cmd { return tea.Batch(a.pull(), tea.RequestBackgroundColor) }

// Update takes a message and asks for what is wanted next.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := a.handle(msg)
	if a.crash != nil {
		return a, tea.Quit
	}
	a.detail.turnTo(&a.tree.tree, a.tree.selected())
	return a, tea.Batch(cmd, a.pull())
}

func (a *App) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = msg.Width, msg.Height
		a.arrange()
	case tea.KeyPressMsg:
		return a.key(msg)
	case tea.PasteMsg:
		return a.paste(msg.Content)
	case tea.MouseClickMsg:
		return a.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		return a.wheel(tea.Mouse(msg))
	case tea.BackgroundColorMsg:
		a.setBackground(msg.Color)
	case tea.ResumeMsg:
		a.feed.due = true
		return tea.Batch(tea.ClearScreen, tea.RequestWindowSize)
	case tick:
		if msg.clock == a.feed.clock && !a.feed.paused {
			a.feed.due = true
		}
	case scanned:
		a.takeScan(msg)
	case treeBuilt:
		a.feed.building = false
		if msg.spec.seq == a.tree.spec.seq && msg.snap == a.snap {
			a.tree.show(msg.built)
		}
	case detailRead:
		a.feed.reading = false
		a.detail.take(msg)
	case toastOver:
		if msg.count == a.toast.count {
			a.toast.line = nil
		}
	case crash:
		a.crash = &msg
	}
	return nil
}

// takeScan takes a new snapshot. The one with the process table alone is followed at once by a whole one.
func (a *App) takeScan(msg scanned) {
	a.feed.scanning = false
	a.fail = msg.err
	if msg.err != nil {
		return
	}
	if !a.feed.first {
		a.feed.first, a.feed.due = true, true
	}
	a.snap = msg.snap
	a.detail.history.record(a.snap)
	a.tree.show(msg.built)
}

func (a *App) setBackground(c color.Color) {
	a.theme = newTheme(c)
	a.tree.theme, a.detail.theme = a.theme, a.theme
	a.tree.redraw()
	a.detail.version++
}

// key gives a key to whoever is in front: the line being typed, a dialog, the pane with the focus, then what holds
// anywhere.
func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	if a.crash != nil {
		return nil
	}
	if a.input != nil {
		return a.typeKey(msg)
	}
	if d := a.front(); d != nil {
		return a.execute(d.key(msg))
	}
	a.toast.line = nil
	pane := a.keys.tree
	if a.focus == focusDetail {
		pane = a.keys.detail
	}
	for _, s := range []section{pane, a.keys.anywhere} {
		if b := s.find(msg); b != nil {
			a.pressed = msg.Text
			return a.run(b)
		}
	}
	return nil
}

// say shows a short message in place of the footer.
func (a *App) say(st style, message string) tea.Cmd {
	a.toast.count++
	a.toast.line = line{{st, message}}
	count := a.toast.count
	return tea.Tick(toastTime, func(time.Time) tea.Msg { return toastOver{count} })
}

// View draws the window: it runs after every message, so panes keep what they drew.
func (a *App) View() tea.View {
	v := tea.View{AltScreen: true, WindowTitle: "cutaway"}
	if a.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.Content = a.screen()
	v.Cursor = a.cursor()
	return v
}

// copied is the message after a copy.
func copied(what string) string { return "copied " + text.Truncate(what, 60) }
