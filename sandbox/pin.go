package sandbox

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// pin holds on to one process: as long as check says nothing, what was read of its PID since was its own.
type pin struct {
	pid   int
	start uint64
	fd    int
}

func pinProcess(pid int, start uint64) (*pin, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	p := &pin{pid, start, fd}
	if err := p.check(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pin) check() error {
	if now := startTime(p.pid); now != p.start {
		return fmt.Errorf("it ended meanwhile, and its PID is another's: %w", syscall.ESRCH)
	}
	if err := unix.PidfdSendSignal(p.fd, 0, nil, 0); errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("it ended meanwhile: %w", err)
	}
	return nil
}

func (p *pin) close() { unix.Close(p.fd) }
