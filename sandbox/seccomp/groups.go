package seccomp

import (
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// access is what a profile says of a call.
type access struct {
	errno syscall.Errno // that it fails with; 0 lets it through, unless a check of its arguments refuses it
	with  caps.Set      // lets it through all the same when one of these is kept
}

// The answers without capabilities.
var (
	allowed = access{}
	refused = access{errno: syscall.EPERM}
	unknown = access{errno: syscall.ENOSYS} // as if the kernel did not have it: programs then do without
)

// Capabilities that let calls through.
const (
	dacReadSearch caps.Set = 1 << unix.CAP_DAC_READ_SEARCH
	sysModule     caps.Set = 1 << unix.CAP_SYS_MODULE
	sysRawio      caps.Set = 1 << unix.CAP_SYS_RAWIO
	sysChroot     caps.Set = 1 << unix.CAP_SYS_CHROOT
	sysPtrace     caps.Set = 1 << unix.CAP_SYS_PTRACE
	sysPacct      caps.Set = 1 << unix.CAP_SYS_PACCT
	sysAdmin      caps.Set = 1 << unix.CAP_SYS_ADMIN
	sysBoot       caps.Set = 1 << unix.CAP_SYS_BOOT
	sysNice       caps.Set = 1 << unix.CAP_SYS_NICE
	sysTime       caps.Set = 1 << unix.CAP_SYS_TIME
	sysTTYConfig  caps.Set = 1 << unix.CAP_SYS_TTY_CONFIG
	capSyslog     caps.Set = 1 << unix.CAP_SYSLOG
	perfmon       caps.Set = 1 << unix.CAP_PERFMON
	capBPF        caps.Set = 1 << unix.CAP_BPF
)

// group is calls that have the same purpose and the same answers.
type group struct {
	purpose        string // what a program does with them
	docker, strict access
	calls          string // names with spaces between them
}

// groups hold every call of the table exactly once.
var groups = [...]group{
	{"reads and writes files", allowed, allowed, `
		read write open openat openat2 creat close close_range lseek pread64 pwrite64 readv writev preadv pwritev preadv2
		pwritev2 truncate ftruncate fallocate fsync fdatasync sync syncfs sync_file_range readahead fadvise64 cachestat
		copy_file_range sendfile splice tee dup dup2 dup3 fcntl flock ioctl`},
	{"looks at and changes files and directories", allowed, allowed, `
		stat fstat lstat newfstatat statx access faccessat faccessat2 statfs fstatfs getdents getdents64 getcwd chdir fchdir
		rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink symlinkat readlink readlinkat chmod
		fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask mknod mknodat utime utimes futimesat utimensat
		name_to_handle_at inotify_init inotify_init1 inotify_add_watch inotify_rm_watch`},
	{"reads and changes extended attributes", allowed, allowed, `
		setxattr lsetxattr fsetxattr setxattrat getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr
		listxattrat removexattr lremovexattr fremovexattr removexattrat`},
	{"waits for files and events", allowed, allowed, `
		poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
		signalfd signalfd4 pipe pipe2`},
	{"manages its memory", allowed, allowed, `
		brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal memfd_create
		pkey_alloc pkey_free pkey_mprotect membarrier map_shadow_stack`},
	{"starts, ends and waits for processes and threads", allowed, allowed, `
		clone fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid getpgrp setpgid getsid
		setsid set_tid_address set_robust_list get_robust_list rseq futex futex_waitv futex_wake futex_wait futex_requeue
		prctl arch_prctl set_thread_area get_thread_area pidfd_open process_mrelease uprobe uretprobe restart_syscall`},
	{"sends and handles signals", allowed, allowed, `
		kill tkill tgkill pidfd_send_signal pause alarm rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending
		rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend sigaltstack`},
	{"asks for and changes its user, groups and capabilities", allowed, allowed, `
		getuid geteuid getgid getegid getgroups getresuid getresgid setuid setgid setreuid setregid setresuid setresgid
		setfsuid setfsgid setgroups capget capset`},
	{"restricts itself", allowed, allowed, `
		seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self`},
	{"is scheduled and limited", allowed, allowed, `
		sched_yield sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max
		sched_get_priority_min sched_rr_get_interval sched_setaffinity sched_getaffinity sched_setattr sched_getattr getcpu
		getpriority setpriority ioprio_get ioprio_set getrlimit setrlimit prlimit64 getrusage times`},
	{"tells the time and waits for it", allowed, allowed, `
		time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep getitimer setitimer timer_create
		timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime`},
	{"asks about the system", allowed, allowed, `uname sysinfo getrandom personality`},
	{"uses sockets", allowed, allowed, `
		socket socketpair bind connect listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg shutdown
		getsockname getpeername setsockopt getsockopt`},
	{"talks to other processes (System V and POSIX)", allowed, allowed, `
		shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend
		mq_timedreceive mq_notify mq_getsetattr`},

	// What Docker's profile lets through and few programs need.
	{"makes a process by clone3, whose flags a filter cannot see", access{syscall.ENOSYS, sysAdmin}, unknown, `clone3`},
	{"reads and writes files in the background", allowed, unknown, `
		io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents`},
	{"lists mounts", allowed, unknown, `statmount listmount`},
	{"hides memory from the kernel", allowed, unknown, `memfd_secret`},
	{"moves pages between pipes and memory", allowed, refused, `vmsplice remap_file_pages`},
	{"reads and tunes the kernel's clock", allowed, refused, `adjtimex clock_adjtime`},
	{"changes a process's segments for 16-bit programs", allowed, refused, `modify_ldt`},
	{"marks files to be watched by fanotify", allowed, refused, `fanotify_mark`},
	{"waits in a way that Linux gave up", allowed, refused, `epoll_ctl_old epoll_wait_old`},
	// Since Linux 4.8 seccomp looks at a call after a tracer could change it, so that ptrace opens no way around a filter;
	// a kernel that can start a sandbox is newer.
	{"traces other processes and reaches into their memory", allowed, refused, `ptrace process_vm_readv process_vm_writev`},

	// What needs a capability.
	{"compares, advises and takes files from other processes", access{syscall.EPERM, sysPtrace}, refused, `
		kcmp pidfd_getfd process_madvise`},
	{"mounts and unmounts", access{syscall.EPERM, sysAdmin}, refused, `
		mount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick`},
	{"makes and joins namespaces", access{syscall.EPERM, sysAdmin}, refused, `unshare setns`},
	{"names the machine", access{syscall.EPERM, sysAdmin}, refused, `sethostname setdomainname`},
	{"asks about and sets security labels", access{syscall.EPERM, sysAdmin}, refused, `
		lsm_get_self_attr lsm_set_self_attr lsm_list_modules`},
	{"watches every file that is opened (fanotify)", access{syscall.EPERM, sysAdmin}, refused, `fanotify_init`},
	{"sets disk quotas", access{syscall.EPERM, sysAdmin}, refused, `quotactl quotactl_fd`},
	{"reads the profiler's cookies", access{syscall.EPERM, sysAdmin}, refused, `lookup_dcookie`},
	{"loads programs into the kernel", access{syscall.EPERM, sysAdmin | capBPF}, refused, `bpf`},
	{"measures the processor and the kernel", access{syscall.EPERM, sysAdmin | perfmon}, refused, `perf_event_open`},
	{"reads and clears the kernel's log", access{syscall.EPERM, sysAdmin | capSyslog}, refused, `syslog`},
	{"opens files by number, past every directory", access{syscall.EPERM, dacReadSearch}, refused, `open_by_handle_at`},
	{"changes the root directory", access{syscall.EPERM, sysChroot}, refused, `chroot`},
	{"loads and unloads kernel modules", access{syscall.EPERM, sysModule}, refused, `init_module finit_module delete_module`},
	{"restarts and halts the machine", access{syscall.EPERM, sysBoot}, refused, `reboot`},
	{"records the processes that end", access{syscall.EPERM, sysPacct}, refused, `acct`},
	{"reaches the machine's ports", access{syscall.EPERM, sysRawio}, refused, `iopl ioperm`},
	{"sets the clock", access{syscall.EPERM, sysTime}, refused, `settimeofday clock_settime`},
	{"takes terminals away", access{syscall.EPERM, sysTTYConfig}, refused, `vhangup`},
	{"places memory on nodes", access{syscall.EPERM, sysNice}, refused, `
		mbind set_mempolicy get_mempolicy set_mempolicy_home_node`},

	// What no capability lets through.
	{"hands calls to the kernel in bulk, past every filter", refused, refused, `
		io_uring_setup io_uring_enter io_uring_register`},
	{"uses the kernel's keyrings, which containers share", refused, refused, `add_key request_key keyctl`},
	{"stops other threads at page faults", refused, refused, `userfaultfd`},
	{"starts another kernel", refused, refused, `kexec_load kexec_file_load`},
	{"changes the root of the mounts", refused, refused, `pivot_root`},
	{"turns swap on and off", refused, refused, `swapon swapoff`},
	{"moves memory of other processes", refused, refused, `move_pages migrate_pages`},
	{"serves files from the kernel", refused, refused, `nfsservctl`},
	{"asks and loads in ways that Linux gave up", refused, refused, `
		uselib ustat sysfs _sysctl create_module get_kernel_syms query_module getpmsg putpmsg afs_syscall tuxcall security
		vserver`},

	// Newer than Docker's profile, or nobody has learned to use them.
	{"does what Linux learned lately", unknown, unknown, `
		open_tree_attr file_getattr file_setattr listns rseq_slice_yield`},
}
