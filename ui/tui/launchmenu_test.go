package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
)

var someEntries = []menuEntry{
	{"1", []string{"shell-1", "running", "1m 12s"}, good},
	{"2", []string{"a very long name of a sandbox", "ended", "3m 1s", "137"}, bad},
}

func TestMenuGolden(t *testing.T) {
	for _, r := range []rect{{w: 30, h: 34}, {w: 34, h: 58}, {w: 80, h: 22}} {
		name := fmt.Sprintf("menu-%dx%d", r.w, r.h)
		t.Run(name, func(t *testing.T) {
			m := newLaunchMenu(newTestLook())
			m.setCurrent(presetID + "isolated")
			m.setEntries(someEntries)
			m.setSize(r, r.h > 22)
			pressIn(t, m.section(nil), nil, nil, "j", "j", "j")
			golden(t, name, paneText(t, r, m.view(true)))
		})
	}
}

func TestMenu(t *testing.T) {
	m := newLaunchMenu(newTestLook())
	m.setSize(rect{w: 30, h: 34}, true)
	opened := ""
	keys := m.section(func() tea.Cmd { opened = m.selected(); return nil })
	press := func(names ...string) { pressIn(t, keys, nil, nil, names...) }
	if p, ok := m.selectedPreset(); !ok || p.Name != "isolated" {
		t.Errorf("it begins on %q", m.selected())
	}
	press("j", "enter")
	if opened != presetID+"docker" {
		t.Errorf("enter opens %q", opened)
	}
	press("G")
	if _, ok := m.selectedPreset(); ok || m.selected() != likeID {
		t.Errorf("the last entry is %q", m.selected())
	}
	m.setEntries(someEntries)
	if m.selected() != likeID {
		t.Errorf("new entries move the cursor to %q", m.selected())
	}
	press("j", "j")
	if m.selected() != "2" {
		t.Errorf("the last entry is %q", m.selected())
	}
	m.setEntries(someEntries[:1])
	if m.selected() != "1" {
		t.Errorf("after an entry is gone the cursor is on %q", m.selected())
	}
	m.setEntries(nil)
	if m.selected() != likeID {
		t.Errorf("without entries the cursor is on %q", m.selected())
	}
	press("g")
	m.view(true)
	if m.click(5, m.drawn.body.y+2) || m.selected() != presetID+"docker" || !m.click(5, m.drawn.body.y+2) {
		t.Errorf("a click selects %q", m.selected())
	}
	if m.click(5, m.drawn.body.y); m.selected() != presetID+"docker" {
		t.Errorf("a click on a heading selects %q", m.selected())
	}
}

// No size and no name breaks it.
func TestMenuHostile(t *testing.T) {
	m := newLaunchMenu(newTestLook())
	m.setEntries([]menuEntry{{"x", []string{evil, evil}, bad}, {"y", nil, plain}})
	pressIn(t, m.section(nil), nil, nil, "G")
	for _, r := range []rect{{w: 30, h: 34}, {w: 5, h: 9}, {w: 1, h: 1}, {w: 3, h: 20}, {w: 80, h: 3}} {
		for _, framed := range []bool{false, true} {
			m.setSize(r, framed)
			isClean(t, m.view(true))
			paneText(t, r, m.view(true))
		}
	}
}
