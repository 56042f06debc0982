package security

import (
	"path/filepath"
	"strings"

	"cutaway/inspect/reading"
)

// Fact is one switch of the kernel that decides what users may see or make, as it is set now.
type Fact struct {
	Name    string // as sysctl(8) calls it, "kernel.yama.ptrace_scope"
	File    string // that was read
	Value   reading.Of[string]
	Meaning string // what this value means, or its absence; "" when it could not be read for another reason
	Limits  bool   // it keeps users from something that they would do here
	Change  string // the command that lifts the limit, "" when there is none or nothing to lift
}

// sysctl is a switch with what its values mean.
type sysctl struct {
	name   string
	absent string             // what it means that this kernel has no such switch
	values map[string]meaning // by text; anyOther for the rest
	lift   string             // the value that lifts a limit
}

type meaning struct {
	text   string
	limits bool
}

// anyOther is the key of the meaning of values that are not listed.
const anyOther = ""

// sysctls are after Documentation/admin-guide/sysctl/kernel.rst where nothing else is named.
var sysctls = []sysctl{
	{ // Documentation/admin-guide/LSM/Yama.rst; Yama acts on attaching alone, never on PTRACE_MODE_READ
		name:   "kernel.yama.ptrace_scope",
		absent: "The kernel has no Yama: a user may trace all of their own processes.",
		values: map[string]meaning{
			"0": {"A user may trace all of their own processes.", false},
			"1": {"Only descendants may be traced without CAP_SYS_PTRACE; reading /proc is not affected.", false},
			"2": {"Only CAP_SYS_PTRACE may trace; reading /proc is not affected.", false},
			"3": {"Nobody may trace, until the next boot; reading /proc is not affected.", false},
		},
	},
	{ // user_namespaces(7)
		name:   "user.max_user_namespaces",
		absent: "The kernel has no user namespaces: sandboxes need root.",
		values: map[string]meaning{
			"0":      {"No user namespace can be made here: sandboxes need root.", true},
			anyOther: {"That many user namespaces may be made below this one, for each user.", false},
		},
		lift: "10000",
	},
	{ // Debian's patch to kernel/fork.c
		name:   "kernel.unprivileged_userns_clone",
		absent: "The kernel has no such switch (Debian's and Arch's have): it does not keep users from making user namespaces.",
		values: map[string]meaning{
			"0": {"Only root may make user namespaces: sandboxes need root.", true},
			"1": {"Users may make user namespaces.", false},
		},
		lift: "1",
	},
	{ // apparmor.d(5), "userns"
		name:   "kernel.apparmor_restrict_unprivileged_userns",
		absent: "AppArmor does not restrict the user namespaces of unconfined users.",
		values: map[string]meaning{
			"0": {"AppArmor does not restrict the user namespaces of unconfined users.", false},
			"1": {"A user namespace gives no capabilities, or cannot be made, unless the program's AppArmor profile allows userns: a sandbox fails at its first mount.", true},
		},
		lift: "0",
	},
	{
		name:   "kernel.seccomp.actions_avail",
		absent: "The kernel has no seccomp filters, or does not list what they can do (before Linux 4.14).",
		values: map[string]meaning{anyOther: {"What a seccomp filter can answer on this kernel.", false}},
	},
	{
		name:   "kernel.kptr_restrict",
		absent: "The kernel has no such switch.",
		values: map[string]meaning{
			"0": {"Kernel addresses in /proc are shown hashed, or as they are to CAP_SYSLOG.", false},
			"1": {"Kernel addresses in /proc are zero without CAP_SYSLOG.", false},
			"2": {"Kernel addresses in /proc are zero for everyone.", false},
		},
	},
	{
		name:   "kernel.dmesg_restrict",
		absent: "The kernel has no such switch.",
		values: map[string]meaning{
			"0": {"Every user, a container's too, reads the kernel's log.", false},
			"1": {"Only CAP_SYSLOG reads the kernel's log.", false},
		},
	},
	{
		name:   "kernel.perf_event_paranoid",
		absent: "The kernel has no performance events.",
		values: map[string]meaning{
			"-1": {"Users may use nearly all performance events.", false},
			"0":  {"Users may measure whole CPUs, but not raw tracepoints.", false},
			"1":  {"Users may measure their own processes, in the kernel too.", false},
			"2":  {"Users may measure their own processes outside of the kernel only.", false},
			"3":  {"Only CAP_PERFMON may use performance events (Debian's and Android's kernels).", false},
			"4":  {"Only CAP_PERFMON may use performance events (Ubuntu's kernels).", false},
		},
	},
	{
		name:   "kernel.unprivileged_bpf_disabled",
		absent: "The kernel has no BPF system call, or no such switch (before Linux 4.4).",
		values: map[string]meaning{
			"0": {"Users may load BPF programs of the simplest kinds.", false},
			"1": {"Only CAP_BPF may load BPF programs, until the next boot.", false},
			"2": {"Only CAP_BPF may load BPF programs.", false},
		},
	},
}

// Sysctls reads the switches that decide what users may see and make, from the proc mounted at procRoot. Those below user.
// answer for the reader's own user namespace.
func Sysctls(procRoot string) []Fact {
	facts := make([]Fact, len(sysctls))
	for i, s := range sysctls {
		file := filepath.Join(procRoot, "sys", strings.ReplaceAll(s.name, ".", "/"))
		facts[i] = s.fact(file, readFact(file))
	}
	return facts
}

// fact says what a reading of the switch means.
func (s sysctl) fact(file string, value reading.Of[string]) Fact {
	f := Fact{Name: s.name, File: file, Value: value}
	switch value.State {
	case reading.Absent:
		f.Meaning = s.absent
		return f
	case reading.Known:
	default:
		return f
	}
	m, listed := s.values[value.Value]
	if !listed {
		m, listed = s.values[anyOther]
	}
	if !listed {
		m.text = "A value that this program does not know."
	}
	f.Meaning, f.Limits = m.text, m.limits
	if m.limits {
		f.Change = "sysctl -w " + s.name + "=" + s.lift
	}
	return f
}
