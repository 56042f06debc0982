package tui

import (
	tea "charm.land/bubbletea/v2"

	"cutaway/ui/change"
)

// elsewhere says why nothing can be done by PID to the processes that are shown.
func (a *App) elsewhere() string {
	if a.o.Saved != nil {
		return "this is a saved snapshot (--from): nothing can be done to what was running then"
	}
	if change.Elsewhere(a.o.Inspect) {
		return "this is another machine's /proc or cgroups (--proc, --cgroup): nothing can be done to it from here"
	}
	return ""
}

// cannotChange says why nothing may be changed now; "" when it may.
func (a *App) cannotChange() string {
	if a.readOnly {
		return "read-only: R allows changes again"
	}
	return a.elsewhere()
}

// toggleReadOnly forbids changes, or allows them again. What the command line forbade is asked for.
func (a *App) toggleReadOnly() tea.Cmd {
	switch {
	case !a.readOnly:
		return a.setReadOnly(true).do(a)
	case a.o.ReadOnly:
		question := []line{words(plain, "This screen was started with --readonly."), words(plain, "Allow it to change the system all the same?")}
		a.open(newConfirm(a.look, "allow changes", question, a.setReadOnly(false), "Allow changes"))
		return nil
	}
	return a.setReadOnly(false).do(a)
}

// readOnlySet is the action of the key, and of the answer to its question.
type readOnlySet struct {
	on bool
	tell
}

func (a *App) setReadOnly(on bool) readOnlySet {
	if on {
		return readOnlySet{on, tell{plain, "read-only: nothing is changed until R allows it again"}}
	}
	return readOnlySet{on, tell{warn, "changes are allowed; R forbids them"}}
}

func (r readOnlySet) do(a *App) tea.Cmd {
	a.readOnly = r.on
	return r.tell.do(a)
}
