package terminal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mode is how the caller's terminal is set, and how it was.
type mode struct {
	fd     int
	before unix.Termios // valid while raw
	raw    bool
}

// setRaw sets the terminal as cfmakeraw(3) does, without throwing away what was typed. In the background the kernel stops
// the process first, as every program that changes its terminal, or says EIO when nobody could continue it
// (tty_check_change in drivers/tty/tty_jobctrl.c). Called again it sets the same again: a shell may have changed it.
func (m *mode) setRaw() error {
	now, err := unix.IoctlGetTermios(m.fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read the terminal's mode (TCGETS): %w", err)
	}
	raw := *now
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	err = retry(func() error { return unix.IoctlSetTermios(m.fd, unix.TCSETS, &raw) })
	if errors.Is(err, unix.EIO) && !m.foreground() {
		return fmt.Errorf("this process is in the background and no shell could bring it to the foreground (start it in the foreground, or without a terminal): set the terminal to raw mode: %w", err)
	}
	if err != nil {
		return fmt.Errorf("set the terminal to raw mode (TCSETS): %w", err)
	}
	if !m.raw {
		m.before, m.raw = *now, true
	}
	return nil
}

// restore sets the terminal as it was before setRaw. It does not wait for what is being written (TCSETSW), which may be
// never: what was written is processed already. In the background the terminal is somebody else's, and left alone.
func (m *mode) restore() error {
	if !m.raw || !m.foreground() {
		return nil
	}
	err := retry(func() error { return unix.IoctlSetTermios(m.fd, unix.TCSETS, &m.before) })
	m.raw = false
	if err != nil && !errors.Is(err, unix.EIO) { // EIO: it was hung up, and there is nothing to restore
		return fmt.Errorf("set the terminal as it was (TCSETS; `stty sane` does most of it): %w", err)
	}
	return nil
}

// foreground tells whether this process may change the terminal: it is in the foreground group, or the terminal is not its
// controlling one (ENOTTY), so that there is no job control between the two (tcgetpgrp(3)).
func (m *mode) foreground() bool {
	group, err := unix.IoctlGetInt(m.fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// LeftRaw tells whether a terminal is in raw mode, as a program leaves it that was killed while it used it. `stty sane;
// reset` mends that. False for what is no terminal.
func LeftRaw(f *os.File) bool {
	const cooked = unix.ICANON | unix.ISIG | unix.ECHO
	raw, err := with(f, func(fd int) (int, error) {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err == nil && t.Lflag&cooked == 0 && t.Oflag&unix.OPOST == 0 {
			return 1, nil
		}
		return 0, err
	})
	return err == nil && raw == 1
}

func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
