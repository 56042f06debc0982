package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/caps"
)

// decoder is the dialog that turns a capability mask into names, and names into a mask.
type decoder struct {
	look
	field   textField
	set     caps.Set
	err     error
	which   int // of the masks typed, the one shown
	masks   int
	last    caps.Cap // the highest that this kernel has
	at      int      // index into shown, of the capability that is explained
	shown   []caps.Cap
	inNames bool // the keys go to the names, else to the mask
	plain   bool // differences from Docker's default are not marked
	top     int  // first visible row of the grid

	drawn drawnDecoder
}

// newDecoder opens on a mask, which may be empty.
func newDecoder(lk look, mask string, last caps.Cap) *decoder {
	d := &decoder{look: lk, field: newTextField(mask), last: last}
	d.decode()
	return d
}

// openDecoder starts with the mask that the screen has under its cursor.
func (a *App) openDecoder() { a.open(newDecoder(a.look, a.screen().mask(), a.kernel.last)) }

// decode reads what is typed: one mask, several of which the cursor chooses one, or names.
func (d *decoder) decode() {
	typed := d.field.value()
	d.which, d.masks = 0, 1
	if set, err := caps.Parse(typed); err == nil || strings.TrimSpace(typed) == "" {
		d.setTo(set, nil)
		return
	}
	if words := maskWords(typed); len(words) > 1 {
		d.masks = len(words)
		before := string(d.field.runes[:d.field.pos])
		d.which = min(max(len(maskWords(before)), 1), d.masks) - 1
		set, err := caps.Parse(words[d.which])
		if err == nil {
			d.setTo(set, nil)
			return
		}
		d.masks = 1
	}
	if set, err := caps.Encode(typed); err == nil {
		d.setTo(set, nil)
		return
	}
	_, err := caps.Parse(typed)
	if strings.ContainsFunc(typed, func(r rune) bool { return strings.ContainsRune("_ghijklmnopqrstuvwyz", r) }) {
		_, err = caps.Encode(typed)
	}
	d.setTo(0, err)
}

// maskWords splits what may be several masks.
func maskWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
}

// setTo shows a set: every capability with a name, and the bits beyond them that are set.
func (d *decoder) setTo(s caps.Set, err error) {
	d.set, d.err = s, err
	d.shown = append(caps.UpTo(max(d.last, caps.LastKnown())).Caps(), (s &^ caps.UpTo(max(d.last, caps.LastKnown()))).Caps()...)
	d.at = min(d.at, len(d.shown)-1)
}

// toggle adds or removes the capability under the cursor, and writes the new mask.
func (d *decoder) toggle() {
	d.setTo(d.set^caps.Of(d.shown[d.at]), nil)
	d.field = newTextField(d.set.Hex())
	d.which, d.masks = 0, 1
}

func (d *decoder) key(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "esc", "ctrl+c":
		return closeDialog{}
	case "tab", "shift+tab", "enter":
		d.inNames = !d.inNames
		return nil
	case "up":
		d.move(-1)
		return nil
	case "down":
		d.move(1)
		return nil
	case "pgup":
		d.move(-d.drawn.rows)
		return nil
	case "pgdown":
		d.move(d.drawn.rows)
		return nil
	}
	if d.inNames {
		return d.namesKey(msg)
	}
	if before := d.field.pos; d.field.key(msg) || d.field.pos != before {
		d.decode()
	}
	return nil
}

func (d *decoder) namesKey(msg tea.KeyPressMsg) action {
	switch msg.String() {
	case "k":
		d.move(-1)
	case "j":
		d.move(1)
	case "left", "h":
		d.move(-d.drawn.rows)
	case "right", "l":
		d.move(d.drawn.rows)
	case "g", "home":
		d.at = 0
	case "G", "end":
		d.at = len(d.shown) - 1
	case "space":
		d.toggle()
	case "d":
		d.plain = !d.plain
	case "y":
		return copyText{"the names", d.set.String()}
	case "Y":
		return copyText{"the mask", d.set.Hex()}
	case "q":
		return closeDialog{}
	}
	return nil
}

func (d *decoder) move(by int) { d.at = min(max(d.at+by, 0), len(d.shown)-1) }

func (d *decoder) paste(s string) action {
	d.inNames = false
	d.field.insert(strings.TrimSpace(s))
	d.decode()
	return nil
}

func (d *decoder) wheel(rows int) { d.move(rows / wheelRows) }

func (d *decoder) click(x, y int) action {
	for i, r := range d.drawn.cells {
		if r.has(x, y) {
			d.at, d.inNames = d.drawn.first+i, true
			return nil
		}
	}
	if d.drawn.mask.has(x, y) {
		d.inNames = false
	}
	return nil
}

func (d *decoder) footer() []*binding {
	if !d.inNames {
		return []*binding{
			dialogKey("down", "↑↓", "move"), dialogKey("tab", "tab", "names"), dialogKey("esc", "esc", "close"),
		}
	}
	return []*binding{
		dialogKey("down", "↑↓", "move"), dialogKey("tab", "tab", "mask"), dialogKey("space", "space", "set"),
		dialogKey("d", "d", "against docker's default"), dialogKey("y", "y", "copy names"), dialogKey("Y", "Y", "copy mask"),
		dialogKey("esc", "esc", "close"),
	}
}
