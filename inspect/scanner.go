package inspect

import (
	"context"
	"time"
)

// Options say what a Scanner reads.
type Options struct {
	Proc   string        // the proc file system, "/proc" when empty
	Cgroup string        // where the cgroup file systems are; "" finds them in mountinfo
	Root   string        // the file system in which engines keep their state, "/" when empty
	Budget time.Duration // how long a tick may spend on tier 1; 0 is a good default
}

// Scanner reads snapshots. It owns all state that changes between them; one goroutine may use it at a time.
type Scanner struct {
	o Options
}

// NewScanner opens the proc file system and finds the cgroup hierarchies.
func NewScanner(o Options) (*Scanner, error) { return &Scanner{o: o}, nil }

// First reads only tier 0 (the process table by name, parent, CPU and memory): the first frame of a screen.
func (s *Scanner) First(ctx context.Context) (*Snapshot, error) { return nil, nil }

// Scan reads the next snapshot: at the first call everything about every process, later only what changed and a share of
// the rest.
func (s *Scanner) Scan(ctx context.Context) (*Snapshot, error) { return nil, nil }

// Close gives back what the scanner holds open.
func (s *Scanner) Close() error { return nil }
