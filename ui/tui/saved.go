package tui

import (
	"os"
	"time"

	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/users"
	"cutaway/ui/text"
)

// names are those of the users of the machine that is shown.
func (a *App) names() *users.DB {
	if r := a.o.Saved; r != nil {
		return users.Fixed(r.Names)
	}
	return users.Open(a.o.Inspect.Root)
}

// lookInside is how processes are looked at from inside; nil where nobody can.
func (a *App) lookInside() compare.Inside {
	switch {
	case a.o.Saved != nil:
		return a.o.Saved.Inside
	case a.elsewhere() != "":
		return nil
	}
	return inside.Read
}

// self is the PID of who took the snapshots.
func (a *App) self() int {
	if r := a.o.Saved; r != nil {
		return r.Self
	}
	return os.Getpid()
}

// savedWords say of a saved snapshot whose it is and how old, where the screen else says that it refreshes.
func (a *App) savedWords(long bool) line {
	r := a.o.Saved
	age := text.Duration(max(time.Since(r.Taken), time.Second).Truncate(time.Second)) + " ago"
	if !long {
		return words(warn, a.glyphs.Paused+" snapshot "+age)
	}
	name := text.Truncate(text.Sanitise(r.Host), 24)
	return words(warn, a.glyphs.Paused+" snapshot of "+name+", "+r.Taken.Local().Format(time.TimeOnly)+" ("+age+")")
}
