package compare

import (
	"slices"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/reading"
)

// view is a side as the groups read it.
type view struct{ *Side }

// from is the source of a field of the side's process.
func (v *view) from(field inspect.Field) inspect.Source {
	return v.Snapshot.Source(v.Process, v.Detail, field)
}

// known is a value that was read.
func known(text string, from inspect.Source) *Value {
	return &Value{Text: text, How: reading.How{State: reading.Known}, From: from}
}

// unknown is a value that was not read.
func unknown(how reading.How, from inspect.Source) *Value {
	if how.State == reading.Known {
		how.State = reading.NotRead
	}
	return &Value{How: how, From: from}
}

// of is a reading as a value.
func of[T any](r reading.Of[T], from inspect.Source, write func(T) string) *Value {
	if !r.OK() {
		return unknown(r.How, from)
	}
	return known(write(r.Value), from)
}

// itself writes a text as it is.
func itself(s string) string { return s }

// notRead is why nothing is known of what the detail would tell.
var notRead = reading.How{State: reading.NotRead}

// pairs collects the rows of a group.
type pairs struct {
	group *Group
	l, r  *view
}

// add appends a row, and returns it for a note.
func (p *pairs) add(key, label string, left, right *Value) *Row {
	p.group.Rows = append(p.group.Rows, Row{Key: key, Label: label, Left: left, Right: right, State: stateOf(left, right)})
	return &p.group.Rows[len(p.group.Rows)-1]
}

// both appends a row of what the same function reads on each side.
func (p *pairs) both(key, label string, read func(*view) *Value) *Row {
	return p.add(key, label, read(p.l), read(p.r))
}

// stateOf compares two values.
func stateOf(l, r *Value) State {
	switch lost, found := l.absent(), r.absent(); {
	case lost && found:
		return Same
	case lost && r.How.OK():
		return OnlyRight
	case found && l.How.OK():
		return OnlyLeft
	case lost || found || !l.How.OK() || !r.How.OK():
		return Unknown
	case l.Text == r.Text:
		return Same
	}
	return Different
}

// absent tells whether a side has no such thing: no value, or the kernel said that there is none.
func (v *Value) absent() bool { return v == nil || v.How.State == reading.Absent }

// item is one thing of a list that both sides may have.
type item struct {
	key, label string
	value      *Value
}

// list is a side's things of one kind, or why they are not known.
type list struct {
	items []item
	how   reading.How
	from  inspect.Source // of all of them
}

// join appends a row for each thing that either side has, in the order of the left, what only the right has where it stands there.
// Where a list could not be read, there is one row that says so.
func (p *pairs) join(what string, l, r list) {
	if !l.how.OK() || !r.how.OK() {
		p.add(what, what, listValue(l), listValue(r))
		return
	}
	at := make(map[string]int, len(r.items))
	for i := range r.items {
		if _, twice := at[r.items[i].key]; !twice {
			at[r.items[i].key] = i
		}
	}
	next := 0
	upTo := func(end int) {
		for ; next < end; next++ {
			if r.items[next].value != nil {
				p.add(r.items[next].key, r.items[next].label, nil, r.items[next].value)
			}
		}
	}
	for i := range l.items {
		left := &l.items[i]
		j, ok := at[left.key]
		if !ok || r.items[j].value == nil {
			p.add(left.key, left.label, left.value, nil)
			continue
		}
		if j >= next {
			upTo(j)
			next = j + 1
		}
		p.add(left.key, left.label, left.value, r.items[j].value)
		r.items[j].value = nil // joined
	}
	upTo(len(r.items))
}

// listValue stands for a whole list.
func listValue(l list) *Value {
	if !l.how.OK() {
		return unknown(l.how, l.from)
	}
	keys := make([]string, len(l.items))
	for i := range l.items {
		keys[i] = l.items[i].label
	}
	return known(strings.Join(keys, " "), l.from)
}

// sorted is a list in the order of its keys.
func (l list) sorted() list {
	slices.SortStableFunc(l.items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	return l
}
