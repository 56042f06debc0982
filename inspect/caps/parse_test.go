package caps

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Set{
		"00000000a80425fb": DockerDefault, "a80425fb": DockerDefault, "0xa80425fb": DockerDefault, "0XA80425FB": DockerDefault,
		" a80425fb\n": DockerDefault, "0000_0000_a804_25fb": DockerDefault, "CapEff:\t00000000a80425fb\n": DockerDefault, "CapBnd: 1": 1,
		"0": 0, "ffffffffffffffff": ^Set(0), "0x0": 0, "00000000000000000001": 1,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %s, %v, want %s", text, got.Hex(), err, want.Hex())
		}
	}
	for _, text := range []string{
		"", " ", "0x", "xyz", "g", "-1", "+1", "1 2", "10000000000000000", "_1", "1_", "0x0x1", "CapEff:", "CapFoo: 1", "٣", "1.0",
		strings.Repeat("f", 1000), "\x1b[31m",
	} {
		if got, err := Parse(text); !errors.Is(err, ErrMask) {
			t.Errorf("Parse(%q) = %s, %v, want the error that says what a mask is", text, got.Hex(), err)
		}
	}
}

func TestEncode(t *testing.T) {
	tests := []struct {
		words []string
		want  Set
	}{
		{nil, 0},
		{[]string{""}, 0},
		{[]string{"cap_chown"}, 1},
		{[]string{"CHOWN"}, 1},
		{[]string{"Cap_Net_Admin,cap_net_raw"}, Of(12, 13)},
		{[]string{"net_admin", "net_raw, kill"}, Of(5, 12, 13)},
		{[]string{"13"}, Of(13)},
		{[]string{"cap_41", "63"}, Of(41, 63)},
		{[]string{"all"}, UpTo(40)},
		{[]string{"ALL -sys_admin"}, UpTo(40) &^ Of(21)},
		{[]string{"none", "+kill"}, Of(5)},
		{DockerDefault.Names(), DockerDefault},
		{UpTo(63).Names(), UpTo(63)},
	}
	for _, tt := range tests {
		if got, err := Encode(tt.words...); err != nil || got != tt.want {
			t.Errorf("Encode(%q) = %s, %v, want %s", tt.words, got.Hex(), err, tt.want.Hex())
		}
	}
}

func TestEncodeSuggestsTheNearest(t *testing.T) {
	for word, want := range map[string]string{
		"cap_net_amdin": "did you mean net_admin?", "sysadmin": "did you mean sys_admin?", "chwon": "did you mean chown?",
		"ptrace": "did you mean sys_ptrace?", "checkpoint": "did you mean checkpoint_restore?", "NET_ADMN": "did you mean net_admin?",
		"zebra": "capabilities(7) has the names", "64": "capabilities(7) has the names", "-": "capabilities(7) has the names",
		"x": "capabilities(7) has the names", "\x1b[31m\u202e": "capabilities(7) has the names", strings.Repeat("a", 5000): "capabilities(7) has the names",
	} {
		_, err := Encode(word)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%q) says %v, want %q", word, err, want)
			continue
		}
		if len(err.Error()) > 250 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("Encode(%q) says %q, which is not fit to print", word, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"00000000a80425fb", "0xA8", "CapEff:\t1", "f_f", "::", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(s.Hex()); err != nil || again != s {
			t.Errorf("Parse(%q) = %s, which reads as %s, %v", text, s.Hex(), again.Hex(), err)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("cap_chown,kill 41")
	f.Add("all -sys_admin")
	f.Add("net_amdin")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Encode(text)
		if err != nil {
			return
		}
		if again, err := Encode(s.Names()...); err != nil || again != s {
			t.Errorf("Encode(%q) = %s, whose names encode as %s, %v", text, s.Hex(), again.Hex(), err)
		}
	})
}
