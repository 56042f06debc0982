package vterm

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// limit is how long a test waits for anything.
const limit = 20 * time.Second

// open is a terminal, the master that it took over and the other end, which is raw.
func open(t testing.TB, w, h int) (_ *Terminal, master, slave *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	if _, err := term.MakeRaw(slave.Fd()); err != nil {
		t.Fatal(err)
	}
	return New(master, w, h), master, slave
}

// write is the program's output.
func write(t testing.TB, f *os.File, s string) {
	t.Helper()
	if _, err := f.WriteString(s); err != nil {
		t.Fatal(err)
	}
}

// await waits until a screen is as it should be.
func await(t testing.TB, term *Terminal, what string, ok func(Screen) bool) Screen {
	t.Helper()
	deadline := time.After(limit)
	for {
		s := term.Screen(0)
		if ok(s) {
			return s
		}
		select {
		case <-term.Changed():
		case <-deadline:
			t.Fatalf("no %s; the screen is:\n%s", what, shown(s))
		}
	}
}

// awaitText waits for a text on the screen.
func awaitText(t testing.TB, term *Terminal, want string) Screen {
	t.Helper()
	return await(t, term, want, func(s Screen) bool { return strings.Contains(shown(s), want) })
}

func awaitDone(t testing.TB, term *Terminal) {
	t.Helper()
	select {
	case <-term.Done():
	case <-time.After(limit):
		t.Fatal("not done")
	}
}

// read is what the program gets.
func read(t testing.TB, f *os.File, n int) string {
	t.Helper()
	buf := make([]byte, n)
	for got := 0; got < n; {
		m, err := f.Read(buf[got:])
		if err != nil {
			t.Fatalf("after %q: %v", buf[:got], err)
		}
		got += m
	}
	return string(buf)
}

func TestTerminal(t *testing.T) {
	term, _, slave := open(t, 20, 5)
	write(t, slave, "hello\x1b[6n")
	awaitText(t, term, "hello")
	if got := read(t, slave, 6); got != "\x1b[1;6R" {
		t.Errorf("CPR is answered by %q", got)
	}
	if !term.Key(tea.KeyPressMsg{Code: tea.KeyUp}) || !term.Paste("x\ny") {
		t.Error("a key or a paste was refused")
	}
	if got := read(t, slave, 6); got != "\x1b[Ax\ry" {
		t.Errorf("the program read %q", got)
	}
	if term.WantsMouse() || term.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}) {
		t.Error("the mouse is wanted")
	}
	write(t, slave, "\x1b[?1000;1006h!")
	awaitText(t, term, "!")
	if !term.WantsMouse() || !term.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}) {
		t.Error("the mouse is not wanted")
	}
	if got := read(t, slave, 9); got != "\x1b[<0;1;1M" {
		t.Errorf("the program read %q", got)
	}
	term.Resize(33, 7)
	size, err := unix.IoctlGetWinsize(int(slave.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col != 33 || size.Row != 7 {
		t.Errorf("the size is %+v, %v", size, err)
	}
	if got := term.Text(0, 0, 0, 3); got != "hel" {
		t.Errorf("text %q", got)
	}
	write(t, slave, "bye")
	slave.Close()
	awaitDone(t, term)
	awaitText(t, term, "bye")
	term.Resize(10, 4)
}

// TestStormOfQuestions: a program that asks and does not read neither blocks the screen nor fills the memory.
func TestStormOfQuestions(t *testing.T) {
	term, _, slave := open(t, 20, 5)
	for range 200 {
		write(t, slave, strings.Repeat("\x1b[6n\x1b[c\x1b]11;?\a", 500))
	}
	write(t, slave, "still here")
	awaitText(t, term, "still here")
	term.output.mu.Lock()
	defer term.output.mu.Unlock()
	if n := len(term.output.buf); n > maxAnswers {
		t.Errorf("%d bytes of answers wait", n)
	}
}

// TestFullQueue: a program that does not read gets keys only until the queue is full.
func TestFullQueue(t *testing.T) {
	term, _, _ := open(t, 20, 5)
	if term.Paste(strings.Repeat("x", maxOutput+1)) {
		t.Error("a paste that is too large was taken")
	}
	for n := 0; term.Paste(strings.Repeat("x", 100<<10)); n++ {
		if n > 100 {
			t.Fatal("the queue has no end")
		}
	}
	for n := 0; term.Key(tea.KeyPressMsg{Code: 'a', Text: "a"}); n++ {
		if n > maxOutput {
			t.Fatal("the queue has no end")
		}
	}
}

// TestGoroutinesEnd whether the owner closes the pty or the other end goes, and whatever they were at.
func TestGoroutinesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, end := range []func(master, slave *os.File){
		func(master, _ *os.File) { master.Close() },
		func(_, slave *os.File) { slave.Close() },
	} {
		term, master, slave := open(t, 20, 5)
		if n := runtime.NumGoroutine(); n > before+3 {
			t.Errorf("%d goroutines for a terminal", n-before)
		}
		write(t, slave, "x")
		awaitText(t, term, "x")
		for term.Paste(strings.Repeat("x", 100<<10)) { // the writer waits for a reader
		}
		end(master, slave)
		awaitDone(t, term)
		if term.Key(tea.KeyPressMsg{Code: 'a', Text: "a"}) {
			t.Error("a key was taken after the end")
		}
		term.Resize(5, 5)
		for deadline := time.Now().Add(limit); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<20)
				t.Fatalf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
			}
		}
	}
}

