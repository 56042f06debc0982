package tui

import (
	"fmt"
	"image/color"
	"strings"
)

// style is one of the few looks of the screen; each has one meaning.
type style uint8

const (
	plain  style = iota
	dim          // labels, and what is the same or not important
	strong       // names, and what is in front
	accent       // keys, files and engines: what leads somewhere
	own          // a namespace of its own; history
	good
	warn
	bad
	chosen // what the cursor of a dialog is on
	front  // the screen that is shown, in the bar
	mask   // hexadecimal masks and their bits
	share0 // letters of shared namespaces, in turn
	share1
	share2
	share3
	styles
)

// shareStyle is the colour of a share's letter; the letter itself tells shares apart where colours repeat.
func shareStyle(letter byte) style {
	return share0 + style(letter-'A')%(styles-share0)
}

// sgr are the styles in the terminal's own sixteen colours (ECMA-48 SGR), which follow the person's palette and so stay
// readable on light and dark. Faint is used for dim because bright black is the background itself in some palettes.
var sgr = [styles]string{
	plain: "", dim: "2", strong: "1", accent: "36", own: "94", good: "32", warn: "33", bad: "31", mask: "33", chosen: "7", front: "7",
	share0: "35", share1: "33", share2: "32", share3: "91",
}

// surface is what a line is drawn on.
type surface uint8

const (
	onBase   surface = iota
	onBar            // the bars at the top and the bottom
	onCursor         // the selected row of the pane that has the keys
	onMarked         // the selected row of another pane
	surfaces
)

// theme holds the escape sequence for every style on every surface, made once, because a style library costs some
// microseconds for each cell.
type theme struct {
	seq [surfaces][styles]string
}

// newTheme makes the theme for a terminal whose background is bg, or not known when nil. Only a known background
// can be shaded: else the cursor is drawn in reverse, which is readable on all.
func newTheme(bg color.Color) *theme {
	t := &theme{}
	ground := [surfaces]string{onCursor: "7;1", onMarked: "1", onBar: ""}
	if bg != nil {
		ground = [surfaces]string{onBar: shade(bg, 14), onMarked: shade(bg, 18), onCursor: shade(bg, 40)}
	}
	for on := range t.seq {
		for st := range t.seq[on] {
			look := sgr[st]
			if style(st) == front && bg != nil {
				look = shade(bg, 40) + ";1"
			}
			if bg == nil && surface(on) == onCursor {
				look = "" // reverse would turn colours into grounds
			}
			t.seq[on][st] = sequence(ground[on], look)
		}
	}
	return t
}

func sequence(parts ...string) string {
	var set []string
	for _, p := range parts {
		if p != "" {
			set = append(set, p)
		}
	}
	if len(set) == 0 {
		return ""
	}
	return "\x1b[" + strings.Join(set, ";") + "m"
}

// shade is a background some steps (of 255) nearer to the middle than bg.
func shade(bg color.Color, steps int) string {
	r, g, b, _ := bg.RGBA()
	if (r*299+g*587+b*114)/1000 >= 0x8000 {
		steps = -steps
	}
	move := func(c uint32) int { return min(max(int(c>>8)+steps, 0), 255) }
	return fmt.Sprintf("48;2;%d;%d;%d", move(r), move(g), move(b))
}
