package sandbox

import (
	"strings"
	"syscall"
	"testing"

	"cutaway/sandbox/cgroups"
)

// The errno is there once, whoever words it.
func TestLaunchErrorNamesTheErrnoOnce(t *testing.T) {
	for _, err := range []error{syscall.EACCES, &cgroups.Error{What: "write 1", Path: "/x", Err: syscall.EACCES}} {
		text := failed(StageCgroup, "make its cgroup", "", err).Error()
		if strings.Count(text, "(errno 13)") != 1 {
			t.Error(text)
		}
	}
}
