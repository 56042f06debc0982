package tui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/compare"
	"cutaway/inspect/record"
)

// startSaved asks for the file of a snapshot, to show how what is at the right was then.
func (s *compareScreen) startSaved() {
	s.input = &input{
		prompt: "snapshot", change: func(string) error { return nil },
		hint: func() string { return "a file that cutaway snapshot wrote; enter reads it, esc closes" },
		done: s.readSaved,
	}
}

// readSaved reads a snapshot, and shows in it what is at the right.
func (s *compareScreen) readSaved(file string) tea.Cmd {
	right, name := s.right, ""
	if c := s.snap.ContainerByKey(right.key); c != nil {
		name = c.Name
	}
	return work(func() (compareChoice, error) {
		r, err := record.ReadFile(expandHome(file))
		if err != nil {
			return compareChoice{}, err
		}
		return right.in(r, filepath.Base(file), name)
	}, func(c compareChoice, err error) action {
		if err != nil {
			return tell{bad, err.Error()}
		}
		s.left = c
		s.changed()
		return nil
	})
}

// in is the same view in a snapshot: the very container, else one of its name, or the very process.
func (c compareChoice) in(r *record.Record, file, name string) (compareChoice, error) {
	when := " in " + file + ", " + r.Taken.Local().Format(time.DateTime)
	then := compareChoice{saved: r, title: "host" + when}
	if c.host() {
		return then, nil
	}
	p, container := c.find(r.Snapshot, 0)
	if p == nil && name != "" {
		p, container, _ = r.Snapshot.Find(name)
	}
	switch {
	case p == nil:
		return then, errorText(c.title + " is not in the snapshot " + file)
	case container != nil:
		then.key = container.Key
	default:
		then.id = p.ID
	}
	then.title = compare.Title(p, container) + when
	return then, nil
}

func (s *compareScreen) nothingCompared() string {
	if s.right.title == "" {
		return "nothing is compared yet: c in the tree compares the selection"
	}
	return ""
}

// startSnapshot asks where to save what is seen now.
func (s *compareScreen) startSnapshot() {
	s.input = &input{
		prompt: "save to", field: newTextField(time.Now().Format("cutaway-2006-01-02-1504.snap")), change: func(string) error { return nil },
		hint: func() string { return "enter saves all that is seen now, secrets masked; esc closes" },
		done: s.saveSnapshot,
	}
}

func (s *compareScreen) saveSnapshot(file string) tea.Cmd {
	o, ctx, take := record.Options{Options: s.o.Inspect, Cutaway: s.o.Version}, s.feed.ctx, s.hands.take
	return work(func() (string, error) {
		path, err := filepath.Abs(expandHome(file))
		if err != nil {
			return "", err
		}
		return path, take(ctx, o, path)
	}, func(path string, err error) action {
		if err != nil {
			return tell{bad, err.Error()}
		}
		return tell{good, "saved to " + path + ": f shows it beside what is now, cutaway --from " + path + " all of it"}
	})
}

// takeSnapshot saves what is seen now in a file that is not there yet.
func takeSnapshot(ctx context.Context, o record.Options, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	r, err := record.Take(ctx, o)
	if err != nil {
		return err
	}
	err = r.WriteNew(path)
	if errors.Is(err, os.ErrExist) {
		return taken(path)
	}
	return err
}

func taken(path string) error { return errorText(path + " is there already: give another name") }

func (s *compareScreen) cannotSnapshot() string {
	if s.o.Saved != nil {
		return "this is a saved snapshot already"
	}
	if s.readOnly {
		return s.cannotChange()
	}
	return ""
}
