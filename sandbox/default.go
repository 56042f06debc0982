package sandbox

import "cutaway/sandbox/limit"

// Default is the Spec of the preset isolated, for a command that is still to be named.
//
// Its filter is Docker's, not the strict one: without capabilities and with no_new_privs what lies between them gives no more
// rights, but strict takes away ip(8), which asks over netlink sockets, and strace(1), and people look around in it.
func Default() Spec {
	memory, pids, cpus := limit.Amount(512<<20), limit.Amount(256), 1.0
	return Spec{
		Version: Version, Preset: "isolated", Command: []string{"/bin/sh"}, Dir: "/", Init: true, Terminal: TerminalAuto, Hostname: "sandbox",
		Env: Env{
			Keep: []string{"TERM", "COLORTERM", "LANG", "LC_*", "NO_COLOR", "TZ"},
			Set:  map[string]string{"PATH": defaultPath, "HOME": "/root"},
		},
		Namespaces: Namespaces{
			Mnt: NewNamespace, Net: NewNamespace, PID: NewNamespace, IPC: NewNamespace,
			UTS: NewNamespace, User: NewNamespace, Cgroup: NewNamespace, Time: NewNamespace,
		},
		Root: Root{
			Kind: RootHost, Switch: PivotRoot,
			Tmp:  []string{"/tmp", "/var/tmp", "/run", "/home", "/root"},
			Hide: []string{"/etc/shadow", "/etc/gshadow", "/etc/ssh", "/boot", "/var/lib/docker", "/var/lib/containers", "/var/log"},
		},
		Proc: ProcNew, Sys: SysNew, Dev: DevMinimal, Network: Network{Loopback: true},
		NoNewPrivs: true, Seccomp: SeccompDocker,
		Limits: limit.Set{Memory: &memory, PIDs: &pids, CPUs: &cpus},
	}
}
