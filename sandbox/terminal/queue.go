package terminal

import (
	"io"

	"golang.org/x/sys/unix"
)

// queue holds bytes between a read and the writes that take them. It is filled only when it is empty, so that who writes
// faster than the other side reads is held up by the kernel, as without a relay.
type queue struct {
	room    [64 << 10]byte
	waiting []byte // a part of room
}

func (q *queue) empty() bool { return len(q.waiting) == 0 }

// fill reads from a descriptor: once, or, from one that never blocks, as much as there is. The error is io.EOF at the end
// of a file, and EAGAIN when nothing was there.
func (q *queue) fill(fd int, once bool) error {
	n := 0
	for n < len(q.room) {
		m, err := unix.Read(fd, q.room[n:])
		if err == unix.EINTR {
			continue
		}
		if m <= 0 && n > 0 {
			break // an end or an error comes again at the next read
		}
		if err != nil {
			return err
		}
		if m == 0 {
			return io.EOF
		}
		n += m
		if once {
			break
		}
	}
	q.waiting = q.room[:n]
	return nil
}

// put fills an empty queue with a few bytes.
func (q *queue) put(b ...byte) { q.waiting = q.room[:copy(q.room[:], b)] }

// drain writes as much as a descriptor takes. That it takes nothing now is no error.
func (q *queue) drain(fd int) error {
	for !q.empty() {
		n, err := unix.Write(fd, q.waiting)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return nil
		case err != nil:
			return err
		default:
			q.waiting = q.waiting[n:]
		}
	}
	return nil
}
