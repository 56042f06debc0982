package landlock

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ABI is the version of Landlock that the kernel offers, from 1 (Linux 5.13) on. Without Landlock it is an error that says
// how to get it.
func ABI() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, explain(errno)
	}
	return int(version), nil
}

// explain says why there is no Landlock, by the errno that landlock_create_ruleset(2) gives.
func explain(errno unix.Errno) error {
	advice := "start cutaway outside of the seccomp filter that refuses it"
	switch {
	case errors.Is(errno, unix.EOPNOTSUPP):
		advice = "it is turned off: add landlock to the list in the boot parameter lsm= (/sys/kernel/security/lsm has the present list), or leave Landlock out"
	case errors.Is(errno, unix.ENOSYS):
		advice = "it needs Linux 5.13 with CONFIG_SECURITY_LANDLOCK, and landlock in the boot parameter lsm=; or leave Landlock out"
	}
	return fmt.Errorf("ask for Landlock's version: landlock_create_ruleset: %w: %s", errno, advice)
}
