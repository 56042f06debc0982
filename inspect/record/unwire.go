package record

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"cutaway/inspect/reading"
)

// maxDepth is how deep values that nobody knows may be in each other; the known ones are as deep as their types.
const maxDepth = 64

// parser reads the text form of values. It trusts nothing: each thing that it makes is paid for from room.
type parser struct {
	in   []byte
	at   int
	room *int64 // bytes of memory that may still be used
	err  error
}

var (
	errForm = errors.New("it is damaged")
	errRoom = errors.New("it holds more than cutaway reads")
)

// parse fills what to points at from a text, all of which must be one value.
func parse(in []byte, to any, room *int64) error {
	p := &parser{in: in, room: room}
	p.value(reflect.ValueOf(to).Elem())
	p.blank()
	if p.at < len(p.in) {
		p.fail()
	}
	return p.err
}

// fail notes a mistake in the text; the first one counts.
func (p *parser) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("%w: at byte %d of a line", errForm, p.at)
	}
}

// pay takes memory.
func (p *parser) pay(bytes int) bool {
	*p.room -= int64(bytes)
	if *p.room < 0 && p.err == nil {
		p.err = errRoom
	}
	return p.err == nil
}

func (p *parser) blank() {
	for p.at < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.at]) >= 0 {
		p.at++
	}
}

// peek is the next byte that is not blank; 0 at the end, and after a mistake.
func (p *parser) peek() byte {
	p.blank()
	if p.err != nil || p.at >= len(p.in) {
		return 0
	}
	return p.in[p.at]
}

