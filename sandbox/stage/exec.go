package stage

import "syscall"

// exec starts the command: it becomes it, or forks it and stays as its init.
func (c *child) exec(o *Op) {
	if len(o.List) == 0 {
		c.fail("no command", "", 0)
	}
	// What survived the exec of this process in a new user namespace must not survive the next.
	if errno := prctl(prCapAmbient, ambientClearAll, 0); errno != 0 && errno != syscall.EINVAL {
		c.fail("prctl(PR_CAP_AMBIENT_CLEAR_ALL)", "", errno)
	}
	paths := candidates(o.List[0], o.Path)
	if c.plan.Init {
		c.must(prctl(prSetDumpable, 0, 0), "prctl(PR_SET_DUMPABLE)", "")
		c.start(paths, o)
		return
	}
	if c.tty >= 0 {
		for fd := 0; fd < 3; fd++ {
			c.check(syscall.Dup3(c.tty, fd, 0), "dup3 of the terminal", "")
		}
		_, errno := call(syscall.SYS_IOCTL, 0, syscall.TIOCSCTTY, 0, 0, 0, 0)
		c.must(errno, "ioctl(TIOCSCTTY)", "")
	}
	c.send([]byte{byte(MsgExec)}, -1)
	errno := syscall.ENOENT
	for _, path := range paths {
		errno = worst(errno, errnoOf(syscall.Exec(path, o.List, o.More)))
	}
	c.fail("execve", o.List[0], errno)
}

// start forks the command and waits for it.
func (c *child) start(paths []string, o *Op) {
	attr := syscall.ProcAttr{Env: o.More, Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true}}
	if c.tty >= 0 {
		tty := uintptr(c.tty)
		attr.Files = []uintptr{tty, tty, tty}
		attr.Sys.Setctty = true // and Ctty is 0: the command's own descriptor
	}
	pid, errno := 0, syscall.ENOENT
	for _, path := range paths {
		p, err := syscall.ForkExec(path, o.List, &attr)
		if err == nil {
			pid = p
			break
		}
		errno = worst(errno, errnoOf(err))
	}
	if pid == 0 {
		c.fail("execve", o.List[0], errno)
	}
	c.pid = pid
	if c.tty >= 0 {
		syscall.Close(c.tty)
	}
	for fd := 0; fd < 3; fd++ {
		syscall.Close(fd) // a pipe's reader must see its end when the command closes it
	}
	c.send([]byte{byte(MsgRunning)}, -1)
	ended := make(chan syscall.WaitStatus, 1)
	go c.reap(pid, ended)
	c.obey(pid, ended)
}

// worst is the error to report after several places were tried: what is not there says less than what cannot be executed.
func worst(before, now syscall.Errno) syscall.Errno {
	if now == syscall.ENOENT || now == syscall.ENOTDIR {
		return before
	}
	return now
}

// candidates are the paths to try for a command's name, as execvp(3) does.
func candidates(name, path string) []string {
	for i := 0; i < len(name); i++ {
		if name[i] == '/' {
			return []string{name}
		}
	}
	var list []string
	var st syscall.Stat_t
	for more := true; more; {
		var dir string
		dir, path, more = cut(path, ':')
		if dir == "" {
			continue // the working directory: nobody wants a command from there
		}
		if place := dir + "/" + name; syscall.Stat(place, &st) == nil { // before a fork for each place
			list = append(list, place)
		}
	}
	return list
}

// obey carries the launcher's signals to the command, on the main thread, which alone has the command's user. When the
// launcher's end closes, the sandbox ends: PID 1's end is the end of its PID namespace (pid_namespaces(7)).
func (c *child) obey(pid int, ended <-chan syscall.WaitStatus) {
	var b [8]byte
	for {
		n, _, err := syscall.Recvfrom(ControlFD, b[:], 0)
		if err == syscall.EINTR {
			continue
		}
		if n >= 2 && b[0] == byte(MsgSignal) {
			syscall.Kill(pid, syscall.Signal(b[1]))
		}
		if err == nil && n > 0 {
			continue
		}
		select {
		case status := <-ended:
			c.killRest(0)
			s := uint32(status)
			c.send([]byte{byte(MsgExited), byte(s), byte(s >> 8), byte(s >> 16), byte(s >> 24)}, -1)
			syscall.Exit(0)
		default:
			c.killRest(pid)
			syscall.Exit(128 + int(syscall.SIGKILL))
		}
	}
}

// reap waits for every child, the command and those that the kernel gives to the init, until the command ends. Then it
// wakes the main thread, which waits for the launcher's messages.
func (c *child) reap(pid int, ended chan<- syscall.WaitStatus) {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			c.fail("wait4", "", errnoOf(err))
		}
		if got == pid {
			ended <- status
			syscall.Shutdown(ControlFD, syscall.SHUT_RD)
			return
		}
	}
}

// killRest ends what is left of the sandbox when the kernel does not: without a PID namespace of its own. Orphans come to
// us, their subreaper, so that whoever is left is a child sooner or later (PR_SET_CHILD_SUBREAPER).
func (c *child) killRest(pid int) {
	if c.plan.PIDNS || !c.plan.Init {
		return
	}
	if pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for {
		children := c.children()
		for _, child := range children {
			syscall.Kill(child, syscall.SIGKILL)
		}
		if len(children) == 0 {
			return
		}
		// Never wait without end: reap may have taken the one that dies, whose children are ours from then on.
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 && err != syscall.EINTR {
				break
			}
		}
		pause := syscall.Timespec{Nsec: 1e6}
		syscall.Nanosleep(&pause, nil)
	}
}

// children reads our children from /proc/self/task/TID/children, of every thread.
func (c *child) children() (pids []int) {
	if c.tasks < 0 {
		return nil
	}
	dir, errno := openat2(c.tasks, ".", syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if errno != 0 {
		return nil
	}
	defer syscall.Close(dir)
	for _, thread := range names(dir) {
		fd, errno := openat2(dir, thread+"/children", syscall.O_RDONLY, 0)
		if errno != 0 {
			continue
		}
		var text [4096]byte
		n, _ := syscall.Read(fd, text[:])
		syscall.Close(fd)
		for rest, more := string(text[:max(n, 0)]), true; more; {
			var word string
			word, rest, more = cut(rest, ' ')
			if pid := atoi(word); pid > 0 {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// names lists a directory to its end: a signal, such as that of a child's end, cuts what one read gives short (filldir64 in
// fs/readdir.c).
func names(dir int) (list []string) {
	var b [4096]byte
	for {
		n, err := syscall.ReadDirent(dir, b[:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return list
		}
		_, _, list = syscall.ParseDirent(b[:n], -1, list)
	}
}
