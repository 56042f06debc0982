package compare

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

func text(s string) *Value { return known(s, inspect.Source{}) }

func missing(s reading.State) *Value {
	return unknown(reading.How{State: s}, inspect.Source{})
}

func TestStateOf(t *testing.T) {
	none, denied := missing(reading.Absent), missing(reading.Denied)
	for i, c := range []struct {
		l, r *Value
		want State
	}{
		{text("a"), text("a"), Same},
		{text(""), text(""), Same},
		{text("a"), text("b"), Different},
		{text("a"), nil, OnlyLeft},
		{nil, text("a"), OnlyRight},
		{nil, nil, Same},
		{none, none, Same},
		{none, nil, Same},
		{text("a"), none, OnlyLeft},
		{none, text(""), OnlyRight},
		{denied, text("a"), Unknown},
		{text("a"), denied, Unknown},
		{denied, denied, Unknown},
		{denied, none, Unknown},
		{nil, denied, Unknown},
		{missing(reading.NotRead), text("a"), Unknown},
		{missing(reading.Gone), missing(reading.Failed), Unknown},
	} {
		if got := stateOf(c.l, c.r); got != c.want {
			t.Errorf("%d: %v, not %v", i, got, c.want)
		}
	}
}

// listOf makes a list of words, each "key" or "key=value".
func listOf(words string) list {
	l := list{how: reading.How{State: reading.Known}}
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		l.add(key, key, func() *Value { return text(value) })
	}
	return l
}

// rowsText is rows as a person would write them: "a:1/2" and "b:1/-".
func rowsText(rows []Row) string {
	words := make([]string, len(rows))
	for i := range rows {
		side := func(v *Value) string {
			switch {
			case v == nil:
				return "-"
			case !v.How.OK():
				return "(" + v.How.State.String() + ")"
			}
			return v.Text
		}
		words[i] = fmt.Sprintf("%s:%s/%s", rows[i].Key, side(rows[i].Left), side(rows[i].Right))
	}
	return strings.Join(words, " ")
}

func TestJoin(t *testing.T) {
	sorted := func(l list) list { return l.inOrder() }
	asIs := func(l list) list { return l }
	unread := list{how: reading.How{State: reading.Denied}}
	for i, c := range []struct {
		l, r  list
		order func(list) list
		want  string
	}{
		{listOf(""), listOf(""), asIs, ""},
		{listOf("a=1 b=2"), listOf("a=1 b=3"), asIs, "a:1/1 b:2/3"},
		{listOf("a b c"), listOf("x b y"), asIs, "a:/- x:-/ b:/ c:/- y:-/"},
		{listOf("a b"), listOf("b a"), asIs, "a:/ b:/"},
		{listOf("a b c"), listOf("c x a"), asIs, "x:-/ a:/ b:/- c:/"},
		{listOf("b=1 d=1"), listOf("c=2 a=2"), sorted, "a:-/2 b:1/- c:-/2 d:1/-"},
		{listOf("a=1 a=2"), listOf("a=1 a=2"), asIs, "a:1/1 a #2:2/2"},
		{listOf("a=1 a=2 b"), listOf("a=3 b"), asIs, "a:1/3 a #2:2/- b:/"},
		{listOf("a=1"), listOf("a=1 a=2 a=3"), asIs, "a:1/1 a #2:-/2 a #3:-/3"},
		{unread, listOf("a b"), asIs, "things:(denied)/2 listed"},
		{listOf("a"), list{how: reading.How{State: reading.Absent}}, asIs, "things:1 listed/(absent)"},
		{unread, unread, asIs, "things:(denied)/(denied)"},
	} {
		p := &pairs{group: &Group{}}
		p.join("things", c.order(c.l), c.order(c.r))
		if got := rowsText(p.group.Rows); got != c.want {
			t.Errorf("%d: %q, not %q", i, got, c.want)
		}
	}
}

// However much a container has, what is compared is bounded, and what is left out is told.
func TestJoinIsBounded(t *testing.T) {
	l := listOf(strings.Repeat("x ", most+10))
	p := &pairs{group: &Group{}}
	p.join("things", l, listOf("x"))
	rows := p.group.Rows
	if len(rows) != most+1 {
		t.Fatalf("%d rows", len(rows))
	}
	if last := rowsText(rows[most:]); last != "things more:10 not compared/0 not compared" || rows[most].State != Unknown {
		t.Errorf("the last row is %q, %v", last, rows[most].State)
	}
	seen := map[string]bool{}
	for i := range rows {
		if seen[rows[i].Key] {
			t.Fatalf("%q is there twice", rows[i].Key)
		}
		seen[rows[i].Key] = true
	}
}

func TestTexts(t *testing.T) {
	for got, want := range map[string]string{
		size(0): "0", size(1): "1", size(1536): "1536", size(1 << 10): "1K", size(128 << 20): "128M", size(3 << 40): "3T",
		cores(0): "0 cores", cores(500): "0.5 cores", cores(2000): "2 cores", cores(1250): "1.25 cores", cores(10000): "10 cores",
		mapText(nil): "",
		mapText([]proc.IDMapping{{Count: 1<<32 - 1}}):                                                "every id to itself",
		mapText([]proc.IDMapping{{Outside: 1000, Count: 1}, {Inside: 1, Outside: 100000, Count: 9}}): "0→1000 +1, 1→100000 +9",
		setsNote(caps.Set(3), caps.Set(6)):                                                           "only left: chown; only right: dac_read_search",
		setsNote(caps.Set(1), 0):                                                                     "only left: chown",
		seccompText(0, reading.Of[uint32]{}):                                                         "off",
		seccompText(1, reading.Of[uint32]{}):                                                         "strict",
		seccompText(2, reading.Of[uint32]{}):                                                         "filter",
		seccompText(2, reading.Value[uint32](2)):                                                     "filter, 2",
	} {
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if d := cmp.Diff([]string{"same", "different", "only_left", "only_right", "unknown"}, stateWords()); d != "" {
		t.Error(d)
	}
}

func stateWords() (words []string) {
	for s := range State(States) {
		words = append(words, s.String())
	}
	return words
}
