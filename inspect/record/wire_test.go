package record

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

var update = flag.Bool("update", false, "write the golden files anew")

// filler puts something into every field of a value, so that none is forgotten.
type filler struct{ n uint64 }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000+int64(f.n), 123456789).UTC()))
		return
	case reflect.TypeFor[netip.AddrPort]():
		v.Set(reflect.ValueOf(netip.MustParseAddrPort("[fe80::1%eth0]:80")))
		return
	case howType:
		v.Set(reflect.ValueOf(reading.How{State: reading.State(f.n % 6), Errno: uint16(f.n % 3)}))
		return
	}
	switch s := shapeOf(v.Type()); {
	case s.form == asReading && f.n%4 == 0:
		v.Field(1).Set(reflect.ValueOf(reading.How{State: reading.Denied, Errno: 13}))
		return
	case s.form == asReading:
		f.fill(v.Field(0))
		v.Field(1).Set(reflect.ValueOf(reading.How{State: reading.Known}))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(-int64(f.n % 100))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.n%100 + 1)
		if v.Kind() == reflect.Uint64 {
			v.SetUint(math.MaxUint64 - f.n)
		}
	case reflect.Float64:
		v.SetFloat(float64(f.n) / 3)
	case reflect.String:
		v.SetString(fmt.Sprintf("\x00\x1b\"\\é\U0001f600\u2028\xff\xc3(\xed\xa0\x80 %d", f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for _, field := range shapeOf(v.Type()).fields {
			f.fill(v.Field(field.index))
		}
	}
}

// TestEveryType holds that what a line may hold comes back as it was, bytes that are not UTF-8 too.
func TestEveryType(t *testing.T) {
	var l line
	new(filler).fill(reflect.ValueOf(&l).Elem())
	text := appendValue(nil, reflect.ValueOf(l))
	var back line
	room := most.room
	if err := parse(text, &back, &room); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if !reflect.DeepEqual(l, back) {
		t.Error(cmp.Diff(l, back, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmp.Exporter(func(reflect.Type) bool { return true })))
	}
	if again := appendValue(nil, reflect.ValueOf(back)); string(again) != string(text) {
		t.Error("it is written otherwise the second time")
	}
	if used := most.room - room; used < int64(len(text))/4 {
		t.Errorf("%d bytes of text were counted as %d bytes of memory", len(text), used)
	}
}

// TestFields holds that nobody changes the format without knowing: what is renamed or takes another meaning is lost from older files.
func TestFields(t *testing.T) {
	var list []string
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch s := shapeOf(typ); {
		case s.form == asReading:
			walk(typ.Field(0).Type)
			return
		case s.form != asKind:
			return
		}
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(typ.Elem())
		case reflect.Map:
			walk(typ.Elem())
		case reflect.Struct:
			for _, f := range shapeOf(typ).fields {
				list = append(list, fmt.Sprintf("%s.%s %s", typ, f.name, strings.ReplaceAll(typ.Field(f.index).Type.String(), "cutaway/inspect/", "")))
				walk(typ.Field(f.index).Type)
			}
		}
	}
	walk(reflect.TypeFor[line]())
	slices.Sort(list)
	got := strings.Join(list, "\n") + "\n"
	const file = "testdata/fields.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("the fields of the file's format changed. New ones are fine (-update); for others raise version, and read the older form too.\n%s", d)
	}
}

func TestParse(t *testing.T) {
	type pair struct {
		A int8
		B []string
		C reading.Of[*int]
		D [2]uint8
		E reading.How
	}
	seven := 7
	for _, c := range []struct {
		text string
		want pair
		err  error
	}{
		{text: `{}`},
		{text: ` { "B" : [ "x\udcff\n\ud83d\ude00" , "" ] , "A" : -3 } `, want: pair{A: -3, B: []string{"x\xff\n\U0001f600", ""}}},
		{text: `{"New":{"x":[1,2.5e3,null,true,false,"\u0000"]},"A":1}`, want: pair{A: 1}},
		{text: `{"C":[7],"D":[1,2,3,{"x":0}],"E":"denied 13"}`, want: pair{C: reading.Value(&seven), D: [2]uint8{1, 2}, E: reading.How{State: reading.Denied, Errno: 13}}},
		{text: `{"C":{"unread":"absent","new":1}}`, want: pair{C: reading.Missing[*int](reading.Absent)}},
		{text: `{"E":"some_day"}`, want: pair{E: reading.How{State: reading.Failed}}},
		{text: `{"C":{"unread":"known"}}`, err: errForm},
		{text: `{"C":[null]}`, err: errForm},
		{text: `{"A":128}`, err: errForm},
		{text: `{"A":"1"}`, err: errForm},
		{text: `{"A":1`, err: errForm},
		{text: `{"A":1}}`, err: errForm},
		{text: `{"A":1,}`, err: errForm},
		{text: `{"B":["\ud800"]}`, err: errForm},
		{text: `{"B":["\q"]}`, err: errForm},
		{text: `{"B":["\u12`, err: errForm},
		{text: `{"B":["`, err: errForm},
		{text: `{"B":["\`, err: errForm},
		{text: `{"E":"denied 70000"}`, err: errForm},
		{text: `{"New":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, err: errForm},
		{text: ``, err: errForm},
		{text: `{"B":[` + strings.Repeat(`"",`, 100) + `""]}`, err: errRoom},
		{text: `{"B":["` + strings.Repeat(`x`, 1100) + `"]}`, err: errRoom},
	} {
		var got pair
		room := int64(1000)
		err := parse([]byte(c.text), &got, &room)
		if !errors.Is(err, c.err) {
			t.Errorf("%.80s: error %v, want %v", c.text, err, c.err)
		}
		if err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.80s: %+v, want %+v", c.text, got, c.want)
		}
	}
}
