package inspect

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// One job that never ends must not keep the others from being done, and its late result must not be taken.
func TestSweepGoesOnWithoutAHungJob(t *testing.T) {
	release := make(chan struct{})
	dropped := make(chan int, 1)
	var mu sync.Mutex
	var taken []int
	var workers atomic.Int32
	s := sweep[int, int]{
		newWorker:   func() int { return int(workers.Add(1)) },
		closeWorker: func(int) { workers.Add(-1) },
		work: func(_ int, i int) int {
			if i == 3 {
				<-release
			}
			return i * 10
		},
		take: func(i, r int) {
			mu.Lock()
			defer mu.Unlock()
			if r != i*10 {
				t.Errorf("job %d gave %d", i, r)
			}
			taken = append(taken, i)
		},
		drop: func(r int) { dropped <- r },
	}
	hung := s.run(100)
	if !slices.Equal(hung, []int{3}) {
		t.Errorf("hung = %v, want only job 3", hung)
	}
	slices.Sort(taken)
	if len(taken) != 99 || slices.Contains(taken, 3) {
		t.Errorf("%d jobs taken, job 3 among them: %v", len(taken), slices.Contains(taken, 3))
	}
	close(release)
	if r := <-dropped; r != 30 {
		t.Errorf("dropped %d, want the late result 30", r)
	}
}

func TestSweepOfNothing(t *testing.T) {
	if hung := (sweep[int, int]{}).run(0); hung != nil {
		t.Errorf("hung = %v", hung)
	}
}
