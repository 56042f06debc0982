package stage

import (
	"syscall"
	"unsafe"
)

// defaultSignals has the fork take the default action for signals that are ignored here, as they are in jobs that a shell
// started in the background: execve(2) keeps that, and the command could not be interrupted.
func (w *forkWriter) defaultSignals() {
	const (
		ignore   = 1 // SIG_IGN
		last     = 64
		maskSize = 8
	)
	byDefault := w.hold(unsafe.Pointer(new([4]uint64))) // the kernel's struct sigaction of 64-bit machines
	for n := uintptr(1); n <= last; n++ {
		now := new([4]uint64)
		_, errno := call(syscall.SYS_RT_SIGACTION, n, 0, uintptr(unsafe.Pointer(now)), maskSize, 0, 0)
		if errno == 0 && now[0] == ignore {
			w.call(plain, step{what: "rt_sigaction"}, syscall.SYS_RT_SIGACTION, n, byDefault, 0, maskSize)
		}
	}
}