// take passes over a byte when it is the next.
func (p *parser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(c byte) {
	if !p.take(c) {
		p.fail()
	}
}

// word passes over a word such as null when it is the next.
func (p *parser) word(w string) bool {
	p.blank()
	if p.err != nil || !strings.HasPrefix(string(p.in[p.at:min(p.at+len(w), len(p.in))]), w) {
		return false
	}
	p.at += len(w)
	return true
}

// each reads the items of what begins with one byte and ends with another.
func (p *parser) each(open, end byte, item func()) {
	p.want(open)
	if p.take(end) {
		return
	}
	for p.err == nil {
		item()
		if p.take(',') {
			continue
		}
		p.want(end)
		return
	}
}

// members reads the members of an object.
func (p *parser) members(member func(key string)) {
	p.each('{', '}', func() {
		key := p.text()
		p.want(':')
		member(key)
	})
}

// value reads into a value of any type that appendValue can write.
func (p *parser) value(v reflect.Value) {
	s := shapeOf(v.Type())
	switch s.form {
	case asText:
		if text := p.text(); p.err == nil && text != "" && v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
			p.fail()
		}
		return
	case asHow:
		v.Set(reflect.ValueOf(p.how()))
		return
	case asReading:
		p.reading(v)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		p.bool(v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(p.number(), 10, v.Type().Bits())
		p.check(err)
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(p.number(), 10, v.Type().Bits())
		p.check(err)
		v.SetUint(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(p.number(), 64)
		p.check(err)
		v.SetFloat(n)
	case reflect.String:
		v.SetString(p.text())
	case reflect.Pointer:
		if p.word("null") || !p.pay(int(v.Type().Elem().Size())) {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		p.value(v.Elem())
	case reflect.Slice:
		p.slice(v)
	case reflect.Array:
		p.array(v)
	case reflect.Map:
		p.mapping(v)
	case reflect.Struct:
		p.fields(v, s)
	default:
		p.fail()
	}
}

func (p *parser) check(err error) {
	if err != nil {
		p.fail()
	}
}

func (p *parser) bool(v reflect.Value) {
	switch {
	case p.word("true"):
		v.SetBool(true)
	case p.word("false"):
		v.SetBool(false)
	default:
		p.fail()
	}
}

func (p *parser) fields(v reflect.Value, s *shape) {
	next := 0 // fields come in order most often
	p.members(func(key string) {
		for i := range s.fields {
			f := &s.fields[(next+i)%len(s.fields)]
			if f.name == key {
				next += i + 1
				p.value(v.Field(f.index))
				return
			}
		}
		p.skip(maxDepth)
	})
}

func (p *parser) slice(v reflect.Value) {
	if p.word("null") {
		return
	}
	size := int(v.Type().Elem().Size())
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	p.each('[', ']', func() {
		if !p.pay(2 * size) { // what grows by doubling is half empty
			return
		}
		n := v.Len()
		v.Grow(1)
		v.SetLen(n + 1)
		p.value(v.Index(n))
	})
}

// array reads a list into a fixed number of places. More than there are of a newer cutaway are passed over.
func (p *parser) array(v reflect.Value) {
	i := 0
	p.each('[', ']', func() {
		if i < v.Len() {
			p.value(v.Index(i))
		} else {
			p.skip(maxDepth)
		}
		i++
	})
}

func (p *parser) mapping(v reflect.Value) {
	if p.word("null") {
		return
	}
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	const overhead = 64
	p.members(func(name string) {
		if !p.pay(overhead + 2*int(t.Key().Size()+t.Elem().Size())) {
			return
		}
		key := reflect.New(t.Key()).Elem()
		if key.CanUint() {
			n, err := strconv.ParseUint(name, 10, t.Key().Bits())
			p.check(err)
			key.SetUint(n)
		} else {
			key.SetString(name)
		}
		value := reflect.New(t.Elem()).Elem()
		p.value(value)
		v.SetMapIndex(key, value)
	})
}

// reading reads [value] or {"unread":"denied 13"}. What is known is there: null for a pointer is a mistake.
func (p *parser) reading(v reflect.Value) {
	if p.peek() == '{' {
		p.members(func(key string) {
			if key == "unread" {
				v.Field(1).Set(reflect.ValueOf(p.how()))
			} else {
				p.skip(maxDepth)
			}
		})
		if v.Field(1).Interface().(reading.How).OK() {
			p.fail()
		}
		return
	}
	p.want('[')
	p.value(v.Field(0))
	p.want(']')
	if v.Field(0).Kind() == reflect.Pointer && v.Field(0).IsNil() {
		p.fail()
	}
	v.Field(1).Set(reflect.ValueOf(reading.How{State: reading.Known}))
}

// how reads a state with its errno. A state that is not known here is one that failed.
func (p *parser) how() reading.How {
	word, number, _ := strings.Cut(p.text(), " ")
	how := reading.How{State: reading.Failed}
	for state, w := range stateWords {
		if w == word {
			how.State = reading.State(state)
		}
	}
	if number != "" {
		n, err := strconv.ParseUint(number, 10, 16)
		p.check(err)
		how.Errno = uint16(n)
	}
	return how
}

// number is the text of a number.
func (p *parser) number() string {
	p.blank()
	from := p.at
	for p.err == nil && p.at < len(p.in) && strings.IndexByte("+-.0123456789eE", p.in[p.at]) >= 0 {
		p.at++
	}
	const longest = 40
	if p.at-from > longest {
		p.fail()
		return ""
	}
	return string(p.in[from:p.at])
}

// text reads a string.
func (p *parser) text() string {
	p.want('"')
	if p.err != nil {
		return ""
	}
	from := p.at
	for p.at < len(p.in) && p.in[p.at] != '"' && p.in[p.at] != '\\' {
		p.at++
	}
	if p.at < len(p.in) && p.in[p.at] == '"' {
		p.at++
		if !p.pay(p.at - from) {
			return ""
		}
		return string(p.in[from : p.at-1])
	}
	b := append([]byte(nil), p.in[from:p.at]...)
	for p.at < len(p.in) && p.err == nil {
		c := p.in[p.at]
		p.at++
		switch c {
		case '"':
			p.pay(len(b))
			return string(b)
		case '\\':
			b = p.escape(b)
		default:
			b = append(b, c)
		}
	}
	p.fail()
	return ""
}

// escape reads what stands behind a backslash.
func (p *parser) escape(b []byte) []byte {
	if p.at >= len(p.in) {
		return b
	}
	c := p.in[p.at]
	p.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return append(b, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' {
		p.fail()
		return b
	}
	r := p.four()
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(b, r)
	}
	if r >= 0xdc80 && r <= 0xdcff {
		return append(b, byte(r-0xdc00))
	}
	if !p.word(`\u`) {
		p.fail()
		return b
	}
	pair := utf16.DecodeRune(r, p.four())
	if pair == utf8.RuneError {
		p.fail()
	}
	return utf8.AppendRune(b, pair)
}

// four reads four hexadecimal digits.
func (p *parser) four() rune {
	end := min(p.at+4, len(p.in))
	n, err := strconv.ParseUint(string(p.in[p.at:end]), 16, 16)
	p.check(err)
	if end-p.at < 4 {
		p.fail()
	}
	p.at = end
	return rune(n)
}

// skip passes over a value that is not known here.
func (p *parser) skip(depth int) {
	if depth == 0 {
		p.fail()
		return
	}
	switch p.peek() {
	case '{':
		p.members(func(string) { p.skip(depth - 1) })
	case '[':
		p.each('[', ']', func() { p.skip(depth - 1) })
	case '"':
		p.text()
	default:
		if !p.word("null") && !p.word("true") && !p.word("false") && p.number() == "" {
			p.fail()
		}
	}
}
