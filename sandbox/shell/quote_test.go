package shell

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"cutaway/inspect/livetest"
)

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":               "''",
		"--net=new":      "--net=new",
		"/usr/bin/ls":    "/usr/bin/ls",
		"a b":            "'a b'",
		"it's":           `'it'\''s'`,
		"~":              "'~'",
		"=ls":            "'=ls'",
		"$HOME":          "'$HOME'",
		"!x":             "'!x'",
		"ä ö":            "'ä ö'",
		"a\nb":           `$'a\012b'`,
		"\x1b]0;'\\\a":   `$'\033]0;\'\\\007'`,
		"\xff":           `$'\377'`,
		"\u202eabc":      `$'\342\200\256abc'`,
		"a\x00; rm -rf ": "a",
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

var texts = []string{
	"", "a", "a b", "'", "''", `"`, `\`, "$x", "`x`", "a\nb", "\n", "-n", "*", "{a,b}", "~root", "=x", "#", "a;b", "\t", "\x7f", "\xff\xfe", "é", "\u202e", "$'x'", "!!", "%s", "\x1b[2J",
}

// What a shell makes of the word is the text.
func TestShellsAgree(t *testing.T) {
	livetest.NeedTools(t, "sh", "bash")
	for _, text := range texts {
		for _, name := range []string{"sh", "bash"} {
			if name == "sh" && strings.HasPrefix(Quote(text), "$'") {
				continue
			}
			agree(t, name, text)
		}
	}
}

func agree(t *testing.T, name, text string) {
	t.Helper()
	out, err := exec.Command(name, "-c", "printf %s "+Quote(text)).Output()
	if err != nil || string(out) != text {
		t.Errorf("%s makes %q of %q, written %s (%v)", name, out, text, Quote(text), err)
	}
}

func FuzzQuote(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 || strings.ContainsRune(text, 0) {
			return
		}
		word := Quote(text)
		if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is written %q, which is not fit for a terminal", text, word)
		}
		agree(t, "bash", text)
	})
}
