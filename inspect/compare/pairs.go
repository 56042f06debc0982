package compare

import (
	"fmt"
	"slices"
	"strconv"
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
	keys  map[string]int // how often each was asked for
}

// add appends a row, and returns it for a note. A key that is there already gets a number.
func (p *pairs) add(key, label string, left, right *Value) *Row {
	if p.keys == nil {
		p.keys = map[string]int{}
	}
	if p.keys[key]++; p.keys[key] > 1 {
		key = fmt.Sprintf("%s #%d", key, p.keys[key])
	}
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

// most is how many things of a list are compared: a container may have any number of variables or users.
const most = 4096

// list is a side's things of one kind, or why they are not known.
type list struct {
	items  []item
	more   int // that are not compared
	how    reading.How
	from   inspect.Source // of all of them
	sorted bool           // by key
}

// add appends a thing, whose value is only made where it is compared.
func (l *list) add(key, label string, value func() *Value) {
	if len(l.items) == most {
		l.more++
		return
	}
	l.items = append(l.items, item{key, label, value()})
}

// join appends a row for each thing that either side has. The n-th of a key is joined with the n-th of the other side. Lists that
// are sorted give sorted rows; else they come in the order of the left, and what only the right has where it stands there. Where a
// list could not be read, there is one row that says so.
func (p *pairs) join(what string, l, r list) {
	if !l.how.OK() || !r.how.OK() {
		p.add(what, what, listValue(&l), listValue(&r))
		return
	}
	first := len(p.group.Rows)
	p.joinItems(l.items, r.items)
	if l.sorted && r.sorted {
		slices.SortStableFunc(p.group.Rows[first:], func(a, b Row) int { return strings.Compare(a.Key, b.Key) })
	}
	if l.more > 0 || r.more > 0 {
		p.add(what+" more", "more "+what, moreValue(&l), moreValue(&r)).State = Unknown
	}
}

func (p *pairs) joinItems(l, r []item) {
	at := make(map[string][]int, len(r))
	for i := range r {
		at[r[i].key] = append(at[r[i].key], i)
	}
	other := make([]int, len(l)) // of the right, or -1
	joined := make([]bool, len(r))
	for i := range l {
		other[i] = -1
		if same := at[l[i].key]; len(same) > 0 {
			other[i], at[l[i].key] = same[0], same[1:]
			joined[same[0]] = true
		}
	}
	next := 0
	aloneUpTo := func(end int) {
		for ; next < end; next++ {
			if !joined[next] {
				p.add(r[next].key, r[next].label, nil, r[next].value)
			}
		}
	}
	for i, j := range other {
		if j < 0 {
			p.add(l[i].key, l[i].label, l[i].value, nil)
			continue
		}
		aloneUpTo(j)
		p.add(l[i].key, l[i].label, l[i].value, r[j].value)
	}
	aloneUpTo(len(r))
}

// listValue stands for a whole list.
func listValue(l *list) *Value {
	if !l.how.OK() {
		return unknown(l.how, l.from)
	}
	return known(strconv.Itoa(len(l.items)+l.more)+" listed", l.from)
}

// moreValue stands for what is not compared of a list.
func moreValue(l *list) *Value {
	return known(strconv.Itoa(l.more)+" not compared", l.from)
}

// inOrder is a list in the order of its keys.
func (l list) inOrder() list {
	slices.SortStableFunc(l.items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	l.sorted = true
	return l
}
