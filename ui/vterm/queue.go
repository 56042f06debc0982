package vterm

import "sync"

// Sizes of the queues between the goroutines.
const (
	maxInput   = plainSize // output of the program that waits to be parsed; beyond that the program waits
	maxOutput  = 1 << 20   // keys and pastes that the program has not read
	maxAnswers = 4 << 10   // above this answers are dropped: a program that asks and does not read gets none
)

// queue is bytes on their way between two goroutines.
type queue struct {
	mu     sync.Mutex
	cond   *sync.Cond
	buf    []byte
	spare  []byte
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.cond = sync.NewCond(&q.mu)
	return q
}

// offer puts all of b into the queue, unless it would hold more than limit bytes then or is closed.
func (q *queue) offer(b string, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.buf)+len(b) > limit {
		return false
	}
	q.buf = append(q.buf, b...)
	q.cond.Broadcast()
	return true
}

// put waits for room and puts b into the queue.
func (q *queue) put(b []byte, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.buf) > 0 && len(q.buf)+len(b) > limit {
		q.cond.Wait()
	}
	q.buf = append(q.buf, b...)
	q.cond.Broadcast()
}

// take waits for something and takes all there is; nil when the queue is closed and empty. What was taken before must not
// be used any more.
func (q *queue) take() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.buf) == 0 && !q.closed {
		q.cond.Wait()
	}
	if len(q.buf) == 0 {
		return nil
	}
	b := q.buf
	q.buf, q.spare = q.spare[:0], b
	if len(b) < keepBuffer && cap(q.buf)+cap(b) > 2*keepBuffer { // the flood is over
		q.buf, q.spare = nil, nil
	}
	q.cond.Broadcast()
	return b
}

// keepBuffer is the largest buffer that is kept when few bytes come.
const keepBuffer = 64 << 10

// close lets take return nil once all is taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.cond.Broadcast()
}
