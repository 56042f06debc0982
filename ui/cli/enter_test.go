package cli

import (
	"bytes"
	"strings"
	"testing"
)

// Flags stand before TARGET or behind it; those behind the command are its own.
func TestEnterFlags(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   string // on stderr, or "Usage" on stdout
	}{
		{"enter nobody-is-called-so sh -c true --nonsense", 125, "nobody-is-called-so"},
		{"enter -it nobody-is-called-so sh -c true", 125, "nobody-is-called-so"},
		{"enter -e A=1 nobody-is-called-so --ns net -- -x", 125, "nobody-is-called-so"},
		{"enter nobody --ns foo sh", 2, "--ns takes"},
		{"enter nobody --nonsense sh", 2, "unknown flag --nonsense"},
		{"enter nobody --color foo sh", 2, "--color takes"},
		{"enter nobody --readonly sh", 125, "--readonly"},
		{"enter nobody --help", 0, "Usage"},
		{"enter nobody -h", 0, "Usage"},
		{"run --readonly true", 125, "--readonly"},
		{"run --spec /nonexistent true", 125, "no such file"},
	} {
		words := strings.Fields(c.args)
		var out, errs bytes.Buffer
		a := &app{out: &out, err: &errs}
		root := newRoot(a, words)
		root.SetArgs(words)
		if status := a.status(root.Execute()); status != c.status || !strings.Contains(out.String()+errs.String(), c.want) {
			t.Errorf("%s: %d %s", c.args, status, errs.String())
		}
	}
}
