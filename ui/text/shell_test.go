package text

import (
	"os/exec"
	"strings"
	"testing"
)

func TestShellQuote(t *testing.T) {
	for s, want := range map[string]string{
		"": "''", "bash": "bash", "/proc/4242/ns/net": "/proc/4242/ns/net", "a b": "'a b'", "$(id)": "'$(id)'",
		"it's": `'it'\''s'`, "--net=x": "--net=x", "=ls": "'=ls'", "~": "'~'", "a;b": "'a;b'", "größe": "'größe'", "!x": "'!x'",
		"a\nb": `$'a\012b'`, "\x1b[2J": `$'\033[2J'`, "\xff'\\": `$'\377\'\\'`, "\u202e7": `$'\342\200\2567'`, "a\x00b": "a",
	} {
		if got := ShellQuote(s); got != want {
			t.Errorf("ShellQuote(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestShellJoin(t *testing.T) {
	if got, want := ShellJoin("nsenter", "-t", "42", "sh", "-c", "echo hi"), "nsenter -t 42 sh -c 'echo hi'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What is printed means the same to the shells people paste it into.
func TestShellQuoteInShells(t *testing.T) {
	words := []string{"", "a b", "it's", "$(id) `id` $HOME *", "a\nb\t", "\x1b[2J7", "\xff\xfe", "\u202e12", `\n\\`, "größe", "#x", "{a,b}", "-n", "!!"}
	for _, shell := range []string{"bash", "zsh", "ksh", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("needs %s", shell)
			}
			args := []string{"-c"}
			if shell == "busybox" {
				args = []string{"sh", "-c"}
			}
			script := "printf '%s|' " + ShellJoin(words...)
			out, err := exec.Command(path, append(args, script)...).Output()
			if err != nil {
				t.Fatalf("%s: %v", script, err)
			}
			if want := strings.Join(words, "|") + "|"; string(out) != want {
				t.Errorf("%s printed %q, want %q", shell, out, want)
			}
		})
	}
}

func FuzzShellQuote(f *testing.F) {
	f.Add("it's")
	f.Add("\x1b[2J")
	f.Fuzz(func(t *testing.T, s string) {
		if got := ShellQuote(s); Sanitise(got) != got {
			t.Errorf("ShellQuote(%q) = %q is not safe to print", s, got)
		}
	})
}
