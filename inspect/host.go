package inspect

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// readHost reads what is true of the machine as a whole. What cannot be read stays zero: a fixture has no /proc/stat.
func readHost(o Options, mode cgroup.Mode) Host {
	h := Host{CgroupMode: mode, UID: os.Geteuid(), CPUs: runtime.NumCPU()}
	h.Name, _ = os.Hostname()
	if b, err := os.ReadFile(o.Proc + "/sys/kernel/osrelease"); err == nil {
		h.Kernel = strings.TrimSpace(string(b))
	}
	if b, err := os.ReadFile(o.Proc + "/sys/kernel/random/boot_id"); err == nil {
		h.BootID = strings.TrimSpace(string(b))
	}
	var st syscall.Stat_t
	if syscall.Stat(o.Proc+"/self/ns/net", &st) == nil || syscall.Stat("/proc/self/ns/net", &st) == nil {
		h.NSDev = uint64(st.Dev)
	}
	fs, err := procfs.NewFS(o.Proc)
	if err != nil {
		return h
	}
	if mem, err := fs.Meminfo(); err == nil && mem.MemTotalBytes != nil {
		h.Memory = *mem.MemTotalBytes
	}
	if stat, err := fs.Stat(); err == nil {
		h.Boot = time.Unix(int64(stat.BootTime), 0)
		if len(stat.CPU) > 0 {
			h.CPUs = len(stat.CPU)
		}
	}
	return h
}

// learnHostNamespaces takes the namespaces of process 1 for the host's. Where they cannot be read (it may have a capability
// that the reader lacks), kthreadd's serve: the kernel's threads are seen in the initial PID namespace only and stay in the
// initial namespaces (kernel/kthread.c). Else the reader's own must do, and InitSeen says so.
func (s *Scanner) learnHostNamespaces() {
	const kthreadd = 2
	init, kernel := s.find(1), s.find(kthreadd)
	switch {
	case init.seesNamespaces():
		s.host.NS, s.host.InitSeen = init.Facts.NS, true
	case kernel.seesNamespaces() && kernel.Kernel:
		s.host.NS, s.host.InitSeen = kernel.Facts.NS, true
	default:
		s.host.InitSeen = false
		if self := s.find(s.selfPID()); self != nil && self.Facts.NS != nil {
			s.host.NS = self.Facts.NS
		}
	}
}

// seesNamespaces tells whether every kind of namespace of a process could be read.
func (e *entry) seesNamespaces() bool {
	if e == nil || e.Facts.NS == nil {
		return false
	}
	for _, how := range e.Facts.NS.How[:proc.NSKinds] {
		if !how.OK() && how.State != reading.Absent {
			return false
		}
	}
	return e.Facts.NS.How[proc.Mnt].OK()
}

// selfPID is the reader's PID as this proc file system counts it (proc_pid_self(5): the link "self").
func (s *Scanner) selfPID() int {
	target, err := os.Readlink(s.o.Proc + "/self")
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(target)
	return pid
}
