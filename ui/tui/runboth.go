package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
	"cutaway/inspect/fault"
	"cutaway/sandbox"
)

// runBoth is the command line at the bottom of the comparison: it runs one command on both sides at the same time, and shows what
// they say beside each other.
type runBoth struct {
	screen *compareScreen
	isOpen bool
	field  textField

	history []string
	recall  int // into history; len(history) is what is typed
	tried   int // of the suggestions

	count   int // tells a run's answer from an older one's
	cancel  context.CancelFunc
	running bool
	tools   bool // the right side with the host's tools
	line    string
	sides   [2]ran
	texts   [2][]string
	lines   []aligned
	list    list
	keys    section
}

func newRunBoth(s *compareScreen) *runBoth {
	b := &runBoth{screen: s}
	b.keys = section{"Run in both", []*binding{
		bind("enter", "run it on both sides", nil, "enter"),
		bind("↑ ↓", "commands that were run before", nil, "up", "down"),
		bind("tab", "a command that fits the group under the cursor", nil, "tab"),
		bind("pgup pgdn", "scroll what they say", nil, "pgup", "pgdown"),
		bind("^T", "the host's tools in the right side's namespaces, or its own", nil, "ctrl+t"),
		bind("^C", "stop both", nil, "ctrl+c"),
		bind("esc", "back to the rows", nil, "esc"),
	}}
	return b
}

func (b *runBoth) shown() bool { return b.isOpen }

// open puts the cursor into the command line.
func (b *runBoth) open() tea.Cmd {
	s := b.screen
	switch {
	case s.right.title == "":
		return s.say(warn, "nothing is compared yet: c in the tree compares the selection")
	case s.cannotChange() != "":
		return s.say(warn, s.cannotChange())
	}
	b.isOpen, b.recall, b.tried = true, len(b.history), 0
	return nil
}

// leave stops what runs and goes back to the rows.
func (b *runBoth) leave() {
	b.stop()
	b.isOpen = false
}

func (b *runBoth) stop() {
	if b.cancel != nil {
		b.cancel()
	}
}

// grabs are the keys that mean something while a command is typed.
func (b *runBoth) grabs() []*binding {
	if !b.isOpen {
		return nil
	}
	if b.running {
		return []*binding{dialogKey("ctrl+c", "^C", "stop both"), dialogKey("esc", "esc", "leave")}
	}
	return []*binding{
		dialogKey("enter", "enter", "run"), dialogKey("up", "↑↓", "history"), dialogKey("tab", "tab", "suggestion"), dialogKey("pgdown", "pgdn", "scroll"),
		dialogKey("ctrl+t", "^T", "host's tools"), dialogKey("esc", "esc", "rows"),
	}
}

func (b *runBoth) typed(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if !b.isOpen {
		return nil, false
	}
	switch msg.String() {
	case "esc":
		b.leave()
		b.screen.changed()
	case "ctrl+c":
		if !b.running {
			b.leave()
			b.screen.changed()
		}
		b.stop()
	case "enter":
		return b.run(), true
	case "up":
		b.remember(-1)
	case "down":
		b.remember(1)
	case "tab":
		b.suggest()
	case "pgup":
		b.scroll(-max(b.list.height-1, 1))
	case "pgdown":
		b.scroll(max(b.list.height-1, 1))
	case "ctrl+t":
		b.tools = !b.tools
		if b.line != "" {
			b.field = newTextField(b.line)
			return b.run(), true
		}
	default:
		b.field.key(msg)
	}
	return nil, true
}

func (b *runBoth) pasted(t string) (tea.Cmd, bool) {
	if !b.isOpen {
		return nil, false
	}
	b.field.insert(strings.TrimSpace(t))
	return nil, true
}

func (b *runBoth) scroll(rows int) { b.list.scroll(rows) }

// remember brings a command back that was run before.
func (b *runBoth) remember(step int) {
	b.recall = min(max(b.recall+step, 0), len(b.history))
	b.field = textField{}
	if b.recall < len(b.history) {
		b.field = newTextField(b.history[b.recall])
	}
}

// suggestions are the commands of the group under the cursor first, then those of the others.
func (b *runBoth) suggestions() (list []string) {
	if g := b.screen.group(); g != nil {
		list = append(list, g.Try...)
	}
	for i := range b.screen.result.groups {
		for _, try := range b.screen.result.groups[i].Try {
			if !slices.Contains(list, try) {
				list = append(list, try)
			}
		}
	}
	return list
}

func (b *runBoth) suggest() {
	if list := b.suggestions(); len(list) > 0 {
		b.field = newTextField(list[b.tried%len(list)])
		b.tried++
	}
}

// run runs what is typed on both sides.
func (b *runBoth) run() tea.Cmd {
	line := strings.TrimSpace(b.field.value())
	s := b.screen
	if line == "" || b.running || s.snap == nil {
		return nil
	}
	var places [2]runPlace
	for i, c := range []compareChoice{s.left, s.right} {
		if c.saved != nil {
			return s.say(warn, "nothing can be run in a saved snapshot: H takes the host to the left")
		}
		p, _ := c.find(s.snap, s.self())
		if p == nil {
			return s.say(warn, shown(c.title)+" has ended")
		}
		places[i] = placeOf(c, p, b.tools && i == 1)
	}
	if n := len(b.history); n == 0 || b.history[n-1] != line {
		b.history = append(b.history, line)
	}
	b.recall, b.line = len(b.history), line
	b.count++
	count, run := b.count, s.hands.run
	ctx, cancel := context.WithTimeout(s.feed.ctx, runDeadline)
	b.cancel, b.running = cancel, true
	b.sides, b.texts, b.lines = [2]ran{}, [2][]string{}, nil
	return work(func() ([2]ran, error) {
		defer cancel()
		right := make(chan ran, 1)
		fault.Go(func() { right <- run(ctx, places[1], line) })
		left := run(ctx, places[0], line)
		return [2]ran{left, <-right}, nil
	}, func(sides [2]ran, _ error) action {
		if count == b.count {
			b.take(sides)
		}
		return nil
	})
}

// placeOf is where a side's command runs. The host's runs as cutaway itself stands.
func placeOf(c compareChoice, p *inspect.Process, tools bool) runPlace {
	if c.host() {
		return runPlace{name: "host"}
	}
	return runPlace{&sandbox.Entry{PID: p.PID, Start: p.Start, HostTools: tools}, c.title}
}

func (b *runBoth) take(sides [2]ran) {
	b.running, b.sides = false, sides
	b.field = textField{}
	for i := range sides {
		b.texts[i] = outputLines(sides[i].output)
	}
	b.lines = alignLines(b.texts[0], b.texts[1])
	b.list = list{height: b.list.height}
	b.list.setLen(len(b.lines))
}

// outputLines are the lines of an output; what is after the last newline is one too.
func outputLines(output string) []string {
	output = strings.TrimSuffix(output, "\n")
	if output == "" {
		return nil
	}
	return strings.Split(output, "\n")
}
