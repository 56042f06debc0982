package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"cutaway/sandbox"
	"cutaway/ui/text"
)

// paneText is what a pane drew, without colours and blanks at the ends of lines. It fails when it is not exactly as large as
// it should be.
func paneText(t testing.TB, r rect, lines []string) string {
	t.Helper()
	if len(lines) != r.h {
		t.Fatalf("%d lines in a pane of %dx%d", len(lines), r.w, r.h)
	}
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = ansi.Strip(lines[i])
		if w := text.Width(out[i]); w != r.w {
			t.Fatalf("line %d is %d cells wide in a pane of %dx%d: %q", i, w, r.w, r.h, out[i])
		}
		out[i] = strings.TrimRight(out[i], " ")
	}
	return strings.Join(out, "\n") + "\n"
}

// pressIn gives keys to a pane as the App would: to the line that is typed, or to what its section binds. A key that can do
// nothing is said why; the last of these is returned.
func pressIn(t testing.TB, s section, typing func() bool, typeKey func(tea.KeyPressMsg), keys ...string) (blocked string) {
	t.Helper()
	for _, name := range keys {
		msg := keyPress(name)
		blocked = ""
		if typing != nil && typing() {
			typeKey(msg)
			continue
		}
		b := s.find(msg)
		if b == nil {
			t.Fatalf("no key %q", name)
		}
		if b.blocked != nil {
			if blocked = b.blocked(); blocked != "" {
				continue
			}
		}
		b.do()
	}
	return blocked
}

// runErrand does what a pane wants done, and brings it the answer.
func runErrand(t testing.TB, cmd tea.Cmd) bool {
	t.Helper()
	if cmd == nil {
		return false
	}
	d, ok := cmd().(errandDone)
	if !ok {
		t.Fatalf("the command brings no answer")
	}
	d.to.took(d)
	return true
}

func presetOf(t testing.TB, name string) sandbox.Preset {
	t.Helper()
	p, ok := sandbox.PresetNamed(name)
	if !ok {
		t.Fatalf("there is no preset %s", name)
	}
	return p
}

// isClean fails when a pane drew what another process's text would do to a terminal.
func isClean(t testing.TB, drawn []string) {
	t.Helper()
	for _, l := range drawn {
		for _, unsafe := range []string{"\x1b[31mevil", "\a", "\u202e", "\xff"} {
			if strings.Contains(l, unsafe) {
				t.Fatalf("%q holds %q", l, unsafe)
			}
		}
	}
}

// A pane that is told another look draws with it at once.
func TestPanesInASCII(t *testing.T) {
	t.Setenv("SHELL", "/bin/sh")
	form, menu, script := newFormPane(newTestLook(), presetOf(t, "isolated")), newLaunchMenu(newTestLook()), testScripts(t)
	s, _ := form.spec()
	script.setSpec(s)
	runErrand(t, script.pull())
	menu.setCurrent(presetID + "docker")
	r := rect{w: 45, h: 34}
	for _, p := range []interface {
		setSize(rect, bool)
		setLook(look)
		view(bool) []string
		scroll(int)
	}{form, menu, script} {
		p.setSize(r, true)
		before := paneText(t, r, p.view(true))
		p.scroll(1)
		p.setLook(look{newTheme(nil), text.ASCII})
		got := paneText(t, r, p.view(true))
		if got == before || strings.ContainsFunc(got, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("it is not in ASCII:\n%s", got)
		}
	}
}
