package tui

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const keysDoc = "../../docs/keys.md"

// TestKeysDoc keeps docs/keys.md as the key map is; -update writes it.
func TestKeysDoc(t *testing.T) {
	got := keysMarkdown(t)
	if *update {
		if err := os.WriteFile(keysDoc, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(keysDoc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/keys.md is not what the key map says (go test ./ui/tui -update writes it anew):\n%s", diff)
	}
}

func keysMarkdown(t *testing.T) string {
	d := testApp(t, 80, 24)
	active, rest := d.app.screen().sections()
	var b strings.Builder
	b.WriteString("# Keys\n\nMade from the key map; `?` shows the same on the screen, and what is typed there narrows it.\n")
	for _, s := range append(append(active, rest...), d.app.keys) {
		writeSection(&b, s)
	}
	for _, s := range d.app.sandboxScreen().allSections() {
		s.name = "Sandbox: " + strings.ToLower(s.name[:1]) + s.name[1:]
		writeSection(&b, s)
	}
	b.WriteString("\nWhile a shell is typed into, all keys are its, but for `^]` and `F12`, which leave it, and `shift+pgup` `shift+pgdn`, which scroll back and on.\n")
	for _, s := range dialogSections() {
		writeSection(&b, s)
	}
	b.WriteString("\n## While typing a filter or a PID\n\n| key | does |\n|---|---|\n" +
		"| `enter` | keep it and close the line |\n| `esc` | close the line; clears the filter |\n" +
		"| `↑` `↓` `pgup` `pgdn` | move in the tree |\n| `^A` `^E` `^U` `^K` `^W` | as in a shell |\n")
	writeSection(&b, filterHelp())
	b.WriteString("\n## Mouse\n\nA click selects, a second one opens; a click on the mark before a row folds it, on a column's title sorts by it, " +
		"on a tab or on the footer does what a key would. The wheel scrolls the pane under the pointer. `m` gives the mouse to the terminal, to select text.\n")
	return b.String()
}

func writeSection(b *strings.Builder, s section) {
	fmt.Fprintf(b, "\n## %s\n\n| key | does |\n|---|---|\n", s.name)
	for _, bd := range s.bindings {
		h := bd.Help()
		keys := strings.Fields(h.Key)
		if s.name == "Filter" {
			keys = []string{h.Key}
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.Join(keys, "` `"), h.Desc)
	}
}

// No key means two things at the same place.
func TestKeysDoNotConflict(t *testing.T) {
	d := testApp(t, 80, 24)
	for _, inDetail := range []bool{false, true} {
		d.app.screen().(*treeScreen).inDetail = inDetail
		seen := map[string]string{}
		for _, s := range d.app.sections() {
			for _, b := range s.bindings {
				for _, k := range b.Keys() {
					if other := seen[k]; other != "" && k != "esc" {
						t.Errorf("%s is %q and %q (detail: %v)", k, other, b.Help().Desc, inDetail)
					}
					seen[k] = b.Help().Desc
				}
			}
		}
	}
}

// The footer shows five to eight keys, and every one of them does something when it is clicked.
func TestFooter(t *testing.T) {
	for _, keys := range [][]string{nil, {"enter"}, {"d"}, {"j", "d", "tab"}, {"?"}, {"j", "l", "8", "M"}, {"j", "x"}, {"j", "x", "enter"}, {"@", "j", "j"}} {
		d := testApp(t, 120, 36)
		d.press(keys...)
		list := d.app.footerBindings()
		if d.app.front() == nil && (len(list) < 5 || len(list) > 8) {
			t.Errorf("%d keys in the footer after %v", len(list), keys)
		}
		for i := range list {
			d := testApp(t, 120, 36)
			d.press(keys...)
			z := d.app.zones[i]
			before := d.screen()
			d.click(z.x, z.y)
			if d.screen() == before && len(d.asked) == 0 {
				t.Errorf("a click on %q does nothing after %v", list[i].footer, keys)
			}
		}
	}
}

// Every key that can do nothing says why.
func TestDisabledKeysSayWhy(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"n", "no filter is on"},
		{"v", "v reveals"},
		{"z", "one pane at a time"},
		{"G +", "nothing is below this row"},
	} {
		d := testApp(t, 80, 24)
		d.press(strings.Fields(c.keys)...)
		d.has(c.want)
	}
}
