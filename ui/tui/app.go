package tui

import (
	"context"
	"image/color"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/compare"
	"cutaway/sandbox/check"
	"cutaway/ui/change"
)

// App is the one model of the screen.
type App struct {
	look
	o       Options
	kernel  kernel
	w, h    int
	layout  layout
	mouse   bool
	screens []screen
	current int
	keys    section // those that work anywhere

	limits   *limitsClock
	readOnly bool // nothing may be changed

	feed     feed
	sessions sessions
	marked   *change.Target // what the next comparison is with; nil is the host
	hands    hands
	now      func() time.Time // for how long shells run; tests have another clock
	allowed  *check.Machine   // what this machine allows; nil until it was asked, or when it could not be
	asked    bool             // the answer is there
	snap     *inspect.Snapshot
	fail     error // of the last scan

	dialogs []dialog
	input   *input // the line being typed at the bottom, or nil
	toast   toast
	pressed string // text of the key that is acted on
	zones   []zone // of the bars, for clicks
	pace    pace
	crash   *crash
}

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
	a := &App{look: look{newTheme(nil), o.glyphs()}, o: o, kernel: k, mouse: o.Mouse, readOnly: o.ReadOnly}
	a.limits = &limitsClock{ctl: machineControl{o.Inspect}}
	a.hands, a.now = hands{(*order).start, saveNew, compare.Look, runLine, takeSnapshot}, time.Now
	a.feed = feed{ctx: ctx, scanner: s, details: d, due: true, interval: o.Interval}
	if o.Saved != nil {
		a.feed.first, a.feed.still = true, true
	}
	for _, r := range screens {
		a.screens = append(a.screens, r.create(a))
	}
	a.keys = a.makeKeys()
	return a
}

// screen is the one that is shown.
func (a *App) screen() screen { return a.screens[a.current] }

// sections are the keys that work now, those of the pane in front first.
func (a *App) sections() []section {
	active, _ := a.screen().sections()
	return append(active, a.keys)
}

// Init asks for the first look, and for the terminal's background, which the bars are shaded from.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{a.pull(), tea.RequestBackgroundColor, guarded(probe)}
	if !a.readOnly && a.o.Saved == nil {
		cmds = append(cmds, sweep(a.feed.ctx))
	}
	return tea.Batch(cmds...)
}

// Update takes a message and asks for what is wanted next.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.pace.message()
	cmd := a.handle(msg)
	if a.crash != nil {
		return a, tea.Quit
	}
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
	case tea.MouseMsg:
		return a.pointed(msg)
	case tea.BackgroundColorMsg:
		a.setBackground(msg.Color)
	case tea.ResumeMsg:
		a.feed.due = true
		return tea.Batch(tea.ClearScreen, tea.RequestWindowSize)
	case tick:
		return a.feed.tick(msg)
	case scanned:
		return a.takeScan(msg)
	case made:
		a.feed.making = false
		a.takeMade(msg)
	case detailRead:
		a.feed.reading = false
		a.screen().takeDetail(msg.detail)
	case did:
		return a.execute(msg.then())
	case limitsBeat:
		return a.execute(a.limits.beat(msg))
	case toastOver:
		if msg.count == a.toast.count {
			a.toast.line = nil
		}
	case launched, wrote, unpacking, stepped, hostMounted, over:
		return a.takeSession(msg)
	case probed:
		a.takeProbed(msg)
	case errandDone:
		msg.to.took(msg)
	case likened:
		return a.sandboxScreen().takeLikened(msg)
	case swept:
		return a.takeSwept(msg)
	case crash:
		if a.crash == nil { // the first is the cause
			a.crash = &msg
		}
	}
	return nil
}

// takeScan takes a new snapshot. The one with the process table alone is followed at once by a whole one.
func (a *App) takeScan(msg scanned) tea.Cmd {
	a.feed.scanning = false
	a.fail = msg.err
	wait := a.feed.nextTick(msg.took)
	if msg.err != nil {
		return wait
	}
	if !a.feed.first {
		a.feed.first, a.feed.due = true, true
	}
	a.feed.saveMemory(len(msg.made.snap.Procs))
	a.takeMade(msg.made)
	return wait
}

// takeMade shows what was made of a snapshot, unless the screen was changed or a newer snapshot came meanwhile.
func (a *App) takeMade(m made) {
	if m.screen != a.current || a.snap != nil && m.snap.Seq < a.snap.Seq {
		return
	}
	a.snap, a.feed.shown = m.snap, m.seq
	a.screen().show(m.snap, m.result)
}

func (a *App) setBackground(c color.Color) {
	a.theme = newTheme(c)
	for _, s := range a.screens {
		s.setLook(a.look)
	}
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
	if cmd, took := a.screen().typed(msg); took {
		return cmd
	}
	a.toast.line = nil
	for _, s := range a.sections() {
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
	v.Content = a.content()
	v.Cursor = a.cursor()
	return v
}
