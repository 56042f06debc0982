package security

import (
	"fmt"
	"strconv"

	"cutaway/inspect/reading"
)

// The values of Seccomp in /proc/PID/status (proc_pid_status(5)).
const (
	SeccompOff    uint8 = 0
	SeccompStrict uint8 = 1
	SeccompFilter uint8 = 2
)

// SeccompMode names a value of Seccomp in /proc/PID/status: "off", "strict" or "filter"; the number for any other.
func SeccompMode(mode uint8) string {
	switch mode {
	case SeccompOff:
		return "off"
	case SeccompStrict:
		return "strict"
	case SeccompFilter:
		return "filter"
	}
	return strconv.Itoa(int(mode))
}

// SeccompMeaning says in a sentence what a value of Seccomp means for the process (seccomp(2)). filters is Seccomp_filters,
// which kernels before 5.9 do not tell.
func SeccompMeaning(mode uint8, filters reading.Of[uint32]) string {
	switch mode {
	case SeccompOff:
		return "Every system call is open to it."
	case SeccompStrict:
		return "Only read, write, _exit and sigreturn are open to it; any other call kills it."
	case SeccompFilter:
		return filterMeaning(filters)
	}
	return fmt.Sprintf("Mode %d is newer than this program.", mode)
}

func filterMeaning(filters reading.Of[uint32]) string {
	switch {
	case !filters.OK():
		return "Filters decide on each system call; how many is not told by this kernel."
	case filters.Value == 1:
		return "One filter decides on each system call: it may allow it, fail it, or kill the process."
	}
	return fmt.Sprintf("%d filters decide on each system call; the strictest answer counts.", filters.Value)
}

// NoNewPrivsMeaning says in a sentence what NoNewPrivs means for the process (PR_SET_NO_NEW_PRIVS(2const)).
func NoNewPrivsMeaning(on bool) string {
	if on {
		return "Executing a program gives no privileges: set-user-ID bits and file capabilities are ignored, for it and its descendants for good."
	}
	return "Executing a set-user-ID program or one with file capabilities can give it more privileges, up to its bounding set."
}

// LandlockUnknown is all there is to say of Landlock from outside: no file of proc shows a process's domain (landlock(7)).
const LandlockUnknown = "Not visible in procfs: whether Landlock restricts it is unknown."
