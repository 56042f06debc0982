package filter

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// matchCap asks for capabilities in the effective set, the one that the kernel checks (capabilities(7)).
func matchCap(value string) (test, error) {
	want, err := caps.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("cap: %w", err)
	}
	return statusTest(func(s *proc.Status) answer {
		return answerOf(s.CapEff&uint64(want) == uint64(want))
	}), nil
}

// matchUser asks for the effective user on the host's side of all user namespaces.
func matchUser(value string) (test, error) {
	uid, err := parseUID(value)
	if err != nil {
		return nil, err
	}
	return statusTest(func(s *proc.Status) answer { return answerOf(s.UID[1] == uid) }), nil
}

func parseUID(value string) (uint32, error) {
	if uid, err := strconv.ParseUint(value, 10, 32); err == nil {
		return uint32(uid), nil
	}
	named, err := user.Lookup(value)
	if err != nil {
		return 0, fmt.Errorf("user:%s: /etc/passwd knows no such user; a number such as user:1000 works too", value)
	}
	uid, err := strconv.ParseUint(named.Uid, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("user:%s: /etc/passwd gives the user number %q: %w", value, named.Uid, err)
	}
	return uint32(uid), nil
}

// seccompModes are the values of the line Seccomp in proc_pid_status(5).
var seccompModes = [...]string{"off", "strict", "filter"}

func matchSeccomp(value string) (test, error) {
	for mode, name := range seccompModes {
		if strings.EqualFold(value, name) {
			return statusTest(func(s *proc.Status) answer {
				if !s.Seccomp.OK() {
					return unknown
				}
				return answerOf(int(s.Seccomp.Value) == mode)
			}), nil
		}
	}
	return nil, fmt.Errorf("seccomp:%s: the modes are %s", value, strings.Join(seccompModes[:], ", "))
}

// statusTest asks of /proc/PID/status. A process without it was refused, or not reached yet.
func statusTest(ask func(*proc.Status) answer) test {
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		if p.Facts.Status.State != reading.Known {
			return unknown
		}
		return ask(p.Facts.Status.Value)
	}
}
