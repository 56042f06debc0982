package engine

import (
	"slices"
	"sync"
	"time"

	"cutaway/inspect/fault"
)

// found is what the engines' state files tell of a container. Empty fields were not found.
type found struct {
	engine, id  string // only for a container that the kernel's view does not name
	name, image string
	runtime     string
	pod         Pod
	evidence    Evidence
}

// Looking for a state file that is not there is repeated after this time, then ever more seldom, and then given up: the
// engines write their state before a container's first process runs.
const (
	firstRetry = 2 * time.Second
	maxTries   = 6
)

// maxLookups bounds how many lookups run at once. One that hangs (a home directory on a dead NFS server) keeps its place
// for ever; when all hang, containers are shown without names.
const maxLookups = 4

// entry is the answer for one container. Its fields belong to the namer's lock.
type entry struct {
	answer  *found // nil while nothing was found
	pending bool
	tries   int
	retry   time.Time
}

// job is a lookup to be done.
type job struct {
	entry  *entry
	look   func() *found // nil when there is nothing
	urgent bool          // the container surely has a name: we do not only ask whether somebody knows it
	first  bool
	done   chan struct{}
}

// namer looks up names apart from the scan. It has no goroutine while there is nothing to look up.
type namer struct {
	patience time.Duration
	now      func() time.Time

	mu      sync.Mutex
	queue   []*job
	running int
}

func newNamer(patience time.Duration) *namer { return &namer{patience: patience, now: time.Now} }

// due tells whether it is time to look an entry up.
func (n *namer) due(e *entry) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !e.pending && e.answer == nil && e.tries < maxTries && !n.now().Before(e.retry)
}

// answer returns what was found so far, or nil.
func (n *namer) answer(e *entry) *found {
	n.mu.Lock()
	defer n.mu.Unlock()
	return e.answer
}

// run starts jobs, the urgent ones first, and waits for those of containers that are new, as long as its patience lasts.
func (n *namer) run(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	slices.SortStableFunc(jobs, func(a, b *job) int {
		switch {
		case a.urgent == b.urgent:
			return 0
		case a.urgent:
			return -1
		}
		return 1
	})
	n.start(jobs)
	timer := time.NewTimer(n.patience)
	defer timer.Stop()
	for _, j := range jobs {
		if !j.first {
			continue
		}
		select {
		case <-j.done:
		case <-timer.C:
			return
		}
	}
}

func (n *namer) start(jobs []*job) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, j := range jobs {
		j.first = j.entry.tries == 0
		j.entry.tries++
		j.entry.pending = true
		j.entry.retry = n.now().Add(firstRetry << j.entry.tries)
		j.done = make(chan struct{})
	}
	n.queue = append(n.queue, jobs...)
	for range min(len(n.queue), maxLookups-n.running) {
		n.running++
		fault.Go(n.work)
	}
}

// work does jobs until there are none.
func (n *namer) work() {
	for {
		n.mu.Lock()
		if len(n.queue) == 0 {
			n.running--
			n.mu.Unlock()
			return
		}
		j := n.queue[0]
		n.queue = n.queue[1:]
		n.mu.Unlock()

		answer := j.look()

		n.mu.Lock()
		j.entry.pending, j.entry.answer = false, answer
		n.mu.Unlock()
		close(j.done)
	}
}
