package proc

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCmdline(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		"sleep\x00100\x00":               {"sleep", "100"},
		"sh\x00-c\x00\x00":               {"sh", "-c", ""},
		"cat\x00\x00":                    {"cat", ""},
		"a\x00\x00b\x00":                 {"a", "", "b"},
		"\x00":                           {""},
		"\x00a\x00":                      {"", "a"},
		"cut\x00sho":                     {"cut", "sho"},
		"/opt/my app/run\x00x\x00":       {"/opt/my app/run", "x"},
		"nginx: master process nginx":    {"nginx: master process nginx"},
		"sshd: a [priv]\x00\x00\x00\x00": {"sshd: a [priv]"},
		"postgres: writer   \x00":        {"postgres: writer   "},
		"\xff\x1b[31m\n\x00":             {"\xff\x1b[31m\n"},
	} {
		if diff := cmp.Diff(want, ParseCmdline([]byte(text))); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestParseCmdlineSamples(t *testing.T) {
	for name, want := range map[string][]string{
		"docker-db":     {"redis-server 0.0.0.0:6379"}, // setproctitle pads with NULs
		"docker-cgns":   {"/bin/sleep", "100"},
		"kernel-thread": nil,
	} {
		if diff := cmp.Diff(want, ParseCmdline(sample(t, name, "cmdline"))); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// Whatever was written, no byte but NUL is lost.
func FuzzParseCmdline(f *testing.F) {
	seed(f, "cmdline", "title of it\x00\x00\x00", "\x00\x00", "a\x00\x00b")
	f.Fuzz(func(t *testing.T, b []byte) {
		want := string(bytes.ReplaceAll(b, []byte{0}, nil))
		if got := strings.Join(ParseCmdline(b), ""); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
