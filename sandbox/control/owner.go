package control

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"cutaway/inspect/engine"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/shell"
)

// systemdRuns tells whether systemd manages this machine (sd_booted(3)).
var systemdRuns = func() bool {
	info, err := os.Lstat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// unitWarning tells when systemd owns a cgroup and will write its limits again, with the line that has systemd do it.
func unitWarning(cgroup string, set *limit.Set) string {
	unit := unitOf(cgroup)
	if unit == "" || !systemdRuns() {
		return ""
	}
	line := shell.Join(append([]string{"systemctl", "set-property", "--runtime", unit}, properties(set)...)...)
	return fmt.Sprintf("systemd owns %s and writes its own limits again when the unit changes and at each `systemctl daemon-reload`; this line changes them there: %s", unit, line)
}

// unitOf is the systemd unit whose cgroup this is, "" when the last name is none: below a unit the cgroups are the unit's own affair.
func unitOf(cgroup string) string {
	name := path.Base(cgroup)
	for _, kind := range []string{".service", ".scope", ".slice"} {
		if strings.HasSuffix(name, kind) && len(name) > len(kind) {
			return name
		}
	}
	return ""
}

// properties are a set's limits as systemd.resource-control(5) has them.
func properties(set *limit.Set) []string {
	var all []string
	add := func(name, value string) { all = append(all, name+"="+value) }
	infinity := func(a limit.Amount) string {
		if a == limit.Max {
			return "infinity"
		}
		return a.String()
	}
	if set.Memory != nil {
		add("MemoryMax", infinity(*set.Memory))
	}
	if set.Swap != nil {
		add("MemorySwapMax", infinity(*set.Swap))
	}
	if set.CPUs != nil {
		quota := ""
		if *set.CPUs > 0 {
			quota = strconv.FormatFloat(100**set.CPUs, 'f', -1, 64) + "%"
		}
		add("CPUQuota", quota)
	}
	if set.Weight != nil {
		add("CPUWeight", strconv.FormatUint(*set.Weight, 10))
	}
	if set.PIDs != nil {
		add("TasksMax", infinity(*set.PIDs))
	}
	for i := range set.IO {
		names := [4]string{"IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"}
		for j, r := range set.IO[i].Rates() {
			if r.Value != 0 {
				add(names[j], devicePath(set.IO[i].Device)+" "+infinity(r.Value))
			}
		}
	}
	if set.CPUSet != "" {
		add("AllowedCPUs", set.CPUSet)
	}
	if set.MemSet != "" {
		add("AllowedMemoryNodes", set.MemSet)
	}
	return all
}

// devicePath names a device by a path, which systemd needs.
func devicePath(device string) string {
	if strings.HasPrefix(device, "/") {
		return device
	}
	return "/dev/block/" + device
}

// engineWarning tells when an engine made the container and will write its limits again, with the line that has the engine
// do it, if it has one.
func (t *Target) engineWarning(p *Plan, set *limit.Set) string {
	again := "will write its own limits again when the container is started or updated"
	switch t.Engine {
	case engine.Docker, engine.Podman:
		words, missing := updateWords(p, set)
		if len(words) == 0 {
			return fmt.Sprintf("%s knows nothing of this and %s; its update command cannot change %s", t.Engine, again, strings.Join(missing, ", "))
		}
		line := shell.Join(append(append([]string{t.Engine, "update"}, words...), t.ID)...)
		left := ""
		if len(missing) > 0 {
			left = " (all but " + strings.Join(missing, ", ") + ")"
		}
		return fmt.Sprintf("%s knows nothing of this and %s; this line changes them there%s: %s", t.Engine, again, left, line)
	case engine.Kubernetes:
		return "the kubelet will write the pod's own limits again: change resources.limits of the pod, or `kubectl patch` it"
	case engine.LXC:
		return "LXC " + again + ": its configuration has them as lxc.cgroup2.* or lxc.cgroup.*"
	case engine.Containerd, engine.CRIO, engine.Runc, engine.Crun:
		return t.Engine + " knows nothing of this and " + again
	}
	return ""
}

// updateWords are the flags of `docker update`, which podman has too. Both take memory and swap together.
func updateWords(p *Plan, set *limit.Set) (words, missing []string) {
	add := func(flag, value string) { words = append(words, "--"+flag+"="+value) }
	if set.Memory != nil {
		if *set.Memory == limit.Max {
			missing = append(missing, "memory without a limit")
		} else {
			add("memory", set.Memory.String())
		}
	}
	if both, ok := p.memoryAndSwap(set); ok {
		add("memory-swap", both)
	}
	if set.CPUs != nil {
		if *set.CPUs == 0 {
			add("cpu-quota", "-1")
		} else {
			add("cpus", limit.FormatCPUs(*set.CPUs))
		}
	}
	if set.Weight != nil {
		add("cpu-shares", strconv.FormatUint(limit.Shares(*set.Weight), 10))
	}
	if set.PIDs != nil {
		value := set.PIDs.String()
		if *set.PIDs == limit.Max {
			value = "-1"
		}
		add("pids-limit", value)
	}
	if len(set.IO) > 0 {
		missing = append(missing, "io")
	}
	if set.CPUSet != "" {
		add("cpuset-cpus", set.CPUSet)
	}
	if set.MemSet != "" {
		add("cpuset-mems", set.MemSet)
	}
	return words, missing
}

// memoryAndSwap is their limit together as docker update takes it, when it changes.
func (p *Plan) memoryAndSwap(set *limit.Set) (string, bool) {
	for _, w := range p.Writes {
		switch {
		case strings.HasSuffix(w.File, "/memory.memsw.limit_in_bytes"):
			return w.New, true
		case strings.HasSuffix(w.File, "/memory.swap.max") && w.New == "max":
			return "-1", true
		case strings.HasSuffix(w.File, "/memory.swap.max") && set.Memory != nil && *set.Memory != limit.Max:
			return (*set.Memory + *set.Swap).String(), true
		}
	}
	return "", false
}
