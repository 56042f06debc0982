package stage

import "syscall"

// makeTerminal makes a terminal and sends its master to the launcher: from the target's own devpts where it has one, so
// that the terminal has a name there (ttyname(3)), else from ours.
func (s *spawner) makeTerminal() {
	s.stage = "terminal"
	master := -1
	if t := s.order.Terminal; t.Root >= 0 {
		for _, path := range []string{"dev/ptmx", "dev/pts/ptmx"} {
			if master = openPtmx(int(fd(t.Root)), path); master >= 0 {
				break
			}
		}
	}
	if master < 0 {
		var err error
		master, err = syscall.Open(hostPtmx, syscall.O_RDWR|syscall.O_NOCTTY|cloexec, 0)
		s.check(err, "open a terminal", hostPtmx)
	}
	tty, errno := otherEnd(master)
	s.must(errno, "make a terminal (ioctl TIOCSPTLCK, TIOCGPTPEER)", hostPtmx)
	s.tty = tty
	// Programs open the terminal again by its name, which takes its owner. Who cannot give it away owns it already.
	syscall.Fchown(tty, int(s.order.Terminal.UID), -1)
	s.send([]byte{byte(MsgTerminal)}, master)
	syscall.Close(master)
	s.stage = "clone"
}

const hostPtmx = "/dev/ptmx"

// openPtmx opens the multiplexer of terminals at a path below a foreign root; -1 when there is none. What is there is
// looked at before it is opened: a device of another kind may do anything when opened, and a FIFO would block.
func openPtmx(root int, path string) int {
	place, errno := openat2(root, path, oPath, resolveInRoot|resolveNoMagicLinks)
	if errno != 0 {
		return -1
	}
	defer syscall.Close(place)
	const ptmx = 5<<8 | 2 // Documentation/admin-guide/devices.txt
	var st syscall.Stat_t
	if syscall.Fstat(place, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFCHR || st.Rdev != ptmx {
		return -1
	}
	// Through the descriptor, which stays what it is when the path is exchanged.
	master, err := syscall.Open("/proc/self/fd/"+itoa(place), syscall.O_RDWR|syscall.O_NOCTTY|cloexec, 0)
	if err != nil {
		return -1
	}
	return master
}