// TestMemory: a terminal with a full history takes a few MB, of which the emulator's parser takes four.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heap()
	m, _ := fed(100, 50, strings.Repeat(strings.Repeat("\x1b[32mcolour\x1b[m and text ", 6)+"\r\n", historyLines+100),
		"\x1b[?1049h", strings.Repeat("alternate\r\n", 5000), "\x1b]0;"+strings.Repeat("x", 1<<20))
	if used := heap() - before; used > 9<<20 {
		t.Errorf("%d MB", used>>20)
	}
	runtime.KeepAlive(m)
}

// TestFirstOutputIsSeenAtOnce, whatever came before.
func TestFirstOutputIsSeenAtOnce(t *testing.T) {
	term, _, slave := open(t, 80, 24)
	write(t, slave, strings.Repeat("flood\r\n", 50000))
	write(t, slave, "quiet")
	awaitText(t, term, "quiet")
	best := time.Hour
	for i := range 5 {
		time.Sleep(2 * pauseTime) // quiet, which is what is tested
		start := time.Now()
		want := "now " + string(rune('0'+i))
		write(t, slave, want)
		awaitText(t, term, want)
		best = min(best, time.Since(start))
	}
	if best > 10*time.Millisecond {
		t.Errorf("seen after %v", best)
	}
}

// BenchmarkFlood is what seq writes.
func BenchmarkFlood(b *testing.B) { benchmarkFlood(b, strings.Repeat("1234567\r\n", 1<<20/9)) }

// BenchmarkFloodColoured goes through the emulator line by line.
func BenchmarkFloodColoured(b *testing.B) {
	benchmarkFlood(b, strings.Repeat("\x1b[32m1234567\x1b[m a file of some name\r\n", 2000))
}

func benchmarkFlood(b *testing.B, chunk string) {
	term, _, slave := open(b, 100, 50)
	b.SetBytes(int64(len(chunk)))
	go func() { // somebody looks
		for {
			select {
			case <-term.Changed():
			case <-term.Done():
				return
			}
		}
	}()
	for b.Loop() {
		write(b, slave, chunk)
	}
	slave.Close()
	awaitDone(b, term)
}

// BenchmarkLatency is from the program's write to the screen that shows it.
func BenchmarkLatency(b *testing.B) {
	term, _, slave := open(b, 100, 50)
	for b.Loop() {
		write(b, slave, "x\b")
		<-term.Changed()
	}
}

// BenchmarkScreen is a copy of a screen full of text.
func BenchmarkScreen(b *testing.B) {
	m, _ := fed(100, 50, strings.Repeat("\x1b[32msome\x1b[m text that is not too long\r\n", 60))
	for b.Loop() {
		m.screen(0)
	}
}
