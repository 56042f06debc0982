package tui

import (
	"golang.org/x/sys/unix"
)

// cannotSuspend says why the screen must not be stopped now.
func (a *App) cannotSuspend() string {
	if why := a.limits.cannotLeave(); why != "" {
		return why
	}
	return nobodyResumes()
}

// nobodyResumes says why the screen must not stop: without a shell that watches it, nobody could bring it back. POSIX calls
// its process group orphaned then, and the kernel ignores the signal (credentials(7), kernel/exit.c will_become_orphaned_pgrp).
func nobodyResumes() string {
	parent := unix.Getppid()
	session, err := unix.Getsid(0)
	if err != nil {
		return ""
	}
	theirs, err := unix.Getsid(parent)
	if err != nil || theirs != session {
		return "no shell with job control started this screen, so nothing could bring it back"
	}
	return ""
}
