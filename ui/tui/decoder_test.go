package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestDecoder(t *testing.T) {
	cases := []struct {
		name, typed string
		want        []string
	}{
		{"docker's default", "00000000a80425fb", []string{"14 capabilities", "docker's default set", "$ capsh --decode=00000000a80425fb"}},
		{"prefix and upper case", "0xA80425FB", []string{"docker's default set"}},
		{"more than docker", "a80435fb", []string{"docker's default + net_admin", "+ 12 net_admin"}},
		{"less than docker", "a80425fa", []string{"docker's default − chown", "-  0 chown"}},
		{"all", "1ffffffffff", []string{"all 41"}},
		{"several masks", "1 a80425fb 2", []string{"mask 3 of 3", "■  1 dac_override"}},
		{"names", "net_admin,sys_admin", []string{"2 capabilities", "$ capsh --decode=0000000000201000"}},
		{"bits that nobody named", "8000000000000000", []string{"63 no name here"}},
		{"nothing", "", []string{"type or paste a mask"}},
		{"not a mask", "12g", []string{"12g"}},
		{"too long", "11111111111111111", []string{"up to 16 hexadecimal digits"}},
		{"a status line", "CapEff:\t00000000a80425fb", []string{"docker's default set"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := testApp(t, 120, 40)
			d.press("d", "ctrl+u")
			d.send(tea.PasteMsg{Content: c.typed})
			d.has(c.want...)
		})
	}
}

func TestDecoderKeys(t *testing.T) {
	d := testApp(t, 80, 24)
	d.press("d", "ctrl+u")
	d.typed("a80425fb")
	d.press("down")
	d.has("cap_dac_override  bit 1")
	d.press("tab", "space")
	d.has("00000000a80425f9", "-  1 dac_override")
	d.press("d")
	d.has("·  1 dac_override")
	d.press("y")
	if got := d.copied(); got[:9] != "cap_chown" {
		t.Errorf("y copied %q", got)
	}
	d.press("Y")
	if got := d.copied(); got != "00000000a80425f9" {
		t.Errorf("Y copied %q", got)
	}
	d.press("right")
	d.has("cap_ipc_owner  bit 15")
	d.press("esc")
	d.hasNot("decode a capability mask")
}

// The several masks that were typed are told apart by the cursor of the text.
func TestDecoderChoosesMask(t *testing.T) {
	d := testApp(t, 120, 40)
	d.press("d", "ctrl+u")
	d.typed("1 2")
	d.has("mask 2 of 2", "■  1 dac_override")
	d.press("left", "left")
	d.has("mask 1 of 2", "■  0 chown")
}

func FuzzDecoder(f *testing.F) {
	f.Add("00000000a80425fb", 3)
	f.Add("0x1 0x2,3", 1)
	f.Add(evil, 0)
	f.Fuzz(func(t *testing.T, typed string, at int) {
		lk := newTestLook()
		d := newDecoder(lk, "", 40)
		d.paste(typed)
		if at >= 0 && at < len(d.field.runes) {
			d.field.pos = at
			d.decode()
		}
		for _, l := range d.view(rect{w: 80, h: 20}) {
			if len(l) == 0 {
				t.Error("an empty line")
			}
		}
	})
}
