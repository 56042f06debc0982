package sandbox

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/reexec"
	"cutaway/sandbox/stage"
)

// attend waits for the sandbox's end and cleans up behind it.
func (b *Sandbox) attend(messages <-chan reexec.Message, exited <-chan syscall.WaitStatus) {
	var told *Status // what the init said of the command
	for m := range messages {
		switch {
		case m.Kind == stage.MsgExited && len(m.Text) >= 4:
			s := statusOf(syscall.WaitStatus(binary.LittleEndian.Uint32([]byte(m.Text))))
			told = &s
		case m.FD >= 0:
			unix.Close(m.FD)
		}
	}
	b.status = statusOf(<-exited)
	if told != nil {
		b.status = *told
	}
	b.err = b.end()
	close(b.ended)
}

// Wait waits until the command ended and everything of the sandbox is gone. The error is what could not be cleaned up.
func (b *Sandbox) Wait() (Status, error) {
	<-b.ended
	return b.status, b.err
}

// Done is closed when Wait would not block.
func (b *Sandbox) Done() <-chan struct{} { return b.ended }

// Signal sends a signal to the command.
func (b *Sandbox) Signal(sig syscall.Signal) error {
	if b.spec.Init {
		err := unix.Sendto(b.control, []byte{byte(stage.MsgSignal), byte(sig)}, unix.MSG_NOSIGNAL, nil)
		return os.NewSyscallError("send a signal to the sandbox's init", err)
	}
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(b.pidfd, sig, nil, 0))
}

// Kill ends the sandbox with everything in it. It does not wait.
func (b *Sandbox) Kill() {
	unix.Shutdown(b.control, unix.SHUT_RDWR)
	if !b.spec.Init || b.spec.Namespaces.PID.IsNew() {
		unix.PidfdSendSignal(b.pidfd, unix.SIGKILL, nil, 0)
	}
}

// end lets go of everything that a launch may have made so far, in any state, and kills what still runs.
func (b *Sandbox) end() error {
	var errs []error
	b.closing.Do(func() {
		b.cleaning.Lock()
		defer b.cleaning.Unlock()
		b.cleaned = true
		if b.control >= 0 {
			unix.Shutdown(b.control, unix.SHUT_RDWR)
		}
		if b.pidfd >= 0 {
			unix.PidfdSendSignal(b.pidfd, unix.SIGKILL, nil, 0)
			awaitExit(b.pidfd, 5*time.Second)
			unix.Close(b.pidfd)
		}
		if b.veth != nil {
			errs = append(errs, b.veth.Close())
		}
		if b.control >= 0 {
			unix.Close(b.control)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		errs = append(errs, b.removeGroup(ctx))
		b.janitor.dismiss()
		if b.root != nil {
			errs = append(errs, b.root.Close())
		}
	})
	return errors.Join(errs...)
}

// awaitExit waits until a process ended.
func awaitExit(pidfd int, limit time.Duration) {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	deadline := time.Now().Add(limit)
	for {
		left := time.Until(deadline)
		n, err := unix.Poll(fds, int(max(left, 0)/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if n > 0 || err != nil || left <= 0 {
			return
		}
	}
}
