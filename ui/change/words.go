package change

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/engine"
	"cutaway/sandbox/control"
	"cutaway/sandbox/limit"
	"cutaway/ui/text"
)

// unlimited is the kernel's word for a limit that is not set.
const unlimited = "max"

// Counted is a number of things: "1 process", "3 processes".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Besides says of how many strangers a question is too; "" for none.
func Besides(strangers int) string {
	switch strangers {
	case 0:
		return ""
	case 1:
		return " 1 of them is not what was named."
	}
	return fmt.Sprintf(" %d of them are not what was named.", strangers)
}

// WarnStrangers adds to a plan for a container that its cgroup holds others; for a process the plan says it already.
func WarnStrangers(p *control.Plan, t *Target, strangers int) {
	if t.Container == nil || strangers == 0 {
		return
	}
	p.Warnings = append(p.Warnings, "its cgroup also holds "+
		Counted(strangers, "process that is not in the container", "processes that are not in the container")+", and it concerns them too")
}

// FreezeQuestion and KillQuestion name what would be stopped or ended: processes in the cgroup, of which some are strangers.
func FreezeQuestion(target fmt.Stringer, processes, strangers int) string {
	all := "all " + Counted(processes, "process", "processes")
	if processes == 1 {
		all = "the one process"
	}
	return fmt.Sprintf("Freeze %s of the cgroup of %s?%s", all, target, Besides(strangers))
}

// KillQuestion is FreezeQuestion for a kill.
func KillQuestion(target fmt.Stringer, processes, strangers int) string {
	return fmt.Sprintf("Kill %s of the cgroup of %s?%s", Counted(processes, "process", "processes"), target, Besides(strangers))
}

// LimitsQuestion asks before a change of limits.
func LimitsQuestion(target string) string {
	return "Change the limits of " + target + "? This can hurt what runs there."
}

// FrozenNote says that an engine was not told of a freeze; "" when there is none to tell.
func FrozenNote(engineName string) string {
	if engineName != engine.Docker && engineName != engine.Podman {
		return ""
	}
	return engineName + " does not know that it is frozen: `" + engineName + " pause` would have told it"
}

// Elsewhere tells whether the processes that are looked at may be another machine's, or another PID namespace's, on which
// nothing can be done by their PIDs.
func Elsewhere(o inspect.Options) bool {
	return o.Proc != "" && o.Proc != "/proc" || o.Cgroup != ""
}

// LimitName is what a write limits: v1's file for swap has memory in it too.
func LimitName(w *control.Write) string {
	if filepath.Base(w.File) == "memory.memsw.limit_in_bytes" {
		return "memory and swap"
	}
	return w.Limit
}

// ShownValue is a value of a write as a person reads it: sizes with a unit, no limit as max.
func ShownValue(w *control.Write, value string) string { return FileValue(w.File, value) }

// FileValue is a value of a cgroup's file as a person reads it.
func FileValue(file, value string) string {
	switch name := filepath.Base(file); {
	case value == "":
		return "empty"
	case strings.HasPrefix(name, "memory."):
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
			return limit.Amount(n).Bytes()
		}
		return unlimited
	case name == "cpu.max":
		return shownCPUs(value)
	case name == "cpu.cfs_quota_us" && value == "-1":
		return unlimited
	case name == "cpu.cfs_quota_us" || name == "cpu.cfs_period_us":
		return fmt.Sprintf("%s µs", value)
	}
	return text.Sanitise(value)
}

// shownCPUs is a value of cpu.max, "50000 100000", as processors.
func shownCPUs(value string) string {
	quotaText, periodText, _ := strings.Cut(value, " ")
	quota, err1 := strconv.ParseUint(quotaText, 10, 64)
	period, err2 := strconv.ParseUint(periodText, 10, 64)
	switch {
	case quotaText == unlimited:
		return unlimited
	case err1 != nil || err2 != nil || period == 0:
		return text.Sanitise(value)
	}
	return limit.FormatCPUs(float64(quota)/float64(period)) + " CPUs"
}
