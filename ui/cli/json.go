package cli

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"unicode"
	"unicode/utf8"

	"cutaway/inspect/reading"
)

// schema is the version of the JSON that docs/json.md describes. It is raised when a key changes its meaning or goes.
const schema = 1

// jsonWriter writes JSON in one pass. encoding/json needs ten times as long for a process table, and has no way to say
// why a value is missing.
type jsonWriter struct {
	out    io.Writer
	err    error
	buf    []byte
	first  bool     // nothing was written yet in the innermost object or array
	unread []unread // of all open objects, the innermost last
	marks  []int    // where in unread each open object begins
	reason map[reading.How]string
}

// unread is one value of an object that could not be read.
type unread struct {
	key string
	how reading.How
}

// flushAt is when the buffer goes to the output.
const flushAt = 1 << 16

func newJSONWriter(out io.Writer) *jsonWriter {
	return &jsonWriter{out: out, first: true, buf: make([]byte, 0, flushAt+flushAt/4), reason: map[reading.How]string{}}
}

// document writes one JSON document with the schema's number in front, and a newline after it.
func (j *jsonWriter) document(fill func()) error {
	j.open()
	j.key("schema").int(schema)
	fill()
	j.close()
	j.newline()
	j.flush()
	return j.err
}

func (j *jsonWriter) flush() {
	if j.err == nil {
		_, j.err = j.out.Write(j.buf)
	}
	j.buf = j.buf[:0]
}

// newline makes long output one line for each process, fit for grep and for the pager, and lets it go when it is much.
func (j *jsonWriter) newline() {
	j.buf = append(j.buf, '\n')
	if len(j.buf) >= flushAt {
		j.flush()
	}
}

// separate writes the comma before every element but the first.
func (j *jsonWriter) separate() {
	if !j.first {
		j.buf = append(j.buf, ',')
	}
	j.first = false
}

// open begins an object: as the document, after key, or as an element of an array after elem.
func (j *jsonWriter) open() {
	j.buf = append(j.buf, '{')
	j.first = true
	j.marks = append(j.marks, len(j.unread))
}

// close ends an object, after the reasons for the values in it that could not be read.
func (j *jsonWriter) close() {
	mark := j.marks[len(j.marks)-1]
	j.marks = j.marks[:len(j.marks)-1]
	missing := j.unread[mark:]
	if len(missing) > 0 {
		j.key("unread")
		j.buf = append(j.buf, '{')
		j.first = true
		for _, u := range missing {
			j.key(u.key).string(j.why(u.how))
		}
		j.buf = append(j.buf, '}')
	}
	j.unread = j.unread[:mark]
	j.buf = append(j.buf, '}')
	j.first = false
}

// why keeps the words for a reading that went wrong: as a normal user most processes have the same few.
func (j *jsonWriter) why(how reading.How) string {
	text, ok := j.reason[how]
	if !ok {
		text = how.String()
		j.reason[how] = text
	}
	return text
}

func (j *jsonWriter) openArray() {
	j.buf = append(j.buf, '[')
	j.first = true
}

func (j *jsonWriter) closeArray() {
	j.buf = append(j.buf, ']')
	j.first = false
}

// key writes a name that is cutaway's own, and needs no escapes. A value must follow.
func (j *jsonWriter) key(name string) *jsonWriter {
	j.separate()
	j.buf = append(j.buf, '"')
	j.buf = append(j.buf, name...)
	j.buf = append(j.buf, '"', ':')
	return j
}

// elem begins an element of an array. A value must follow.
func (j *jsonWriter) elem() *jsonWriter {
	j.separate()
	return j
}

func (j *jsonWriter) null()         { j.buf = append(j.buf, "null"...) }
func (j *jsonWriter) bool(v bool)   { j.buf = strconv.AppendBool(j.buf, v) }
func (j *jsonWriter) int(v int)     { j.buf = strconv.AppendInt(j.buf, int64(v), 10) }
func (j *jsonWriter) uint(v uint64) { j.buf = strconv.AppendUint(j.buf, v, 10) }

