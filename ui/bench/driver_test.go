package bench

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
)

// driver types into a program on a terminal of its own, and knows when what it draws has arrived: how long this process
// then takes to understand it is not counted.
type driver struct {
	b    *testing.B
	cmd  *exec.Cmd
	term *os.File
	emu  *vt.Emulator
	read chan chunk
}

// chunk is what one read brought.
type chunk struct {
	at   time.Time
	data []byte
}

// drive starts a program.
func drive(b *testing.B, argv ...string) *driver {
	b.Helper()
	cmd, term := onScreen(b, argv...)
	d := &driver{b: b, cmd: cmd, term: term, emu: vt.NewEmulator(screenWidth, screenHeight), read: make(chan chunk, 1<<16)}
	go func() { _, _ = io.Copy(term, d.emu) }() // what the terminal answers
	go func() {
		defer close(d.read)
		buf := make([]byte, 64<<10)
		for {
			n, err := term.Read(buf)
			if err != nil {
				return
			}
			d.read <- chunk{time.Now(), append([]byte(nil), buf[:n]...)}
		}
	}()
	return d
}

// quit leaves the program by its key.
func (d *driver) quit() {
	d.b.Helper()
	time.AfterFunc(10*time.Second, func() { d.cmd.Process.Kill() })
	d.keys("q")
	go func() {
		for range d.read {
		}
	}()
	d.cmd.Wait()
	d.term.Close()
	_ = d.emu.InputPipe().(io.Closer).Close()
}

// keys types.
func (d *driver) keys(s string) {
	d.b.Helper()
	if _, err := d.term.WriteString(s); err != nil {
		d.b.Fatal(err)
	}
}

// await waits until the screen shows what matches, and tells when that had arrived.
func (d *driver) await(pattern string) time.Time {
	d.b.Helper()
	want, at := regexp.MustCompile(pattern), time.Now()
	late := time.After(20 * time.Second)
	for !want.MatchString(d.emu.String()) {
		select {
		case c, ok := <-d.read:
			if !ok {
				d.b.Fatalf("the screen ended before it showed %q", pattern)
			}
			_, _ = d.emu.Write(c.data)
			at = c.at
		case <-late:
			d.b.Fatalf("no %q on the screen:\n%s", pattern, d.emu.String())
		}
	}
	return at
}

// timed types keys and tells how long it took until the screen shows what matches.
func (d *driver) timed(keys, pattern string) time.Duration {
	d.b.Helper()
	start := time.Now()
	d.keys(keys)
	return d.await(pattern).Sub(start)
}
