package tui

import (
	"reflect"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"cutaway/ui/text"
)

// driver plays Bubble Tea without a terminal: it gives the App messages and runs the commands that come back, but for the
// clocks, which tests turn by hand.
type driver struct {
	t       testing.TB
	app     *App
	asked   []tea.Msg    // messages of Bubble Tea itself, such as quit or a copy
	machine bool         // forms are told that this machine allows all
	waits   chan tea.Msg // what came of commands that wait for others, which run beside; nil does not run them
}

// send gives a message and whatever follows from it. As in a program, the screen is drawn after each.
func (d *driver) send(msg tea.Msg) {
	_, cmd := d.app.Update(msg)
	if d.machine {
		d.answerForm()
	}
	d.app.View()
	d.run(cmd)
}

// run runs a command to its end. A command that waits for a clock is known by its function and left out.
func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil || isClock(cmd) {
		return
	}
	if isWaiting(cmd) && d.waits != nil {
		go func() {
			if msg := cmd(); msg != nil {
				select {
				case d.waits <- msg:
				case <-d.t.Context().Done():
				}
			}
		}()
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case scanned, made, detailRead, did, errandDone, likened, launched, wrote, unpacking, over, stepped, crash:
		d.send(msg)
	default:
		d.asked = append(d.asked, msg)
	}
}

// answerForm tells the form that is shown what a machine that allows everything says of it.
func (d *driver) answerForm() {
	if f := d.app.sandboxScreen().form; f.errand.waiting() {
		f.took(errandDone{to: f, seq: f.errand.wished, result: findingsOf(nil)})
	}
}

// isClock tells a command made by tea.Tick.
func isClock(cmd tea.Cmd) bool {
	return reflect.ValueOf(cmd).Pointer() == clockPointer
}

var clockPointer = reflect.ValueOf(tea.Tick(1, nil)).Pointer()

// tick is one beat of the refresh clock.
func (d *driver) tick() { d.send(tick{d.app.feed.clock}) }

func (d *driver) size(w, h int) { d.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// press types keys by their names.
func (d *driver) press(names ...string) {
	for _, name := range names {
		d.send(keyPress(name))
	}
}

// typed types a text letter by letter.
func (d *driver) typed(s string) {
	for _, r := range s {
		d.send(keyPress(string(r)))
	}
}

func (d *driver) click(x, y int) {
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// lines is the screen without colours. It fails when a line does not have the window's width, or their number not its height.
func (d *driver) lines() []string {
	d.t.Helper()
	content := d.app.View().Content
	if d.app.w <= 0 || d.app.h <= 0 {
		return nil
	}
	lines := strings.Split(content, "\n")
	if len(lines) != d.app.h {
		d.t.Fatalf("%d lines in a window of %dx%d", len(lines), d.app.w, d.app.h)
	}
	for i := range lines {
		lines[i] = ansi.Strip(lines[i])
		if w := text.Width(lines[i]); w != d.app.w {
			d.t.Fatalf("line %d is %d cells wide in a window of %dx%d: %q", i, w, d.app.w, d.app.h, lines[i])
		}
	}
	return lines
}

// screen is the screen as text, without blanks at the ends of lines.
func (d *driver) screen() string {
	d.t.Helper()
	lines := d.lines()
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// has fails unless the screen shows each of the texts.
func (d *driver) has(want ...string) {
	d.t.Helper()
	got := d.screen()
	for _, w := range want {
		if !strings.Contains(got, w) {
			d.t.Errorf("the screen does not show %q:\n%s", w, got)
		}
	}
}

// hasNot fails when the screen shows one of the texts.
func (d *driver) hasNot(unwanted ...string) {
	d.t.Helper()
	got := d.screen()
	for _, w := range unwanted {
		if strings.Contains(got, w) {
			d.t.Errorf("the screen shows %q:\n%s", w, got)
		}
	}
}

// copied is what was sent to the clipboard last, or "".
func (d *driver) copied() string {
	for i := len(d.asked) - 1; i >= 0; i-- {
		if v := reflect.ValueOf(d.asked[i]); v.Kind() == reflect.String {
			return v.String()
		}
	}
	return ""
}

func (d *driver) tree() *treePane { return d.app.screens[0].(*treeScreen).tree }

func (d *driver) detail() *detailPane { return d.app.screens[0].(*treeScreen).detail }
