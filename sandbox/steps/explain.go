package steps

// explanations say what each stage of package sandbox is for, by its name.
var explanations = map[string]string{
	"clone":        "The kernel makes a process in new namespaces: from now on it has its own copy of, or its own view on, the mounts, the processes, the network, the host name and whatever else was asked for. Nothing else is different yet: it still sees the host's files.",
	"maps":         "A new user namespace knows no user or group yet. The launcher says from outside which ids inside are which ids outside, so that root inside is an ordinary user on the host. Then the process becomes root inside.",
	"cgroup":       "The process joins a cgroup of its own, whose limits hold for it and all that it starts. A cgroup namespace made afterwards hides what is above: the process sees its own cgroup as the root.",
	"time":         "A time namespace moves the clocks that count since boot (monotonic and boottime), so that uptime inside tells another story. The wall clock is the same for all.",
	"mounts":       "First the mounts are made slaves: what is mounted from here on does not reach the host. Then the new root directory is put together and laid over the old one, which is still there underneath.",
	"proc":         "/proc, /sys and /dev are made anew for these namespaces: /proc shows the processes of the new PID namespace, and files that tell about the host or change it are covered or made read-only.",
	"binds":        "What was asked for is mounted into the new root: directories of the host, memory, and what else there is.",
	"root":         "The new root becomes the root. pivot_root puts it in the place of the old one, which is then unmounted, so that no path leads to the host's files any more. A chroot only changes where paths begin: the old root stays, and root can leave.",
	"hostname":     "The new UTS namespace gets a host name. No file of /proc/PID shows it: nsenter -t PID -u hostname does.",
	"network":      "A new network namespace has nothing but a loopback interface that is down. Setting it up lets programs inside talk to each other by 127.0.0.1; a pair of virtual interfaces, if asked for, leads to the host.",
	"terminal":     "The command gets a pseudoterminal of its own, from the sandbox's own /dev/pts where it has one. Sharing the caller's would let the sandbox put characters into it as if they had been typed.",
	"rlimits":      "Resource limits hold for each process alone: how many files it may open, how big a core file may get. The command inherits them.",
	"capabilities": "The rights of root are split into capabilities. Those that the command does not need are dropped from all five sets, from the bounding set too, so that no set-user-ID program brings them back. Then the process becomes the command's user.",
	"no_new_privs": "After this no program that is executed can give more rights than there are now: set-user-ID bits and file capabilities are ignored, for good. It is also what lets a user without rights load a seccomp filter.",
	"landlock":     "Landlock adds a second layer over paths: what is not named cannot be reached, even if it is mounted and its permissions allow it. /proc does not show it.",
	"seccomp":      "A filter decides on every system call from now on, so that the command reaches less of the kernel, where the bugs that let a process out would be. It is loaded last because the steps before need what it forbids.",
	"exec":         "The command is executed, with the environment and the working directory that it is to have, and with no other open files than its standard three. All restrictions stay with it and with what it starts.",
}

// Explain says in a few sentences what a stage of package sandbox is for, in plain English for who sees it for the first
// time; "" for a name that is no stage.
func Explain(stage string) string { return explanations[stage] }
