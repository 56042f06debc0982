package tui

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect"
	"cutaway/sandbox"
	"cutaway/sandbox/rootfs"
	"cutaway/ui/text"
	"cutaway/ui/vterm"
)

// session is a command with a terminal of its own on the screen: a sandbox, or one that was entered into what runs.
type session struct {
	number int    // of its shell, from 1
	kind   string // "isolated shell", "in db"
	order  order
	run    int // how often it was started

	state  sessionState
	up     *startup        // what starts it
	box    *boxed          // nil until it runs
	term   *vterm.Terminal // nil until it runs
	steps  *stepper        // nil when it is not launched step by step
	kernel *kernelPane     // what the kernel says of it
	staged *stepPane       // what steps told

	began, ended time.Time
	status       sandbox.Status
	err          error           // why it did not start, or what could not be cleaned up
	notes        []string        // what could not be had as it was asked for
	first        inspect.ID      // its first process; zero before a snapshot had it
	waiting      bool            // somebody waits for what it writes next
	showSteps    bool            // the steps are seen still, though the command runs
	stopped      bool            // somebody wants its end
	unpacked     rootfs.Progress // of its root, while that is unpacked; else its What is ""
}

// boxed is what the screen needs of a *sandbox.Sandbox.
type boxed struct {
	PID      int
	Terminal *os.File // nil when it has none
	Notes    []string
	life
}

// life is the part of a sandbox that ends.
type life interface {
	Wait() (sandbox.Status, error)
	Done() <-chan struct{}
	Kill()
}

// order is what a session starts, and starts again.
type order struct {
	spec   *sandbox.Spec  // of a sandbox
	entry  *sandbox.Entry // of a command that is entered
	target enterTarget    // what is entered
	step   bool           // stop before each stage
	notes  []string       // what the form could not have as the preset has it
}

type sessionState uint8

const (
	starting sessionState = iota
	running
	ended
	failed // to start
)

// name is what lists call it.
func (s *session) name() string { return "shell " + strconv.Itoa(s.number) }

// over tells whether nothing of it runs any more; of no session, nothing does.
func (s *session) over() bool { return s == nil || s.state == ended || s.state == failed }

// find finds the session's first process in a snapshot, also while its launch waits before a stage. Its PID is no other's as
// long as nobody has waited for it.
func (s *session) find(snap *inspect.Snapshot) {
	pid := s.staged.launch.pid
	if s.box != nil {
		pid = s.box.PID
	}
	if pid == 0 || s.over() || s.first != (inspect.ID{}) {
		return
	}
	p := snap.ByPID(pid)
	if p == nil {
		return
	}
	s.first = p.ID
	w := watched{first: p.ID, title: s.name() + " · " + s.kind, started: s.began}
	if s.order.entry != nil {
		w.entered = &s.order.target.id
	}
	s.kernel.watch(w)
}

// stateWords says in a few words how it is.
func (s *session) stateWords(now time.Time) line {
	switch s.state {
	case starting:
		switch {
		case s.stopped:
			return words(dim, "stopping")
		case s.unpacked.What != "":
			return words(dim, s.unpackedShare())
		case s.steps != nil:
			return words(warn, "step by step")
		}
		return words(dim, "starting")
	case running:
		return words(good, "up ").put(plain, text.Duration(max(now.Sub(s.began), time.Second).Truncate(time.Second)))
	case failed:
		return words(bad, "did not start")
	default:
		return s.endWords()
	}
}

// endWords says how it ended, in a colour.
func (s *session) endWords() line {
	st := dim
	switch {
	case s.status.Signal != 0:
		st = bad
	case s.status.Code != 0:
		st = warn
	}
	return words(st, "ended: "+s.howEnded())
}

// howEnded says how the command ended.
func (s *session) howEnded() string {
	if s.status.Signal != 0 {
		return signalName(s.status.Signal)
	}
	return fmt.Sprintf("exit %d", s.status.Code)
}

// signalName is the name of a signal as kill -l has it, with the SIG.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(int(s))
}

// end ends what runs of it, or the launch. It does not wait.
func (s *session) end() {
	s.stopped = true
	s.up.cancel()
	if s.box != nil && s.state == running {
		s.box.Kill()
	}
}
