package filter

import (
	"fmt"

	"cutaway/inspect"
)

// Filter is a compiled query. The zero Filter keeps every process. It may be used by several goroutines at once.
type Filter struct {
	query string
	terms []term
}

// term is one word of a query.
type term struct {
	negate bool
	test   test
}

// test asks one question of one process.
type test func(s *inspect.Snapshot, p *inspect.Process) answer

// answer is what a test says. A negation turns yes and no around, and leaves unknown.
type answer uint8

const (
	unknown answer = iota
	no
	yes
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

// Parse compiles a query. Its errors are one line for the person who typed it; an unknown key names the known ones.
func Parse(query string) (Filter, error) {
	words, err := split(query)
	if err != nil {
		return Filter{}, err
	}
	f := Filter{query: query}
	for _, w := range words {
		t, err := w.compile()
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, term{negate: w.negate, test: t})
	}
	return f, nil
}

// Match tells whether a process of a snapshot passes every term. It allocates nothing (but for the term shares:, once
// for each snapshot).
func (f Filter) Match(s *inspect.Snapshot, p *inspect.Process) bool {
	for i := range f.terms {
		t := &f.terms[i]
		a := t.test(s, p)
		if a == unknown || (a == yes) == t.negate {
			return false
		}
	}
	return true
}

// Empty tells whether the filter keeps every process.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// String is the query as it was typed.
func (f Filter) String() string { return f.query }

// compile finds the word's key in the table and has it make the test.
func (w word) compile() (test, error) {
	if w.key == "" {
		if w.value == "" {
			return nil, fmt.Errorf("%s stands alone: nothing to match", w.text)
		}
		return matchName(w.value), nil
	}
	k := keyNamed(w.key)
	switch {
	case k == nil:
		return nil, unknownKey(w)
	case k.compares() && w.op == ':':
		return nil, fmt.Errorf("%s is compared with < or >: %s", k.Name, k.Example)
	case !k.compares() && w.op != ':':
		return nil, fmt.Errorf("%s takes a colon: %s", k.Name, k.Example)
	case w.value == "":
		return nil, fmt.Errorf("%s%c needs a value: %s", k.Name, w.op, k.Example)
	case k.compares():
		return k.compare(w.op == '>', w.value)
	}
	return k.equal(w.value)
}
