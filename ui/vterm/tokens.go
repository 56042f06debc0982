package vterm

import (
	"bytes"
	"unicode/utf8"
)

// Limits of what one sequence may be; a longer one is dropped as a whole.
const (
	maxParams  = 30    // of a control sequence; more are left out
	maxNumber  = 65535 // of a parameter
	maxString  = 2048  // bytes of an OSC string: a title, nothing else is kept
	maxInter   = 2     // intermediate bytes
	noParam    = -1    // a parameter that is not given
	stringOSC  = ']'
	stringSkip = 'P' // DCS, APC, PM and SOS, of which nothing is kept
)

// tokens takes a program's output apart, before anything reaches the emulator: that allocates 4 MB for one string, takes
// bytes of UTF-8 for C1 controls (a title with the byte 0x9c ends early and the rest is printed) and lets a broken
// character swallow the ESC after it. Only what is known and complete is handed on.
type tokens struct {
	state  func(*machine, byte)
	broken []byte // the beginning of a UTF-8 character whose end has not come yet

	prefix  byte
	inter   []byte
	params  []param
	tooMany bool

	kind byte // of string
	text []byte
}

// param is a number of a control sequence.
type param struct {
	n   int
	sub bool // the next one is a part of it, after a colon
}

// feed takes a program's output.
func (m *machine) feed(b []byte) {
	for len(b) > 0 {
		b = b[m.token(b):]
	}
}

// token takes what b begins with, text or a sequence or a part of one, and returns how many bytes that was.
func (m *machine) token(b []byte) int {
	if m.tok.state != nil {
		return m.inSequence(b)
	}
	return m.inText(b)
}

// inSequence gives bytes to the sequence that has begun, and returns how many.
func (m *machine) inSequence(b []byte) int {
	for i, c := range b {
		m.tok.state(m, c)
		if m.tok.state == nil {
			return i + 1
		}
	}
	return len(b)
}

// inText takes what b begins with outside of any sequence, text or one control character, and returns how many bytes
// that was.
func (m *machine) inText(b []byte) int {
	if len(m.tok.broken) > 0 {
		return m.mend(b)
	}
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] != 0x7f {
		if b[n] < utf8.RuneSelf {
			n++
			continue
		}
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 || r < 0xa0 {
			break
		}
		n += size
	}
	if n > 0 {
		m.print(b[:n])
		return n
	}
	switch c := b[0]; {
	case c == 0x1b:
		m.begin(inEscape)
		return 1
	case c < utf8.RuneSelf:
		m.control(c)
		return 1
	case !utf8.FullRune(b):
		m.tok.broken = append(m.tok.broken, b...)
		return len(b)
	}
	if _, size := utf8.DecodeRune(b); size > 1 { // a C1 control: every program of today sends the form with ESC
		return size
	}
	m.print([]byte(replacement))
	return 1
}

// mend completes a UTF-8 character whose beginning came with an earlier read.
func (m *machine) mend(b []byte) int {
	whole := append(m.tok.broken, b[0])
	if b[0] < utf8.RuneSelf || utf8.RuneStart(b[0]) { // not its end
		m.tok.broken = m.tok.broken[:0]
		m.print([]byte(replacement))
		return 0
	}
	if !utf8.FullRune(whole) {
		m.tok.broken = whole
		return 1
	}
	whole = bytes.Clone(whole)
	m.tok.broken = m.tok.broken[:0]
	m.feed(whole)
	return 1
}

func (m *machine) begin(state func(*machine, byte)) {
	t := &m.tok
	t.state = state
	t.prefix, t.inter, t.params, t.tooMany = 0, t.inter[:0], t.params[:0], false
}

// anywhere handles what ends or interrupts any sequence (the states of vt100.net's parser); it tells whether c did.
func (m *machine) anywhere(c byte) bool {
	switch {
	case c == 0x1b:
		m.begin(inEscape)
	case c == 0x18 || c == 0x1a: // CAN, SUB
		m.tok.state = nil
	case c < ' ':
		m.control(c)
	case c == 0x7f:
	default:
		return false
	}
	return true
}

func inEscape(m *machine, c byte) {
	t := &m.tok
	switch {
	case m.anywhere(c):
	case c >= 0x80: // not in any sequence: leave it, and take it as text
		t.state = nil
		m.feed([]byte{c})
	case c < '0':
		if len(t.inter) < maxInter {
			t.inter = append(t.inter, c)
		}
	case len(t.inter) > 0:
		t.state = nil
		m.escape(t.inter[0], c)
	case c == '[':
		t.state = inControl
	case c == ']':
		m.beginString(stringOSC)
	case c == 'P' || c == '_' || c == '^' || c == 'X':
		m.beginString(stringSkip)
	default:
		t.state = nil
		m.escape(0, c)
	}
}

func inControl(m *machine, c byte) {
	t := &m.tok
	switch {
	case m.anywhere(c):
	case c >= 0x80:
		t.state = nil
		m.feed([]byte{c})
	case c >= '0' && c <= '9':
		p := t.param()
		p.n = min(max(p.n, 0)*10+int(c-'0'), maxNumber)
	case c == ';' || c == ':':
		t.param().sub = c == ':'
		t.params = append(t.params, param{n: noParam})
		if len(t.params) > maxParams {
			t.params, t.tooMany = t.params[:maxParams], true
		}
	case c >= '<' && c <= '?':
		t.prefix = c
	case c < '0':
		if len(t.inter) < maxInter {
			t.inter = append(t.inter, c)
		}
	default:
		t.state = nil
		m.csi(c)
	}
}

// param is the parameter that is being read.
func (t *tokens) param() *param {
	if len(t.params) == 0 {
		t.params = append(t.params, param{n: noParam})
	}
	if t.tooMany {
		return &param{}
	}
	return &t.params[len(t.params)-1]
}

func (m *machine) beginString(kind byte) {
	m.tok.state, m.tok.kind, m.tok.text = inString, kind, m.tok.text[:0]
}

// inString collects an OSC string up to BEL or ST and skips the others. ESC ends it, whatever follows.
func inString(m *machine, c byte) {
	t := &m.tok
	switch {
	case c == 0x1b:
		m.endString()
		m.begin(inEscape) // of ST only its backslash is left, which does nothing
	case c == '\a' && t.kind == stringOSC:
		m.endString()
		t.state = nil
	case c == 0x18 || c == 0x1a:
		t.state = nil
	case t.kind == stringOSC && len(t.text) <= maxString:
		t.text = append(t.text, c)
	}
}

func (m *machine) endString() {
	if m.tok.kind == stringOSC && len(m.tok.text) <= maxString {
		m.osc(m.tok.text)
	}
}
