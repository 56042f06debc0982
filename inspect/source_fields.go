package inspect

import (
	"slices"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// fieldRow is one row of the table of fields.
type fieldRow struct {
	field     Field
	title     string
	file, key string // below /proc/PID; see access
	from      access
	meaning   string
	more      func(*origin) string // what the value means here, after meaning
}

// fieldTable is all that is known of fields; a new one is a row here. Meanings follow proc(5) and the page named in them.
var fieldTable = slices.Concat([]fieldRow{
	{"stat.pid", "process ID", "stat", "1 pid", statWords, "The process's number in the PID namespace of this proc (proc_pid_stat(5)).", nil},
	{"stat.ppid", "parent", "stat", "4 ppid", statWords, "The process that started this one, or that took it over when the starter ended; 0 when it is outside of this PID namespace.", nil},
	{"stat.state", "state", "stat", "3 state", statWords, "What the main thread does now (proc_pid_stat(5)).", stateMeaning},
	{"stat.starttime", "start time", "stat", "22 starttime", statWords, "When the process started, in hundredths of a second since boot. PIDs are used again; PID and start time together are not.", nil},
	{"stat.num_threads", "threads", "stat", "20 num_threads", statWords, "How many threads the process has, its main thread among them.", nil},
	{"stat.rss", "memory", "stat", "24 rss", statWords, "Pages of memory that the process holds now, those shared with others counted in full; the kernel's count may lag a little (proc_pid_stat(5)).", nil},
	{"cpu", "cpu", "stat", "14,15 utime, stime", statWords, "Time on a CPU in user and kernel mode, in hundredths of a second. The percentage is its growth between two looks, 100 % being one core.", nil},
	{"comm", "name", "comm", "", wholeFile, "The kernel's name of the process, up to 15 bytes. It is the program's file name until the process chooses another (proc_pid_comm(5)).", nil},
	{"cmdline", "command line", "cmdline", "", zeroSeparated, "The arguments that the program was started with, as they stand in the process's memory now: it can overwrite them (proc_pid_cmdline(5)).", nil},
	{"exe", "program", "exe", "", symbolicLink, "The file that the process executes, as its mount namespace names it (proc_pid_exe(5)).", nil},
	{"cwd", "working directory", "cwd", "", symbolicLink, "Where the process's relative paths begin (proc_pid_cwd(5)).", nil},
	{"root", "root directory", "root", "", symbolicLink, "Where the process's absolute paths begin; \"/\" is the root of its own mount namespace, which need not be the host's (proc_pid_root(5)).", nil},
	{"status.Uid", "user", "status", "Uid", keyedLine, "Real, effective, saved and file system user, as this user namespace numbers them (credentials(7)). The effective one is what most checks look at.", nil},
	{"status.Gid", "group", "status", "Gid", keyedLine, "Real, effective, saved and file system group, as this user namespace numbers them (credentials(7)).", nil},
	{"status.Groups", "supplementary groups", "status", "Groups", keyedLine, "The groups that the process is in beside its own (credentials(7)).", nil},
	{"status.NSpid", "PIDs", "status", "NSpid", keyedLine, "The process's PID in each PID namespace that it can be seen in, from this proc's down to its own (proc_pid_status(5)).", nil},
	{"status.Threads", "threads", "status", "Threads", keyedLine, "How many threads the process has, its main thread among them.", nil},
	{"status.Kthread", "kernel thread", "status", "Kthread", keyedLine, "Whether this is a thread of the kernel, without a program of its own (since Linux 6.8).", nil},
	{"status.TracerPid", "tracer", "status", "TracerPid", keyedLine, "The process that traces this one, such as a debugger; 0 for none (ptrace(2)).", nil},
	{"status.Umask", "umask", "status", "Umask", keyedLine, "The permissions that files it makes do not get (umask(2)).", nil},
	{"status.VmHWM", "peak memory", "status", "VmHWM", keyedLine, "The most resident memory that the process ever held.", nil},
	{"status.VmSwap", "swapped out", "status", "VmSwap", keyedLine, "How much of its private memory is swapped out.", nil},
	{"status.SigPnd", "pending signals", "status", "SigPnd", keyedLine, "Signals that wait for the main thread, bit 0 being signal 1 (signal(7)).", nil},
	{"status.ShdPnd", "pending signals of the process", "status", "ShdPnd", keyedLine, "Signals that wait for any of its threads, bit 0 being signal 1 (signal(7)).", nil},
	{"status.SigBlk", "blocked signals", "status", "SigBlk", keyedLine, "Signals that the main thread does not take now (sigprocmask(2)).", nil},
	{"status.SigIgn", "ignored signals", "status", "SigIgn", keyedLine, "Signals that do nothing to the process (sigaction(2)).", nil},
	{"status.SigCgt", "caught signals", "status", "SigCgt", keyedLine, "Signals that the process handles itself (sigaction(2)).", nil},
	{"status.NoNewPrivs", "no_new_privs", "status", "NoNewPrivs", keyedLine, "", noNewPrivsMeaning},
	{"status.Seccomp", "seccomp", "status", "Seccomp", keyedLine, "0 is off, 1 strict, 2 filter (seccomp(2)).", seccompMeaning},
	{"status.Seccomp_filters", "seccomp filters", "status", "Seccomp_filters", keyedLine, "How many filters were stacked on the main thread (since Linux 5.9); what they allow is not shown here (seccomp(2)).", nil},
	{"label", "security label", "attr/current", "", labelOfLSM, "The security module's label of the process (apparmor(7), selinux(8)).", labelMeaning},
	{"cgroup", "cgroup", "cgroup", "", wholeFile, "Where the process stands in each hierarchy of cgroups, as seen from this cgroup namespace; the line 0:: is v2's (cgroups(7)).", nil},
	{"uid_map", "user ID map", "uid_map", "", wholeFile, "First user inside of its user namespace, first outside as the reader's numbers them, and how many in a row (user_namespaces(7)).", nil},
	{"gid_map", "group ID map", "gid_map", "", wholeFile, "First group inside of its user namespace, first outside as the reader's numbers them, and how many in a row (user_namespaces(7)).", nil},
	{"setgroups", "setgroups", "setgroups", "", wholeFile, "Whether processes of its user namespace may change their supplementary groups; deny keeps them from dropping a group that denies them something (user_namespaces(7)).", nil},
	{"oom_score", "OOM score", "oom_score", "", wholeFile, "How likely the kernel is to kill this process when memory runs out, 0 to 2000 (proc_pid_oom_score(5)).", nil},
	{"oom_score_adj", "OOM adjustment", "oom_score_adj", "", wholeFile, "Added to the OOM score; -1000 spares the process, 1000 offers it first (proc_pid_oom_score_adj(5)).", nil},
	{"timens_offsets", "time offsets", "timens_offsets", "", wholeFile, "How far the clocks that its children get are ahead of the host's, in seconds and nanoseconds (time_namespaces(7)).", nil},
	{"limits", "resource limits", "limits", "", wholeFile, "Soft limits bind; a process may raise its own up to the hard limit (getrlimit(2)).", nil},
	{"limits.*", "resource limit", "limits", "", limitLine, "Soft limit, which binds, hard limit, up to which the process may raise it, and unit (getrlimit(2)).", nil},
	{"mountinfo", "mounts", "mountinfo", "", wholeFile, "The mounts of its mount namespace below its root directory (proc_pid_mountinfo(5)).", nil},
	{"environ", "environment", "environ", "", zeroSeparated, "The environment that the program was started with. What it has set since is not here, and it can overwrite this (proc_pid_environ(5)).", nil},
	{"environ.*", "variable", "environ", "", envVariable, "A variable as the program was started with it; what the process has set since is not here (proc_pid_environ(5)).", nil},
	{"fd", "open files", "fd", "", descriptors, "The descriptors that the process has open (proc_pid_fd(5)); their flags and positions are in fdinfo.", nil},
	{"fd.*", "open file", "fd", "", descriptor, "What the descriptor is open on (proc_pid_fd(5)); its flags and position are in fdinfo.", nil},
	{"net.dev", "interfaces", "net/dev", "", interfaceTable, "The interfaces of its network namespace and what went through them since they were made (proc_pid_net(5)).", nil},
	{"net.listening", "listening sockets", "net", "", socketTables, "The sockets of its network namespace in state 0A, LISTEN, or 07 without a peer; the process's own are those whose inode is in the links of /proc/PID/fd (proc_pid_net(5)).", nil},
	{"io.rchar", "read", "io", "rchar", ioCounter, "Bytes that it read through system calls, from caches, pipes and sockets too (proc_pid_io(5)).", nil},
	{"io.wchar", "written", "io", "wchar", ioCounter, "Bytes that it wrote through system calls, to caches, pipes and sockets too (proc_pid_io(5)).", nil},
	{"io.read_bytes", "read from disks", "io", "read_bytes", ioCounter, "Bytes that it made the storage layer read (proc_pid_io(5)).", nil},
	{"io.write_bytes", "written to disks", "io", "write_bytes", ioCounter, "Bytes that it made the storage layer write (proc_pid_io(5)).", nil},
	{"schedstat", "waited for a CPU", "schedstat", "second word", waitWord, "Nanoseconds for which its main thread was ready to run and had no CPU (Documentation/scheduler/sched-stats.rst).", nil},
}, capabilityRows(), namespaceRows())

func capabilityRows() []fieldRow {
	var rows []fieldRow
	for _, k := range caps.Kinds() {
		row := fieldRow{Field("status." + k.Field()), k.String() + " set", "status", k.Field(), maskLine, k.Meaning(), capsOver}
		rows = append(rows, row)
	}
	return rows
}

// namespaceMeanings say what each kind of namespace has to itself (namespaces(7)).
var namespaceMeanings = [proc.NSKinds]string{
	proc.Mnt:    "The mounts that the process sees (mount_namespaces(7)).",
	proc.Net:    "The network interfaces, addresses, routes, ports and firewall rules that it sees (network_namespaces(7)).",
	proc.PID:    "The numbers of processes, and which processes it can see and signal (pid_namespaces(7)).",
	proc.IPC:    "System V IPC and POSIX message queues (ipc_namespaces(7)).",
	proc.UTS:    "The hostname and domain name (uts_namespaces(7)).",
	proc.User:   "User and group numbers, and over what capabilities count (user_namespaces(7)).",
	proc.Cgroup: "Which cgroup appears as the root (cgroup_namespaces(7)).",
	proc.Time:   "The offsets of the monotonic and boot-time clocks (time_namespaces(7)).",
}

func namespaceRows() []fieldRow {
	const (
		same  = "Processes with the same number share the namespace."
		child = "The namespace that its next children will be in; it differs from its own after unshare or setns (namespaces(7))."
	)
	var rows []fieldRow
	for link := range proc.NSLink(proc.NSLinks) {
		kind := proc.NSLinkKind(link)
		name, file := "ns."+proc.NSLinkName(link), nsLinkPaths[link]
		meaning := namespaceMeanings[kind] + " " + same
		title := kind.String() + " namespace"
		if link >= proc.NSKinds {
			meaning, title = child, title+" of children"
		}
		rows = append(rows,
			fieldRow{Field(name), title, file, "", symbolicLink, meaning, nil},
			fieldRow{Field(name + ".owner"), "owner of the " + title, file, "NS_GET_USERNS", relatedNS, "The user namespace whose capabilities count over this namespace. Not permitted means: outside of the reader's view, or none (ioctl_ns(2)).", nil},
		)
		if kind == proc.PID || kind == proc.User {
			rows = append(rows, fieldRow{Field(name + ".parent"), "parent of the " + title, file, "NS_GET_PARENT", relatedNS, "The namespace that this one was made in. Not permitted means: outside of the reader's view, or none (ioctl_ns(2)).", nil})
		}
		if kind == proc.User {
			rows = append(rows, fieldRow{Field(name + ".uid"), "creator of the " + title, file, "NS_GET_OWNER_UID", creatorOfNS, "The user who made the namespace and has all capabilities over it from outside, as the reader's user namespace numbers them (ioctl_ns(2)).", nil})
		}
	}
	return rows
}

func stateMeaning(o *origin) string {
	if !o.p.How.OK() {
		return ""
	}
	return string(o.p.State) + " is " + proc.StateName(o.p.State) + "."
}

// capsOver says over what the capabilities count.
func capsOver(o *origin) string {
	var host reading.Of[bool]
	if ns, hostNS := o.p.Facts.NS, o.s.Host.NS; ns != nil && hostNS != nil && ns.How[proc.User].OK() && hostNS.How[proc.User].OK() {
		host = reading.Value(ns.Ino[proc.User] == hostNS.Ino[proc.User])
	}
	return caps.Over(host)
}

func noNewPrivsMeaning(o *origin) string {
	st := o.p.Facts.Status
	if !st.OK() || !st.Value.NoNewPrivs.OK() {
		return "Whether executing a program can give privileges (PR_SET_NO_NEW_PRIVS(2const), shown since Linux 4.10)."
	}
	return security.NoNewPrivsMeaning(st.Value.NoNewPrivs.Value)
}

func seccompMeaning(o *origin) string {
	st := o.p.Facts.Status
	if !st.OK() || !st.Value.Seccomp.OK() {
		return ""
	}
	return security.SeccompMeaning(st.Value.Seccomp.Value, st.Value.SeccompFilters)
}

func labelMeaning(o *origin) string {
	switch label := o.p.Facts.Label; {
	case label.OK():
		return label.Value.Meaning(reading.Of[bool]{})
	case label.State == reading.Absent:
		return security.NoLabel
	}
	return ""
}
