package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and docs/keys.md")

// testdata is where the golden files are, also for tests in another working directory.
var testdata, _ = filepath.Abs("testdata")

// golden compares a text with a file below testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(testdata, name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (make golden, or go test -update, writes it anew):\n%s", path, diff)
	}
}

func TestGolden(t *testing.T) {
	cases := []struct {
		name string
		keys []string
	}{
		{"tree", []string{"j", "j", "j", "j"}},
		{"process", []string{"t"}},
		{"namespace", []string{"t", "t"}},
		{"cgroup", []string{"t", "t", "t"}},
		{"unfolded", []string{"*", "K"}},
		{"overview", []string{"#", "4", "2", "4", "2", "enter", "enter"}},
		{"namespaces", []string{"#", "4", "2", "4", "2", "enter", "enter", "]"}},
		{"cgroups", []string{"#", "4", "2", "4", "2", "enter", "enter", "]", "]"}},
		{"caps", []string{"#", "4", "2", "4", "2", "enter", "enter", "]", "]", "]", "G", "."}},
		{"security", []string{"#", "7", "1", "2", "0", "enter", "enter", "]", "]", "]", "]", "."}},
		{"environ", []string{"#", "4", "2", "4", "2", "enter", "enter", "[", "j"}},
		{"denied", []string{"#", "8", "6", "0", "enter", "enter"}},
		{"decoder", []string{"d", "ctrl+u", "a", "8", "0", "4", "2", "5", "f", "b", "down", "down"}},
		{"help", []string{"?"}},
	}
	for _, size := range [][2]int{{80, 24}, {120, 36}, {200, 60}} {
		for _, c := range cases {
			name := fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				d := testApp(t, size[0], size[1])
				d.press(c.keys...)
				golden(t, name, d.screen())
			})
		}
	}
}
