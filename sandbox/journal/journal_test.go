package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// home gives the test a journal of its own.
func home(t testing.TB) (path string) {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	path, err := Path()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, want Filter) []Entry {
	t.Helper()
	entries, skipped, err := Read(want)
	if err != nil {
		t.Fatal(err)
	}
	if skipped > 0 {
		t.Errorf("%d lines skipped", skipped)
	}
	return entries
}

func TestDo(t *testing.T) {
	path := home(t)
	if got := read(t, Filter{}); len(got) > 0 {
		t.Errorf("a journal from the start: %v", got)
	}
	done := false
	undo := &Undo{Limit: "pids", Inode: 42, Boot: "b"}
	e, err := Do(Change{Action: "limit", Target: "db", Shell: "echo 5 > f", File: "/f", Old: "max", New: "5", Undo: undo}, func() error {
		done = true
		return nil
	})
	if err != nil || !done || e.Unwritten != nil {
		t.Fatalf("%v, %v, %v", err, done, e.Unwritten)
	}
	busy := fmt.Errorf("write 5: %w", syscall.EBUSY)
	if _, err := Do(Change{Action: "limit", Target: "db", Shell: "echo 6 > f", Batch: "xyz"}, func() error { return busy }); err != busy {
		t.Errorf("got %v", err)
	}
	got := read(t, Filter{})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	first, second := got[0], got[1]
	if first.ID != e.ID || first.Batch != e.ID || !first.OK() || first.Errno != 0 || *first.Undo != *undo || first.New != "5" ||
		first.PID != os.Getpid() || !first.Time.Equal(e.Time) {
		t.Errorf("%+v", first)
	}
	if second.OK() || second.Errno != int(syscall.EBUSY) || second.Batch != "xyz" || !strings.Contains(second.Result, "busy") {
		t.Errorf("%+v", second)
	}
	if got := read(t, Filter{Last: 1}); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("the last: %+v", got)
	}
	if got := read(t, Filter{Batch: "xyz"}); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("the batch: %+v", got)
	}
	if got := read(t, Filter{Target: "web"}); len(got) != 0 {
		t.Errorf("of web: %+v", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if info, _ := os.Stat(filepath.Dir(path)); info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v", info.Mode())
	}
}

