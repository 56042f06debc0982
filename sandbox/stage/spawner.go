package stage

import (
	"syscall"
	"unsafe"
)

// spawner carries out an order. It talks to the launcher as a child does, whose sending and failing it has.
type spawner struct {
	child
	order  Order
	writer forkWriter
	report int // the fork's reports are read from it
	leash  [2]int
	first  int // the fork
	last   int // the process that the order is about: the fork, or one that it made
}

func (s *spawner) run() {
	s.tty, s.root, s.tasks = -1, -1, -1
	s.stage = "clone"
	closeOnExec()
	syscall.Close(PlanFD)
	if s.order.Terminal != nil {
		s.makeTerminal()
	}
	s.prepare()
	s.start()
	s.watch()
	if s.order.Leave {
		syscall.Exit(0)
	}
	s.mind()
}

// closeOnExec marks all descriptors but the standard ones: those that a shell or the launcher's caller left open too
// (CVE-2024-21626).
func closeOnExec() {
	const first, most = 3, 1 << 16
	if _, errno := call(sysCloseRange, first, ^uintptr(0)>>32, closeRangeCloexec, 0, 0, 0); errno == 0 {
		return
	}
	for fd := first; fd < most; fd++ { // before Linux 5.11
		syscall.CloseOnExec(fd)
	}
}

// prepare makes the script of the order.
func (s *spawner) prepare() {
	var report [2]int
	s.check(syscall.Pipe2(report[:], cloexec), "pipe2", "")
	s.check(syscall.Pipe2(s.leash[:], cloexec|syscall.O_NONBLOCK), "pipe2", "")
	s.report = report[0]
	w := &s.writer
	*w = forkWriter{script: &script{report: report[1], record: new([2]uint64)}, leash: s.leash[0], tty: s.tty}
	// A fork that held the leash's other end would never see the spawner end.
	w.call(plain, step{what: "close"}, syscall.SYS_CLOSE, uintptr(s.leash[1]))
	if s.order.Leave {
		w.leash = -1
	}
	w.defaultSignals()
	for i := range s.order.Ops {
		o := &s.order.Ops[i]
		if !w.add(o) {
			s.fail("an operation that a spawner does not know", o.Path, 0)
		}
	}
}

// start forks.
func (s *spawner) start() {
	pid, errno := s.writer.fork(cloneFlags{parent: s.order.Leave, spaces: uintptr(s.order.Clone)})
	s.must(errno, "clone", "")
	s.first, s.last = pid, pid
	syscall.Close(s.writer.report)
	syscall.Close(s.leash[0])
	// What the fork has is not ours: a pipe's reader must see its end when the command closes it.
	for fd := range 3 {
		syscall.Close(fd)
	}
	for fd := ExtraFD; fd < ExtraFD+s.order.FDs; fd++ {
		syscall.Close(fd)
	}
	if s.tty >= 0 {
		syscall.Close(s.tty)
	}
	if s.order.Leave {
		s.spawned(pid)
	}
}

// spawned tells the launcher of a process.
func (s *spawner) spawned(pid int) {
	w := buffer{b: []byte{byte(MsgSpawned)}}
	w.num(uint64(pid))
	s.tell(w.b...)
}

// watch reads the fork's reports until it, or what it forked, has executed something, or ended.
func (s *spawner) watch() {
	var failed *Failure
	gone := false
	for {
		if !s.order.Leave && !gone && s.poll(s.report) {
			gone = true
			s.kill() // the reports go on until the fork is gone too: it may have made another process
		}
		record, ok := s.read()
		if !ok {
			break
		}
		if record[0] == recordSpawned {
			s.last = int(record[1])
			if s.order.Leave {
				s.spawned(s.last)
			}
			continue
		}
		f := Failure{Stage: s.stage, What: "an order that executes nothing", Errno: record[1]}
		if record[0] < uint64(len(s.writer.steps)) {
			at := s.writer.steps[record[0]]
			f.Stage, f.What, f.Path = at.stage, at.what, at.path
		}
		failed = &f
	}
	syscall.Close(s.report)
	if gone {
		s.abandon()
	}
	if s.last != s.first && !s.order.Leave {
		s.wait(s.first)
	}
	if failed == nil {
		return
	}
	if !s.order.Leave {
		s.wait(s.last)
	}
	s.send(failed.encode(), -1)
	syscall.Exit(125)
}

