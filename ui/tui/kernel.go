package tui

import (
	"cmp"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// kernel is what is read once, because it holds for as long as the machine is up.
type kernel struct {
	last      caps.Cap         // its highest capability
	enforcing reading.Of[bool] // SELinux
}

func readKernel(o inspect.Options) kernel {
	k := kernel{last: caps.LastKnown(), enforcing: security.SELinuxEnforcing("/sys")}
	if last := caps.Last(cmp.Or(o.Proc, "/proc")); last.OK() {
		k.last = last.Value
	}
	return k
}
