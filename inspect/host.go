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
)

// readHost reads what is true of the machine as a whole. What cannot be read stays zero: a fixture has no /proc/stat.
func readHost(o Options, mode cgroup.Mode) Host {
	h := Host{CgroupMode: mode, UID: os.Geteuid(), CPUs: runtime.NumCPU()}
	h.Name, _ = os.Hostname()
	if b, err := os.ReadFile(o.Proc + "/sys/kernel/osrelease"); err == nil {
		h.Kernel = strings.TrimSpace(string(b))
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

// learnHostNamespaces takes the namespaces of process 1 for the host's. Where they cannot be read, the reader's own
// serve, and InitSeen says so.
func (s *Scanner) learnHostNamespaces() {
	if init := s.find(1); init != nil && init.Facts.NS != nil && init.Facts.NS.How[0].OK() {
		s.host.NS, s.host.InitSeen = init.Facts.NS, true
		return
	}
	s.host.InitSeen = false
	if self := s.find(s.selfPID()); self != nil && self.Facts.NS != nil {
		s.host.NS = self.Facts.NS
	}
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
