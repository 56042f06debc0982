package record

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"cutaway/inspect/reading"
)

// The text form of Go values: JSON, made of the fields' names. Fields that are zero are left out, and what a reader does not
// know it passes over, so that fields may come and go within a version. Three things JSON has no word for:
//
//   - a byte of a string that is not UTF-8 is the lone surrogate U+DC80 to U+DCFF, as Python's "surrogateescape" writes it;
//   - a reading is [value], or {"unread":"denied 13"}, with the state and the errno;
//   - a time or an address is its text.

// shape is how values of a type are written.
type shape struct {
	form   form
	fields []field // of a struct, in order
}

type form uint8

const (
	asKind    form = iota // as its kind says
	asText                // by its own MarshalText
	asHow                 // a reading.How
	asReading             // a reading.Of
)

type field struct {
	name  string
	index int
}

var (
	howType    = reflect.TypeFor[reading.How]()
	marshaler  = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshler = reflect.TypeFor[encoding.TextUnmarshaler]()
	shapes     sync.Map // reflect.Type to *shape
)

// shapeOf looks at a type once.
func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{}
	switch {
	case t == howType:
		s.form = asHow
	case t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "Value" && t.Field(1).Type == howType:
		s.form = asReading
	case t.Kind() == reflect.Struct && t.Implements(marshaler) && reflect.PointerTo(t).Implements(unmarshler):
		s.form = asText
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				s.fields = append(s.fields, field{f.Name, i})
			}
		}
	}
	shapes.Store(t, s)
	return s
}

// stateWords are the words of the states of a reading. They stay as they are for ever.
var stateWords = [...]string{
	reading.NotRead: "not_read", reading.Known: "known", reading.Denied: "denied", reading.Gone: "gone",
	reading.Absent: "absent", reading.Failed: "failed",
}

// appendValue writes a value. Types that have no form here are a mistake in cutaway, which the tests of all types find.
func appendValue(b []byte, v reflect.Value) []byte {
	s := shapeOf(v.Type())
	switch s.form {
	case asText:
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return append(b, `""`...) // a time after the year 9999
		}
		return appendString(b, string(text))
	case asHow:
		return appendHow(b, v.Interface().(reading.How))
	case asReading:
		how := v.Field(1).Interface().(reading.How)
		if !how.OK() {
			return append(appendHow(append(b, `{"unread":`...), how), '}')
		}
		return append(appendValue(append(b, '['), v.Field(0)), ']')
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10)
	case reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return appendValue(b, v.Elem())
	case reflect.Slice, reflect.Array:
		return appendList(b, v)
	case reflect.Map:
		return appendMap(b, v)
	case reflect.Struct:
		return appendStruct(b, v, s)
	}
	panic(fmt.Sprintf("record: no form for %s", v.Type()))
}

func appendStruct(b []byte, v reflect.Value, s *shape) []byte {
	b = append(b, '{')
	first := true
	for _, f := range s.fields {
		value := v.Field(f.index)
		if value.IsZero() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, f.name...)
		b = append(b, '"', ':')
		b = appendValue(b, value)
	}
	return append(b, '}')
}

func appendList(b []byte, v reflect.Value) []byte {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, v.Index(i))
	}
	return append(b, ']')
}

// appendMap writes a map by its keys' order, so that the same snapshot is the same file.
func appendMap(b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(b, "null"...)
	}
	keys := make([]string, 0, v.Len())
	values := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		key := it.Key().String()
		if it.Key().CanUint() {
			key = strconv.FormatUint(it.Key().Uint(), 10)
		}
		keys = append(keys, key)
		values[key] = it.Value()
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		b = appendValue(b, values[key])
	}
	return append(b, '}')
}

func appendHow(b []byte, how reading.How) []byte {
	b = append(b, '"')
	b = append(b, stateWords[min(int(how.State), len(stateWords)-1)]...)
	if how.Errno != 0 {
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(how.Errno), 10)
	}
	return append(b, '"')
}

const hexDigits = "0123456789abcdef"

// appendString writes a string of any bytes.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= utf8.RuneSelf:
			b = append(b, '\\', 'u', 'd', 'c', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
