package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox"
	"cutaway/sandbox/journal"
)

// swept is what a screen or a launcher that was killed had left behind.
type swept struct {
	names []string
	err   error
}

// sweepTime is how long the sweep may take: it waits for processes that are killed to be gone.
const sweepTime = 5 * time.Second

// sweep removes what was left behind, when the screen opens.
func sweep(ctx context.Context) tea.Cmd {
	return guarded(func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, sweepTime)
		defer cancel()
		names, err := sandbox.Sweep(ctx)
		if len(names) > 0 {
			list := strings.Join(names, " ")
			c := journal.Change{Action: "sweep", Target: list, Shell: "rmdir " + list + "   # below the caller's cgroups"}
			_, _ = journal.Do(c, func() error { return err })
		}
		return swept{names, err}
	})
}

func (a *App) takeSwept(msg swept) tea.Cmd {
	switch {
	case len(msg.names) > 0:
		return a.say(warn, "swept up what was left of "+plural(len(msg.names), "sandbox")+" that nobody ended: "+shown(strings.Join(msg.names, ", ")))
	case msg.err != nil:
		return a.say(warn, "what a killed sandbox left behind cannot be removed: "+shown(msg.err.Error()))
	}
	return nil
}
