package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/ui/text"
)

// tool finds a program to compare with.
func tool(t *testing.T, name, from string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian: %s)", name, from)
	}
	return path
}

// What we decode is what capsh(1) decodes.
func TestDecodeAsCapsh(t *testing.T) {
	capsh := tool(t, "capsh", "libcap2-bin")
	masks := []uint64{0, 0xa80425fb, 1<<41 - 1, 1 << 40}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		masks = append(masks, random.Uint64()&(1<<41-1))
	}
	for _, mask := range masks {
		set := caps.Set(mask)
		theirs, err := exec.Command(capsh, "--decode="+set.Hex()).Output()
		if err != nil {
			t.Fatal(err)
		}
		_, list, _ := strings.Cut(strings.TrimSpace(string(theirs)), "=")
		var out bytes.Buffer
		if err := decodeJSON(&app{out: &out, inspect: inspect.Options{Proc: "/proc"}}, []caps.Set{set}); err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Masks []struct{ Capabilities []struct{ Name string } }
		}
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range doc.Masks[0].Capabilities {
			names = append(names, c.Name)
		}
		if ours := strings.Join(names, ","); ours != list {
			t.Errorf("%s\n ours %s\ncapsh %s", set.Hex(), ours, list)
		}
	}
}

// What ps(1) lists before and after, we list; what we list was there before, or after, or has come and gone meanwhile.
func TestListsAsPS(t *testing.T) {
	ps := tool(t, "ps", "procps")
	before := psPIDs(t, ps)
	var out bytes.Buffer
	a := &app{out: &out, inspect: inspect.Options{Proc: "/proc", Root: "/"}}
	v, err := a.look(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	everything := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["pid"]}
	cols, err := parseColumns("pid")
	if err != nil {
		t.Fatal(err)
	}
	if err := psList(cols)(a, v, everything); err != nil {
		t.Fatal(err)
	}
	after := psPIDs(t, ps)
	ours := map[int]bool{}
	for _, word := range strings.Fields(out.String())[1:] {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		ours[pid] = true
	}
	for pid := range before {
		if after[pid] && !ours[pid] {
			t.Errorf("ps lists %d before and after, we do not", pid)
		}
	}
	for pid := range ours {
		if before[pid] || after[pid] {
			continue
		}
		if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err == nil {
			t.Errorf("%d is still there, and ps did not list it", pid)
		}
	}
}

func psPIDs(t *testing.T, ps string) map[int]bool {
	t.Helper()
	out, err := exec.Command(ps, "-e", "-o", "pid=").Output()
	if err != nil {
		t.Fatal(err)
	}
	pids := map[int]bool{}
	for _, word := range strings.Fields(string(out)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		pids[pid] = true
	}
	return pids
}

// On a terminal every table fits its width, and colour is used unless somebody objects.
func TestFitsTerminal(t *testing.T) {
	main, other, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	defer main.Close()
	defer other.Close()
	const width = 60
	if err := pty.Setsize(main, &pty.Winsize{Cols: width, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	a := &app{out: other, color: "auto"}
	st := a.style()
	if st.width != width || !st.color {
		t.Errorf("a terminal of %d cells is taken for %+v", width, st)
	}
	t.Setenv("NO_COLOR", "1")
	if a.style().color {
		t.Error("NO_COLOR is not heeded")
	}
	v := fixtureView()
	v.st = a.style()
	var out bytes.Buffer
	everything := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["pid"]}
	for _, by := range []inspect.Grouping{inspect.ByContainer, inspect.ByProcess, inspect.ByNamespace, inspect.ByCgroup} {
		cols, err := parseColumns(listColumns)
		if err != nil {
			t.Fatal(err)
		}
		if err := psTree(cols, by)(&app{out: &out}, v, everything); err != nil {
			t.Fatal(err)
		}
	}
	if err := nsList(&app{out: &out}, v, fixtureCensus(v), nsFlags{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if w := text.Width(strings.TrimRight(line, "\n")); w > width {
			t.Errorf("%d cells: %q", w, line)
		}
	}
}

// An inspect of our own process agrees with what we know of ourselves.
func TestInspectSelf(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, inspect: inspect.Options{Proc: "/proc", Root: "/"}}
	if err := a.inspectTarget(context.Background(), "self", inspectFlags{json: true}); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Process struct {
			PID     int
			PPID    int
			Exe     string
			Cwd     string
			Cmdline []string
			UID     struct{ Real, Effective int }
			NS      map[string]uint64
			Environ []struct {
				Name  string
				Value *string
			}
			Files []struct{ FD int }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	p := doc.Process
	exe, _ := os.Executable()
	cwd, _ := os.Getwd()
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &st); err != nil {
		t.Fatal(err)
	}
	switch {
	case p.PID != os.Getpid(), p.PPID != os.Getppid():
		t.Errorf("PID %d of %d", p.PID, p.PPID)
	case p.Exe != exe, p.Cwd != cwd, !slices.Equal(p.Cmdline, os.Args):
		t.Errorf("%q in %q: %q", p.Exe, p.Cwd, p.Cmdline)
	case p.UID.Real != os.Getuid(), p.UID.Effective != os.Geteuid():
		t.Errorf("user %+v", p.UID)
	case p.NS["net"] != st.Ino:
		t.Errorf("network namespace %d, not %d", p.NS["net"], st.Ino)
	case len(p.Environ) == 0, len(p.Files) < 3:
		t.Errorf("%d variables, %d files", len(p.Environ), len(p.Files))
	}
}
