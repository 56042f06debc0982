package tui

import (
	"context"
	"strconv"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"cutaway/sandbox/rootfs"
)

// startup is a launch that is under way, and what came of it. The screen can be left at any moment of it: also before the launch
// has begun, and after it ended without the screen having heard of that.
type startup struct {
	ctx    context.Context
	cancel context.CancelFunc
	over   chan struct{}        // closed when nothing of it is under way any more
	news   chan rootfs.Progress // the newest that was not taken yet
	told   time.Time            // when the last news were; the launch's own

	mu   sync.Mutex // held while it is under way
	left bool       // the screen was left: nothing begins any more
	box  *boxed     // that came of it
}

func newStartup(parent context.Context) *startup {
	ctx, cancel := context.WithCancel(parent)
	return &startup{ctx: ctx, cancel: cancel, over: make(chan struct{}), news: make(chan rootfs.Progress, 1)}
}

// do launches, once, away from Update.
func (u *startup) do(launch func(context.Context) (*boxed, error, error)) (box *boxed, unwritten, err error) {
	defer close(u.over)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left {
		return nil, nil, context.Canceled
	}
	u.box, unwritten, err = launch(u.ctx)
	return u.box, unwritten, err
}

// leave waits until nothing is under way, and returns what came of it: nil when nothing did, nor will.
func (u *startup) leave() *boxed {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left = true
	return u.box
}

// progressPause is the least time between two news: a person reads no faster.
const progressPause = 100 * time.Millisecond

// progress is told by the launch how far the unpacking of its root is.
func (u *startup) progress(p rootfs.Progress) {
	if now := time.Now(); now.Sub(u.told) >= progressPause {
		u.told = now
		select {
		case <-u.news: // it is old
		default:
		}
		u.news <- p
	}
}

// nextProgress waits for news of the unpacking.
func (s *session) nextProgress() tea.Cmd {
	up, run := s.up, s.run
	return waiting(func() tea.Msg {
		select {
		case p := <-up.news:
			return unpacking{s, run, p}
		case <-up.over:
			return nil
		}
	})
}

// unpackedShare says shortly how far the unpacking of the root is: "unpacking 40%".
func (s *session) unpackedShare() string {
	p := s.unpacked
	if p.Total <= 0 {
		return p.What
	}
	return p.What + " " + strconv.FormatInt(100*p.Done/p.Total, 10) + "%"
}

// startWords say what a launch without a terminal is at.
func (s *session) startWords() []line {
	stop := words(accent, "X").put(dim, " stops it")
	switch {
	case s.stopped:
		return []line{words(dim, "stopping: what was made is taken away")}
	case s.unpacked.What == rootfs.Waiting:
		return []line{words(plain, "waiting for another cutaway, which unpacks the same archive"), nil, stop}
	case s.unpacked.What == rootfs.Checking:
		return []line{words(plain, "the root: "+s.unpackedShare()+" of the archive"), nil, stop}
	case s.unpacked.What != "":
		return []line{words(plain, "the root: "+s.unpackedShare()+", "+plural(s.unpacked.Entries, "entry")), nil, stop}
	}
	return []line{words(dim, "starting…").gap(3).put(accent, "X").put(dim, " stops it")}
}
