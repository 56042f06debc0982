package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// binding is one line of the key map: the keys, what they do in words, and what they do.
//
// Keys that other programs of this kind taught people are kept (htop, lazygit, k9s). Where they disagree: g goes to the
// first row, as in less and vi, so t changes the grouping; l is the limits, as nothing else is so near at hand, so the arrows
// alone fold and unfold; digits name screens, as in btop and dry, so a PID is jumped to by # and not, as in htop, by typing it at
// once.
type binding struct {
	key.Binding
	footer    string // one word for the footer; "" is not shown there
	do        func() tea.Cmd
	blocked   func() string // why it can do nothing now; "" or nil when it can
	forTarget bool          // it does something to the screen's target
}

// bind makes a binding. label is how help shows the keys, does says what they do.
func bind(label, does string, do func() tea.Cmd, keys ...string) *binding {
	return &binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, does)), do: do}
}

// does makes a binding's action of something that has nothing to report.
func does(do func()) func() tea.Cmd {
	return func() tea.Cmd {
		do()
		return nil
	}
}

func (b *binding) inFooter(word string) *binding {
	b.footer = word
	return b
}

func (b *binding) toTarget() *binding {
	b.forTarget = true
	return b
}

func (b *binding) unless(blocked func() string) *binding {
	b.blocked = blocked
	return b
}

// section is the bindings of one part of the screen, under its name in help.
type section struct {
	name     string
	bindings []*binding
}

func (s section) find(msg tea.KeyPressMsg) *binding {
	i := slices.IndexFunc(s.bindings, func(b *binding) bool { return key.Matches(msg, b.Binding) })
	if i < 0 {
		return nil
	}
	return s.bindings[i]
}

// run does what a binding says, or tells why it cannot.
func (a *App) run(b *binding) tea.Cmd {
	if b.blocked != nil {
		if why := b.blocked(); why != "" {
			return a.say(warn, why)
		}
	}
	return b.do()
}
