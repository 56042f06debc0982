package control

import (
	"errors"
	"fmt"
	"slices"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/journal"
)

// ErrNothing is wrapped when there is nothing to undo.
var ErrNothing = errors.New("there is nothing to undo")

// PlanUndo works out how to bring back what a batch of changes to limits replaced: the one with that ID in the journal, or the
// last that was not undone for "". It is an error (ErrChanged) when a file holds another value than was written, unless
// force; and when the cgroup is not there any more, or is another one by its name (ErrGone).
func PlanUndo(id string, force bool) (*Plan, error) {
	entries, _, err := journal.Read(journal.Filter{})
	if err != nil {
		return nil, err
	}
	batch, err := choose(entries, id)
	if err != nil {
		return nil, err
	}
	return planUndo(batch, force)
}

// UndoOf is PlanUndo for what Apply has just returned. It needs no journal, which may not have been written.
func UndoOf(results []Result) (*Plan, error) {
	if len(results) == 0 {
		return nil, fmt.Errorf("undo: nothing was changed: %w", ErrNothing)
	}
	batch := make([]*journal.Entry, len(results))
	for i := range results {
		batch[i] = &results[i].Entry
	}
	return planUndo(batch, false)
}

// planUndo works out how to bring back what the entries of a batch replaced.
func planUndo(batch []*journal.Entry, force bool) (*Plan, error) {
	m, err := cgroups.ThisMachine()
	if err != nil {
		return nil, err
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	p := &Plan{Target: batch[0].Target, action: "undo", undoes: batch[0].Batch, owned: true}
	for _, e := range slices.Backward(batch) {
		if err := p.addUndo(m, e, boot, force); err != nil {
			p.Close()
			return nil, fmt.Errorf("undo %s: %w", e.Batch, err)
		}
	}
	return p, nil
}

// addUndo adds the write that brings back what an entry replaced.
func (p *Plan) addUndo(m *cgroups.Machine, e *journal.Entry, boot string, force bool) error {
	g, s, err := settingOf(m, e, boot)
	if err != nil {
		return err
	}
	p.groups = append(p.groups, g)
	if err := guard("undo "+p.Target, g); err != nil {
		return err
	}
	if !s.Agrees(e.New) {
		if !force {
			return fmt.Errorf("%s: cutaway wrote %q, and it is %q: %w", e.File, e.New, s.Old, ErrChanged)
		}
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s: cutaway wrote %q, and it is %q: it was changed meanwhile", e.File, e.New, s.Old))
	}
	if !s.Changes() {
		p.Same = append(p.Same, s.Limit)
		return nil
	}
	w := newWrite(*s)
	w.What = "as before " + e.Time.Local().Format("2006-01-02 15:04:05")
	p.Writes = append(p.Writes, w)
	return nil
}

// choose finds the entries of a batch that can be undone, the oldest first.
func choose(entries []journal.Entry, id string) ([]*journal.Entry, error) {
	undone := map[string]bool{}
	for i := range entries {
		if e := &entries[i]; e.Undoes != "" && e.OK() {
			undone[e.Undoes] = true
		}
	}
	var chosen []*journal.Entry
	for i := range slices.Backward(entries) {
		e := &entries[i]
		switch {
		case e.Undo == nil || !e.OK():
			continue
		case len(chosen) > 0 && e.Batch != chosen[0].Batch:
			continue
		case len(chosen) == 0 && id == "" && (undone[e.Batch] || e.Action == "undo"):
			continue
		case len(chosen) == 0 && id != "" && id != e.Batch && id != e.ID:
			continue
		}
		chosen = append(chosen, e)
	}
	slices.Reverse(chosen)
	switch {
	case len(chosen) > 0 && undone[chosen[0].Batch]:
		return nil, fmt.Errorf("undo %s: it was undone already: %w", id, ErrNothing)
	case len(chosen) > 0:
		return chosen, nil
	case id == "":
		return nil, fmt.Errorf("undo: the journal has no change of limits that was not undone: %w", ErrNothing)
	}
	return nil, fmt.Errorf("undo %s: the journal has no change of limits by that ID, see `cutaway journal`: %w", id, ErrNothing)
}