// read reads one record.
func (s *spawner) read() (record [2]uint64, ok bool) {
	b := (*[16]byte)(unsafe.Pointer(&record))
	for {
		n, err := syscall.Read(s.report, b[:]) // a pipe gives what one write put into it
		if err == syscall.EINTR {
			continue
		}
		return record, n == len(b)
	}
}

// pollFd is struct pollfd of poll(2).
type pollFd struct {
	fd              int32
	events, revents int16
}

const pollIn = 1

// poll waits for something to read from a descriptor, and obeys the launcher meanwhile. It tells whether that is gone.
func (s *spawner) poll(fd int) (gone bool) {
	for {
		fds := [2]pollFd{{fd: int32(fd), events: pollIn}, {fd: ControlFD, events: pollIn}}
		_, errno := call(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), 2, 0, 0, 0, 0)
		switch {
		case errno == syscall.EINTR:
		case fds[1].revents != 0 && s.obeyOnce():
			return true
		case fds[0].revents != 0 || errno != 0:
			return false
		}
	}
}

// obeyOnce reads a message, and sends the command a signal when it says so. It tells whether the launcher is gone.
func (s *spawner) obeyOnce() (gone bool) {
	var b [8]byte
	n, _, err := syscall.Recvfrom(ControlFD, b[:], 0)
	if n >= 2 && b[0] == byte(MsgSignal) {
		syscall.Kill(s.last, syscall.Signal(b[1])) // our child, and not waited for: its PID is nobody else's
	}
	return err != syscall.EINTR && (err != nil || n == 0)
}

// kill ends what was started and not waited for, with what it started itself: after Session it leads a group that has its PID
// (setsid(2)), which is nobody else's for as long as it was not waited for.
func (s *spawner) kill() {
	for _, pid := range []int{s.first, s.last} {
		syscall.Kill(pid, syscall.SIGKILL)
		if pid > 1 { // -1 is everybody (kill(2))
			syscall.Kill(-pid, syscall.SIGKILL)
		}
	}
}

// abandon ends all without a launcher. It is waited for by us: the first process of its PID namespace, to which it falls
// otherwise, may wait for nobody.
func (s *spawner) abandon() {
	s.kill()
	s.wait(s.first)
	s.wait(s.last)
	syscall.Exit(128 + int(syscall.SIGKILL))
}

// tell is send for a spawner that has something to end when nobody listens.
func (s *spawner) tell(message ...byte) {
	for {
		err := syscall.Sendmsg(ControlFD, message, nil, nil, syscall.MSG_NOSIGNAL)
		if err == nil {
			return
		}
		if err != syscall.EINTR {
			s.abandon()
		}
	}
}

// mind waits for the command, sends it the launcher's signals and ends it with the launcher.
func (s *spawner) mind() {
	s.first = s.last // the fork was waited for
	s.spawned(s.last)
	s.tell(byte(MsgRunning))
	pidfd, errno := call(sysPidfdOpen, uintptr(s.last), 0, 0, 0, 0, 0)
	if errno != 0 {
		s.kill()
		s.wait(s.last)
		s.fail("pidfd_open of the command", "", errno)
	}
	if s.poll(int(pidfd)) {
		s.abandon()
	}
	status := uint32(s.wait(s.last))
	s.send([]byte{byte(MsgExited), byte(status), byte(status >> 8), byte(status >> 16), byte(status >> 24)}, -1)
	syscall.Exit(0)
}

const sysPidfdOpen = 434

func (s *spawner) wait(pid int) (status syscall.WaitStatus) {
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			return status
		}
	}
}
