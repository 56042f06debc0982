package seccomp

import (
	"cmp"
	"runtime"
	"slices"
	"syscall"

	"cutaway/inspect/caps"
)

// Refusal is a call that a profile refuses, always or for some arguments.
type Refusal struct {
	Call    string        // the kernel's name: "mount"
	Errno   syscall.Errno // that it fails with: EPERM or ENOSYS
	For     string        // the arguments that it is refused for; "" for all
	Purpose string        // what a program does with the call: "mounts and unmounts"
	With    caps.Set      // keeping one of these would let it through; none would when it is empty
}

// Refusals are the calls of this architecture that Program refuses, by name; none for Off. Numbers that are not in the
// tables are refused too, with ENOSYS, and so is a process of another architecture.
func Refusals(profile string, keep caps.Set) ([]Refusal, error) {
	f, err := newFilter(profile, runtime.GOARCH, keep)
	if f == nil {
		return nil, err
	}
	var refusals []Refusal
	for _, r := range f.rules {
		switch {
		case r.errno != 0:
			refusals = append(refusals, Refusal{Call: r.call.name, Errno: r.errno, Purpose: r.group.purpose, With: r.access.with})
		case r.check != nil:
			refusals = append(refusals, Refusal{
				Call: r.call.name, Errno: syscall.EPERM, For: r.check.about, Purpose: r.group.purpose, With: r.check.with,
			})
		}
	}
	slices.SortFunc(refusals, func(a, b Refusal) int { return cmp.Compare(a.Call, b.Call) })
	return refusals, nil
}

// Describe says in a sentence what a profile does; "" for one that does not exist.
func Describe(profile string) string {
	switch profile {
	case Docker:
		return "Lets through the system calls that Docker's default profile does, and more for the capabilities that are kept."
	case Strict:
		return "Lets through what shells, tools and language runtimes need: no namespaces, mounts, tracing, and no sockets but local and IP ones, whatever capabilities are kept."
	case Off:
		return "Every system call reaches the kernel."
	}
	return ""
}