// decimal writes a number with at most so many digits after the point, and without zeros at its end.
func (j *jsonWriter) decimal(v float64, digits int) {
	j.buf = strconv.AppendFloat(j.buf, v, 'f', digits, 64)
	for j.buf[len(j.buf)-1] == '0' && digits > 0 {
		j.buf = j.buf[:len(j.buf)-1]
		digits--
	}
	if j.buf[len(j.buf)-1] == '.' {
		j.buf = j.buf[:len(j.buf)-1]
	}
}

// mask writes a bit mask as the kernel does: sixteen hexadecimal digits.
func (j *jsonWriter) mask(v uint64) {
	j.buf = append(j.buf, '"')
	for shift := 60; shift >= 0; shift -= 4 {
		j.buf = append(j.buf, hexDigits[v>>shift&15])
	}
	j.buf = append(j.buf, '"')
}

const hexDigits = "0123456789abcdef"

// string writes text. What a terminal could obey is escaped; a byte that is not UTF-8 becomes U+FFFD (text keeps it).
func (j *jsonWriter) string(s string) {
	j.buf = append(j.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if plainInJSON[c] {
				i++
				continue
			}
			j.buf = append(j.buf, s[from:i]...)
			j.escapeByte(c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if visible(r, size) {
			i += size
			continue
		}
		j.buf = append(j.buf, s[from:i]...)
		j.escapeRune(r)
		i += size
		from = i
	}
	j.buf = append(j.buf, s[from:]...)
	j.buf = append(j.buf, '"')
}

// visible tells whether a rune may stand in JSON unescaped although somebody may look at it in a terminal.
func visible(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && unicode.IsGraphic(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plainInJSON are the ASCII bytes that need no escape.
var plainInJSON = func() (plain [utf8.RuneSelf]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != '"' && c != '\\' && c != 0x7f
	}
	return plain
}()

func (j *jsonWriter) escapeByte(c byte) {
	switch c {
	case '"', '\\':
		j.buf = append(j.buf, '\\', c)
	case '\n':
		j.buf = append(j.buf, '\\', 'n')
	case '\t':
		j.buf = append(j.buf, '\\', 't')
	default:
		j.buf = append(j.buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}

// escapeRune writes \u escapes, a pair of surrogates for what lies above U+FFFF.
func (j *jsonWriter) escapeRune(r rune) {
	if r > 0xffff {
		r -= 0x10000
		j.buf = fmt.Appendf(j.buf, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		return
	}
	j.buf = fmt.Appendf(j.buf, `\u%04x`, r)
}

// text writes key and a string of another process's choice. When it is not UTF-8, key_bytes beside it holds the true
// bytes in base64.
func (j *jsonWriter) text(key, s string) {
	j.key(key).string(s)
	if !utf8.ValidString(s) {
		j.key(key + "_bytes").base64(s)
	}
}

// texts writes an array of such strings; key_bytes beside it holds all of them when one is not UTF-8.
func (j *jsonWriter) texts(key string, list []string) {
	valid := true
	j.key(key).openArray()
	for _, s := range list {
		j.elem().string(s)
		valid = valid && utf8.ValidString(s)
	}
	j.closeArray()
	if valid {
		return
	}
	j.key(key + "_bytes").openArray()
	for _, s := range list {
		j.elem().base64(s)
	}
	j.closeArray()
}

func (j *jsonWriter) base64(s string) {
	j.buf = append(j.buf, '"')
	j.buf = base64.StdEncoding.AppendEncode(j.buf, []byte(s))
	j.buf = append(j.buf, '"')
}

// missing writes null, and remembers why for the end of the object.
func (j *jsonWriter) missing(key string, how reading.How) {
	j.key(key).null()
	j.unread = append(j.unread, unread{key, how})
}

// ints writes an array of numbers.
func ints[T ~int | ~uint32](j *jsonWriter, key string, list []T) {
	j.key(key).openArray()
	for _, v := range list {
		j.elem().int(int(v))
	}
	j.closeArray()
}

// known writes a reading: its value with write, or null and the reason.
func known[T any](j *jsonWriter, key string, r reading.Of[T], write func(T)) {
	if !r.OK() {
		j.missing(key, r.How)
		return
	}
	j.key(key)
	write(r.Value)
}

// knownText writes a reading of another process's text.
func knownText(j *jsonWriter, key string, r reading.Of[string]) {
	if !r.OK() {
		j.missing(key, r.How)
		return
	}
	j.text(key, r.Value)
}
