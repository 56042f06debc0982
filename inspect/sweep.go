package inspect

import (
	"runtime"
	"sync/atomic"
	"time"

	"cutaway/inspect/fault"
)

// A sweep runs one job for each of n processes on a few workers and goes on without a worker that hangs: reading another
// process's memory (cmdline) can wait for ever, for instance behind a stuck FUSE mount.
//
// A job fills in a result of its own; only when it ends in time is the result taken over. A worker that comes back late
// finds its job given up and ends.

// jobTimeout is how long one process may keep a worker; reading one takes well under a millisecond.
const jobTimeout = 300 * time.Millisecond

// The states of a job.
const (
	jobRunning int32 = iota + 1
	jobDone
	jobGivenUp
)

// sweep is what to do: run calls work for each job and take with its result, both in the worker's goroutine.
// newWorker makes the state of one worker, and closeWorker ends it.
type sweep[W, R any] struct {
	newWorker   func() W
	closeWorker func(W)
	work        func(w W, i int) R
	take        func(i int, r R)
	drop        func(r R) // gives back what a late result holds
}

// run does n jobs and returns those that hung.
func (s sweep[W, R]) run(n int) (hung []int) {
	if n == 0 {
		return nil
	}
	var (
		next   atomic.Int64
		states = make([]atomic.Int32, n)
		ended  = make(chan *sweepWorker)
	)
	start := func() *sweepWorker {
		sw := &sweepWorker{}
		sw.job.Store(-1)
		fault.Go(func() {
			w := s.newWorker()
			defer s.closeWorker(w)
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					break
				}
				states[i].Store(jobRunning)
				sw.since.Store(time.Now().UnixNano())
				sw.job.Store(int64(i))
				r := s.work(w, i)
				if !states[i].CompareAndSwap(jobRunning, jobDone) {
					s.drop(r)
					return // given up: somebody else took this worker's place
				}
				s.take(i, r)
			}
			ended <- sw
		})
		return sw
	}
	workers := map[*sweepWorker]bool{}
	for range min(n, runtime.GOMAXPROCS(0), maxWorkers) {
		workers[start()] = true
	}
	watch := time.NewTicker(jobTimeout / 4)
	defer watch.Stop()
	for len(workers) > 0 {
		select {
		case sw := <-ended:
			delete(workers, sw)
		case now := <-watch.C:
			for sw := range workers {
				i := int(sw.job.Load())
				if i < 0 || now.UnixNano()-sw.since.Load() < int64(jobTimeout) {
					continue
				}
				if states[i].CompareAndSwap(jobRunning, jobGivenUp) {
					hung = append(hung, i)
					delete(workers, sw)
					workers[start()] = true
				}
			}
		}
	}
	return hung
}

// maxWorkers bounds the workers of a sweep: procfs gains little from more, and a node has other work to do.
const maxWorkers = 4

// sweepWorker says what a worker is at.
type sweepWorker struct {
	job   atomic.Int64 // -1 before the first
	since atomic.Int64 // unix nanoseconds
}
