package stage

import "syscall"

// init takes over when the launcher asked for a role of this package. It runs before the packages of the screen and the
// command line are initialised; without the variable, or without a plan in the descriptor, it costs nothing and returns.
func init() {
	role, ok := syscall.Getenv(Variable)
	if !ok {
		return
	}
	switch role {
	case RoleChild:
		if isMemory(PlanFD) {
			(&child{}).run()
		}
	case RoleSpawner:
		if b, ok := readPlan(); ok {
			if order, ok := decodeOrder(b); ok {
				(&spawner{order: order}).run()
			}
		}
	case RoleJanitor:
		if b, ok := readPlan(); ok {
			if chores, ok := decodeChores(b); ok {
				cleanUpAfter(chores)
			}
		}
	}
	if !isMemory(PlanFD) {
		return // nobody of ours set the variable
	}
	syscall.Exit(125)
}

// isMemory tells whether a descriptor is a file without a name: a launcher's memfd.
func isMemory(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Nlink == 0
}

// readPlan reads the file in PlanFD from its beginning. It is not ok when there is none that begins as a plan does.
func readPlan() ([]byte, bool) {
	var st syscall.Stat_t
	if syscall.Fstat(PlanFD, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || st.Size < 8 || st.Size > 64<<20 {
		return nil, false
	}
	b := make([]byte, st.Size)
	for n := 0; n < len(b); {
		m, err := syscall.Pread(PlanFD, b[n:], int64(n))
		if err == syscall.EINTR {
			continue
		}
		if err != nil || m <= 0 {
			return nil, false
		}
		n += m
	}
	head := buffer{b: b}
	return b, head.getNum() == magic
}
