package vterm

import (
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect/fault"
)

// A flood is parsed for parseTime, then nothing for pauseTime: a third of a core at most, and the screen is drawn no more
// often than a person sees. While nobody looks, there are unseenPauses of them: a tenth. What comes after a pause
// of its own is parsed at once.
const (
	parseTime    = 12 * time.Millisecond
	pauseTime    = 24 * time.Millisecond
	unseenPauses = 5
)

// Terminal is a virtual terminal at the master of a pty. Its methods may be called from any goroutine.
type Terminal struct {
	pty     master
	input   *queue // from the program
	output  *queue // to the program
	changed chan struct{}
	ended   chan struct{} // nothing more can be read
	done    chan struct{} // and all is parsed

	next    sync.Mutex // to have the machine; who waits for it comes before the next piece is parsed
	mu      sync.Mutex
	machine *machine
}

// lock takes the machine for a moment. A mutex alone would go to the parser again, a millisecond long.
func (t *Terminal) lock() {
	t.next.Lock()
	t.mu.Lock()
	t.next.Unlock()
}

// New takes over the reading and writing of a pty's master until it is closed by its owner or the other end is gone, and
// sets its size to w columns and h lines. The
// descriptor becomes non-blocking.
func New(pty *os.File, w, h int) *Terminal {
	t := &Terminal{
		pty: newMaster(pty), input: newQueue(), output: newQueue(),
		changed: make(chan struct{}, 1), ended: make(chan struct{}), done: make(chan struct{}),
	}
	t.machine = newMachine(w, h, func(s string) { t.output.offer(s, maxAnswers) })
	t.pty.setSize(t.machine.w, t.machine.h)
	fault.Go(t.read)
	fault.Go(t.parse)
	fault.Go(t.writeOut)
	return t
}

// Changed receives when there is something new to draw since the last receive.
func (t *Terminal) Changed() <-chan struct{} { return t.changed }

// Done is closed when the other end is closed, or the pty is, and everything that was read is parsed.
func (t *Terminal) Done() <-chan struct{} { return t.done }

// read moves what the program writes into the queue. Its end is EIO, when nobody has the other end open any more (pty(7)),
// or that the owner closed the pty.
func (t *Terminal) read() {
	buf := make([]byte, 32<<10)
	for {
		n, err := t.pty.Read(buf)
		if n > 0 {
			t.input.put(buf[:n], maxInput)
		}
		if err != nil {
			break
		}
	}
	t.input.close()
	t.output.close()
	close(t.ended)
	_ = t.pty.SetWriteDeadline(time.Now()) // for the write of a file that waits by itself
}

// parse gives what was read to the machine, a batch after the other.
func (t *Terminal) parse() {
	defer close(t.done)
	defer t.announce()
	var busy time.Duration
	for {
		asked := time.Now()
		batch := t.input.take()
		if batch == nil {
			return
		}
		start := time.Now()
		if start.Sub(asked) >= pauseTime {
			busy = 0
		}
		for len(batch) > 0 {
			batch = batch[t.step(batch):]
			if busy += time.Since(start); busy >= parseTime {
				t.announce()
				t.pause()
				busy = 0
			}
			start = time.Now()
		}
		t.announce()
	}
}

// step gives the beginning of what was read to the machine, and returns how much that was.
func (t *Terminal) step(batch []byte) int {
	t.lock()
	defer t.mu.Unlock() // also in a panic: who draws the screen must not wait for ever
	return t.machine.step(batch)
}

// pause rests after what was announced: longer when nobody takes notice of that.
func (t *Terminal) pause() {
	for range unseenPauses {
		time.Sleep(pauseTime)
		if len(t.changed) == 0 {
			return
		}
	}
}

func (t *Terminal) announce() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// writeOut gives keys and answers to the program.
func (t *Terminal) writeOut() {
	for {
		b := t.output.take()
		if b == nil {
			return
		}
		if t.pty.write(b, t.ended) != nil {
			t.output.close()
			return
		}
	}
}

// Resize gives the terminal another size, and tells the program (SIGWINCH by TIOCSWINSZ, ioctl_tty(2)). A pty that is
// closed is no error.
func (t *Terminal) Resize(w, h int) {
	t.pty.setSize(t.resize(w, h))
	t.announce()
}

func (t *Terminal) resize(w, h int) (int, int) {
	t.lock()
	defer t.mu.Unlock()
	t.machine.safely(func() { t.machine.resize(w, h) })
	return t.machine.w, t.machine.h
}

// Screen is what is seen when scrolled back by that many lines; 0 is the live screen.
func (t *Terminal) Screen(back int) Screen {
	t.lock()
	defer t.mu.Unlock()
	return t.machine.screen(back)
}

// Text is the plain text from one place up to but not with the other, in history and on the screen, for copying: lines by
// number (see Screen.First), columns from 0. A selection by these numbers stays at its text while new output scrolls it;
// lines that are gone from history are left out. Each line of the screen is a line, without the blanks at its end.
func (t *Terminal) Text(fromLine, fromCol, toLine, toCol int) string {
	t.lock()
	defer t.mu.Unlock()
	return t.machine.text(fromLine, fromCol, toLine, toCol)
}

// Key types a key, as xterm sends it. It returns false when the program does not read and the queue is full, or is gone.
// A key that xterm sends nothing for is true.
func (t *Terminal) Key(k tea.KeyPressMsg) bool {
	t.lock()
	s := keySequence(k.Key(), t.machine.modes)
	t.mu.Unlock()
	return t.output.offer(s, maxOutput)
}

// Paste pastes text, in brackets if the program asked for them. Newlines become CR, as Enter sends it; all other control
// characters but tabs are left out, so that the text can neither end the brackets nor be taken for keys. It returns false
// when the text is larger than the room in the queue, 1 MiB when the program reads.
func (t *Terminal) Paste(s string) bool {
	t.lock()
	bracketed := t.machine.modes.bracketedPaste
	t.mu.Unlock()
	return t.output.offer(pasteText(s, bracketed), maxOutput)
}

// Mouse sends what the mouse did, at x and y of the terminal. It returns false when the program does not want to know it.
func (t *Terminal) Mouse(msg tea.MouseMsg) bool {
	t.lock()
	s := mouseSequence(msg, t.machine.modes, t.machine.w, t.machine.h)
	t.mu.Unlock()
	return s != "" && t.output.offer(s, maxOutput)
}

// WantsMouse tells whether the program asked for the mouse.
func (t *Terminal) WantsMouse() bool {
	t.lock()
	defer t.mu.Unlock()
	return t.machine.modes.mouse != 0
}
