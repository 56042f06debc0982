package tui

import (
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// pacedModel leaves once the pace has fallen asleep, after one message.
type pacedModel struct {
	pace   pace
	awoke  bool
	asleep chan struct{}
}

func (m *pacedModel) Init() tea.Cmd { return func() tea.Msg { return "hello" } }

func (m *pacedModel) View() tea.View { return tea.NewView("") }

func (m *pacedModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(string); !ok {
		return m, nil
	}
	m.pace.message()
	m.awoke = m.pace.awake
	return m, func() tea.Msg {
		for {
			m.pace.mu.Lock()
			awake := m.pace.awake
			m.pace.mu.Unlock()
			if !awake {
				close(m.asleep)
				return tea.QuitMsg{}
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// The ticker of Bubble Tea's renderer is where pace looks for it: a new version may have it elsewhere. A message wakes it,
// and it falls asleep by itself.
func TestPace(t *testing.T) {
	m := &pacedModel{asleep: make(chan struct{})}
	p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignalHandler())
	m.pace.program = p
	time.AfterFunc(10*time.Second, p.Kill)
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m.pace.stop()
	if !m.awoke {
		t.Fatal("the renderer's ticker was not found")
	}
	select {
	case <-m.asleep:
	default:
		t.Error("it did not fall asleep")
	}
}
