package rootfs

import (
	"io"
	"sync"
)

// ahead reads a stream in a goroutine of its own, a few chunks ahead: one processor uncompresses and hashes while another
// makes the files.
type ahead struct {
	full  chan piece  // read, to be used
	empty chan []byte // used, to be read into
	stop  chan struct{}
	ended sync.WaitGroup

	now  piece // what Read hands out
	rest []byte
}

type piece struct {
	data []byte
	err  error // after the data
}

// readAhead reads until an error, io.EOF or Close.
func readAhead(r io.Reader) *ahead {
	const pieces = 4
	a := &ahead{full: make(chan piece, pieces), empty: make(chan []byte, pieces), stop: make(chan struct{})}
	for range pieces {
		a.empty <- make([]byte, chunk)
	}
	a.ended.Go(func() { a.run(r) })
	return a
}

func (a *ahead) run(r io.Reader) {
	for {
		select {
		case <-a.stop:
			return
		case buf := <-a.empty:
			n, err := fill(r, buf)
			a.full <- piece{buf[:n], err} // there is room: no more pieces than that exist
			if err != nil {
				return
			}
		}
	}
}

// fill reads until the buffer is full or the stream ends. Unlike io.ReadFull it keeps the stream's own error.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		n += more
	}
	return n, err
}

// Read hands out what was read.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.empty <- a.now.data[:chunk]
		}
		a.now = <-a.full
		a.rest = a.now.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the goroutine and waits for it: nothing of the stream is used any more.
func (a *ahead) Close() {
	close(a.stop)
	a.ended.Wait()
}