// A change is made even when it cannot be written down, and the entry says so.
func TestUnwritten(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"a directory in its place": func(t *testing.T, path string) { must(t, os.MkdirAll(path, 0o755)) },
		"a link": func(t *testing.T, path string) {
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, os.Symlink("/dev/null", path))
		},
		"a second name": func(t *testing.T, path string) {
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, os.WriteFile(path, nil, 0o600))
			must(t, os.Link(path, path+"2"))
		},
		"open to others": func(t *testing.T, path string) {
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, os.WriteFile(path, nil, 0o600))
			must(t, os.Chmod(path, 0o666))
		},
		"a FIFO": func(t *testing.T, path string) {
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, unix.Mkfifo(path, 0o600))
		},
		"no home": func(t *testing.T, _ string) { t.Setenv("XDG_STATE_HOME", ""); t.Setenv("HOME", "") },
	} {
		t.Run(name, func(t *testing.T) {
			spoil(t, home(t))
			done := false
			e, err := Do(Change{Action: "kill"}, func() error { done = true; return nil })
			if err != nil || !done || e.Unwritten == nil {
				t.Errorf("%v, %v, %v", err, done, e.Unwritten)
			}
			t.Log(e.Unwritten)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A journal of another user's is neither written nor read: it says what is undone with our rights.
func TestForeign(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	path := home(t)
	state := os.Getenv("XDG_STATE_HOME")
	must(t, os.Chown(state, 12345, 12345))
	if e, _ := Do(Change{Action: "kill"}, func() error { return nil }); !errors.Is(e.Unwritten, errNotOurs) {
		t.Errorf("wrote into another's directory: %v", e.Unwritten)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("made a directory there")
	}
	must(t, os.Chown(state, 0, 0))
	if e, _ := Do(Change{Action: "kill"}, func() error { return nil }); e.Unwritten != nil {
		t.Fatal(e.Unwritten)
	}
	must(t, os.Chown(path, 12345, 12345))
	if _, _, err := Read(Filter{}); !errors.Is(err, errNotOurs) {
		t.Errorf("read another's journal: %v", err)
	}
	if e, _ := Do(Change{Action: "kill"}, func() error { return nil }); !errors.Is(e.Unwritten, errNotOurs) {
		t.Errorf("wrote another's journal: %v", e.Unwritten)
	}
}

func TestHostileLines(t *testing.T) {
	path := home(t)
	if _, err := Do(Change{Action: "kill", Target: "one"}, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	must(t, err)
	long := append(bytes.Repeat([]byte("x"), 3*maxLine), '\n')
	bad := [][]byte{
		[]byte("\n"), []byte("{}\n"), []byte("null\n"), []byte("{\"id\":1}\n"), []byte("\x00\xff\n"), long, good[:len(good)/2], []byte("\n"),
		[]byte(`{"time":"2026-01-01T00:00:00Z","id":"a","batch":"a","action":"","result":"ok"}` + "\n"),
	}
	text := bytes.Join([][]byte{good, bytes.Join(bad, nil), good, good[:20]}, nil)
	must(t, os.WriteFile(path, text, 0o600))
	entries, skipped, err := Read(Filter{})
	if err != nil || len(entries) != 2 || skipped != 9 {
		t.Errorf("%d entries, %d skipped, %v", len(entries), skipped, err)
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-01T00:00:00Z","id":"a","batch":"a","action":"kill","result":"ok"}` + "\n"))
	f.Add([]byte("{\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found := 0
		skipped, err := readLines(bytes.NewReader(text), func(e Entry) {
			found++
			if e.ID == "" || e.Action == "" {
				t.Errorf("%+v", e)
			}
		})
		lines := bytes.Count(text, []byte("\n"))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			lines++
		}
		if err != nil || found+skipped != lines {
			t.Errorf("%d found, %d skipped of %d, %v", found, skipped, lines, err)
		}
	})
}

// Several writers and a new beginning lose no line.
func TestBeginsAnew(t *testing.T) {
	path := home(t)
	const writers, each = 4, 30
	shell := strings.Repeat("x", maxText+100)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if e, _ := Do(Change{Action: "kill", Shell: shell, Target: shell}, func() error { return nil }); e.Unwritten != nil {
					t.Error(e.Unwritten)
				}
			}
		})
	}
	all.Wait()
	if got := read(t, Filter{}); len(got) != writers*each {
		t.Errorf("%d entries, want %d", len(got), writers*each)
	}
	must(t, os.Truncate(path, maxSize)) // as if it were full
	if e, _ := Do(Change{Action: "kill"}, func() error { return nil }); e.Unwritten != nil {
		t.Fatal(e.Unwritten)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 1000 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, _, err := Read(Filter{}); err != nil || len(entries) != writers*each+1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// The greatest entry fits a line.
func TestGreatestEntry(t *testing.T) {
	home(t)
	text := strings.Repeat("\x01", maxText)
	e, _ := Do(Change{Action: "kill", Target: strings.Repeat("é", maxText), Shell: strings.Repeat("a", 2*maxText)}, func() error { return errors.New("x") })
	if e.Unwritten != nil {
		t.Error(e.Unwritten)
	}
	// Six bytes for each control character are too many for a line, and that is said.
	if e, _ := Do(Change{Action: "kill", Target: text, Shell: text}, func() error { return nil }); e.Unwritten == nil {
		t.Error("a line without a bound")
	}
	if got := read(t, Filter{}); len(got) != 1 || !json.Valid([]byte(`"`+got[0].Target+`"`)) {
		t.Errorf("%d entries", len(got))
	}
}

func BenchmarkDo(b *testing.B) {
	b.Setenv("XDG_STATE_HOME", b.TempDir())
	for b.Loop() {
		if e, _ := Do(Change{Action: "launch", Shell: "cutaway run -- true"}, func() error { return nil }); e.Unwritten != nil {
			b.Fatal(e.Unwritten)
		}
	}
}
