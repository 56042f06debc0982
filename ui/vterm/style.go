package vterm

import (
	"image/color"
	"strconv"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Color is a colour as a program asked for it; the zero value is the terminal's own.
type Color uint32

// A colour's kind is in its upper byte, so that the zero value is the default colour.
const (
	colorIndexed Color = 1 << 24
	colorRGB     Color = 2 << 24
)

// Indexed is a colour of the palette: 0 to 15 are the theme's own, 16 to 255 xterm's cube and greys.
func Indexed(n uint8) Color { return colorIndexed | Color(n) }

// RGB is a true colour.
func RGB(r, g, b uint8) Color { return colorRGB | Color(r)<<16 | Color(g)<<8 | Color(b) }

// Attr is a set of attributes of text.
type Attr uint8

// The attributes; a program's double, curly, dotted and dashed underlines are all Underline.
const (
	Bold Attr = 1 << iota
	Faint
	Italic
	Underline
	Blink
	Reverse
	Conceal
	Strike
)

// Style is how text looks. It is comparable; the zero value is plain.
type Style struct {
	FG, BG Color
	Attrs  Attr
}

// attributeCodes are the SGR parameters of the attributes, by bit (ECMA-48, 8.3.117).
var attributeCodes = [...]string{"1", "2", "3", "4", "5", "7", "8", "9"}

// Sequence is the SGR sequence that brings a plain terminal to this style, "" for plain; "\x1b[m" ends it.
func (s Style) Sequence() string {
	if s == (Style{}) {
		return ""
	}
	b := append(make([]byte, 0, 48), "\x1b["...)
	for i, code := range attributeCodes {
		if s.Attrs&(1<<i) != 0 {
			b = append(append(b, code...), ';')
		}
	}
	b = s.FG.append(b, 30)
	b = s.BG.append(b, 40)
	b[len(b)-1] = 'm'
	return string(b)
}

// append writes the SGR parameters of a colour, each with a semicolon; base is 30 for the foreground and 40 for the
// background.
func (c Color) append(b []byte, base int) []byte {
	number := func(n int) { b = append(strconv.AppendInt(b, int64(n), 10), ';') }
	n := int(c & 0xff)
	switch {
	case c&colorRGB != 0:
		number(base + 8)
		number(2)
		number(int(c >> 16 & 0xff))
		number(int(c >> 8 & 0xff))
		number(n)
	case c&colorIndexed == 0:
	case n < 8:
		number(base + n)
	case n < 16:
		number(base + 60 + n - 8)
	default:
		number(base + 8)
		number(5)
		number(n)
	}
	return b
}

// styleOf is a cell's style in our own form.
func styleOf(s *uv.Style) Style {
	if s.IsZero() {
		return Style{}
	}
	out := Style{FG: colorOf(s.Fg), BG: colorOf(s.Bg)}
	for _, a := range [...]struct {
		theirs uint8
		ours   Attr
	}{
		{uv.AttrBold, Bold},
		{uv.AttrFaint, Faint},
		{uv.AttrItalic, Italic},
		{uv.AttrBlink | uv.AttrRapidBlink, Blink},
		{uv.AttrReverse, Reverse},
		{uv.AttrConceal, Conceal},
		{uv.AttrStrikethrough, Strike},
	} {
		if s.Attrs&a.theirs != 0 {
			out.Attrs |= a.ours
		}
	}
	if s.Underline != uv.UnderlineNone {
		out.Attrs |= Underline
	}
	return out
}

// colorOf is a colour in our own form.
func colorOf(c color.Color) Color {
	switch c := c.(type) {
	case nil:
		return 0
	case ansi.BasicColor:
		return Indexed(uint8(c))
	case ansi.IndexedColor:
		return Indexed(uint8(c))
	}
	r, g, b, a := c.RGBA()
	if a == 0 {
		return 0
	}
	return RGB(uint8(r>>8), uint8(g>>8), uint8(b>>8))
}
