package caps

// descriptions holds every named capability by number, after capabilities(7) and include/uapi/linux/capability.h.
var descriptions = [...]Description{
	0: { // chown
		"Give any file to any user and group.", "Can make files of every host directory mounted into it its own.",
		"2.2", RiskMedium, false,
	},
	1: { // dac_override
		"Read, write and execute files whatever their permission bits and ACLs say.",
		"Every host file it can reach through a mount or a device is open to it; without a mount it has only its own files.",
		"2.2", RiskMedium, false,
	},
	2: { // dac_read_search
		"Read any file and search any directory, and open files by handle without a path.",
		"Opening by handle ignores mounts: it can read every file of the host's filesystem that its own files lie on.",
		"2.2", RiskHost, false,
	},
	3: { // fowner
		"Act as the owner of any file: change its mode, times, flags and ACLs, delete from sticky directories.",
		"Can change the mode of host files in directories mounted into it, set-user-ID included.",
		"2.2", RiskMedium, false,
	},
	4: { // fsetid
		"Keep set-user-ID and set-group-ID bits when a file changes, and set the group bit for foreign groups.",
		"Adds little: the owner of a file may set these bits anyway. It matters in directories shared with the host.",
		"2.2", RiskLow, false,
	},
	5: { // kill
		"Send any signal to any process it can see.",
		"Ends only its own processes, unless it shares the host's PID namespace: then anyone's.",
		"2.2", RiskLow, false,
	},
	6: { // setgid
		"Take on any group and forge group ids in socket credentials; write gid maps.",
		"Becomes any group inside, which is that group of the host too where there is no user namespace.",
		"2.2", RiskLow, false,
	},
	7: { // setuid
		"Take on any user id and forge it in socket credentials; write uid maps.",
		"Becomes any user inside, which is that user of the host too where there is no user namespace. Most images' entry points need it.",
		"2.2", RiskLow, false,
	},
	8: { // setpcap
		"Drop capabilities from the bounding set, add bounded ones to the inheritable set, change the securebits.",
		"Hands out or drops only what it already has; nothing new comes from it.",
		"2.2", RiskLow, false,
	},
	9: { // linux_immutable
		"Set and clear the append-only and immutable flags of files.",
		"Can lift the protection of host files mounted into it, or make files that even the host's root must first unlock.",
		"2.2", RiskMedium, true,
	},
	10: { // net_bind_service
		"Bind to ports below 1024.",
		"Takes low ports of its own network; of the host's if it shares the host's network.",
		"2.2", RiskLow, false,
	},
	11: { // net_broadcast
		"Nothing: the kernel never asks for it.", "Makes no difference.",
		"2.2", RiskLow, false,
	},
	12: { // net_admin
		"Configure interfaces, addresses, routes, the firewall, traffic control, promiscuous mode.",
		"Rules its own network namespace, and there reaches much kernel code that attackers like; with the host's network it rules the host's firewall and routes.",
		"2.2", RiskHigh, false,
	},
	13: { // net_raw
		"Use raw and packet sockets, and bind to any address as a transparent proxy.",
		"Can forge ARP and ICMP on its network and listen to what its neighbours on the bridge send; Docker grants it, many clusters drop it.",
		"2.2", RiskMedium, false,
	},
	14: { // ipc_lock
		"Lock memory beyond RLIMIT_MEMLOCK and use huge pages.",
		"Can hold memory that the host cannot swap out, up to its cgroup's limit.",
		"2.2", RiskLow, false,
	},
	15: { // ipc_owner
		"Use System V shared memory, semaphores and queues whatever their permissions.",
		"Reaches its own IPC namespace only; with the host's, other programs' shared memory.",
		"2.2", RiskLow, false,
	},
	16: { // sys_module
		"Load and unload kernel modules.",
		"A module is kernel code: it owns the host the moment it loads one.",
		"2.2", RiskHost, true,
	},
	17: { // sys_rawio
		"Use I/O ports, /dev/mem, /dev/kcore, model-specific registers, raw SCSI commands.",
		"Writes the machine's memory and disks below the kernel, where the device files are within its reach.",
		"2.2", RiskHost, true,
	},
	18: { // sys_chroot
		"Change its root directory, and with sys_admin enter other mount namespaces.",
		"Gives no way out of a container by itself: with an own mount namespace the host's tree is not there to go back to.",
		"2.2", RiskLow, false,
	},
	19: { // sys_ptrace
		"Trace any process: read and write its memory, its registers, its descriptors.",
		"Controls every process in its PID namespace; with the host's PID namespace it takes over a root process of the host.",
		"2.2", RiskHigh, false,
	},
	20: { // sys_pacct
		"Switch process accounting on and off.", "Can stop the accounting of its PID namespace, or have records written to a file it chooses.",
		"2.2", RiskLow, true,
	},
	21: { // sys_admin
		"A great many things: mount, pivot_root, setns, namespaces, quotas, swap, device controls, seccomp filters without no_new_privs.",
		"As good as root on the host: it can mount the host's disk or cgroups and run a program of its own there.",
		"2.2", RiskHost, false,
	},
	22: { // sys_boot
		"Reboot, and load another kernel to start with kexec.",
		"Rebooting ends only its own PID namespace, but the kernel that it loads is the one the host starts at the next kexec or crash.",
		"2.2", RiskHost, false,
	},
	23: { // sys_nice
		"Raise priorities, use real-time scheduling, set the affinity and NUMA placement of any process it sees.",
		"Can starve the host's other work of CPU where no cgroup limit binds.",
		"2.2", RiskMedium, false,
	},
	24: { // sys_resource
		"Exceed resource limits, disk quotas and reserved space; lower oom_score_adj.",
		"Gets past every rlimit and quota and can make itself the last to be killed for memory; cgroup limits still hold.",
		"2.2", RiskMedium, false,
	},
	25: { // sys_time
		"Set the system clock and the hardware clock; set offsets of a time namespace.",
		"There is one wall clock: changing it changes it for the host and everyone on it, certificates and logs included.",
		"2.2", RiskHigh, false,
	},
	26: { // sys_tty_config
		"Configure virtual terminals and hang up any terminal.",
		"Can change the host's console if it is given its device.",
		"2.2", RiskLow, true,
	},
	27: { // mknod
		"Create device files.",
		"Can make the file of any device; what keeps it from opening the host's disk is its devices cgroup alone.",
		"2.4", RiskMedium, true,
	},
	28: { // lease
		"Take leases on files it does not own, to be told before others open them.",
		"Can delay others who open a file it shares, for up to lease-break-time.",
		"2.4", RiskLow, true,
	},
	29: { // audit_write
		"Write records to the kernel's audit log.",
		"Can put forged records into the host's audit log.",
		"2.6.11", RiskLow, true,
	},
	30: { // audit_control
		"Switch auditing on and off, change its rules and read its state.",
		"Can blind the host's audit log if it shares the host's PID namespace.",
		"2.6.11", RiskHigh, true,
	},
	31: { // setfcap
		"Set capabilities on files, and map the parent's user id 0 into a new user namespace.",
		"Can give any capability to a program in a directory shared with the host: whoever runs it there has them.",
		"2.6.24", RiskMedium, false,
	},
	32: { // mac_override
		"Ignore mandatory access control, where Smack is the security module.",
		"Switches off for itself what Smack forbids it; AppArmor and SELinux do not ask for it.",
		"2.6.25", RiskHigh, true,
	},
	33: { // mac_admin
		"Change the security module's policy: Smack's rules, AppArmor's profiles, labels SELinux does not know.",
		"Can rewrite the profile that confines it and others.",
		"2.6.25", RiskHigh, false,
	},
	34: { // syslog
		"Read and clear the kernel's log, and see kernel addresses in /proc.",
		"Reads the whole host's kernel log and the addresses an exploit needs.",
		"2.6.37", RiskMedium, true,
	},
	35: { // wake_alarm
		"Set timers that wake the machine from sleep.", "Can keep waking a laptop.",
		"3.0", RiskLow, true,
	},
	36: { // block_suspend
		"Keep the machine from suspending.", "Can keep a laptop awake.",
		"3.5", RiskLow, true,
	},
	37: { // audit_read
		"Read the audit log over netlink.", "Reads what the host's audit log says of everyone, if it shares the host's network.",
		"3.16", RiskMedium, true,
	},
	38: { // perfmon
		"Use perf events and performance counters for every process, and the BPF helpers that read kernel memory.",
		"Watches the whole host, other containers and kernel memory included; it can read their secrets.",
		"5.8", RiskHigh, true,
	},
	39: { // bpf
		"Load BPF programs and create all kinds of BPF maps (tracing needs perfmon too, networking net_admin).",
		"Runs its programs in the host's kernel, behind the verifier only; together with perfmon it reads everything.",
		"5.8", RiskHigh, true,
	},
	40: { // checkpoint_restore
		"Choose the PID of a new process, and follow the map_files links of others: what checkpoint and restore need.",
		"Can take a PID that a program of its PID namespace trusts; more only with the host's PID namespace.",
		"5.9", RiskMedium, false,
	},
}
