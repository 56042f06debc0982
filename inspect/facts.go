package inspect

import (
	"errors"
	"syscall"
	"time"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// maxCmdline caps what the process table keeps of a command line; the detail reader has the whole.
const maxCmdline = 4096

// nsLinkPaths are the ten links below /proc/PID, made once.
var nsLinkPaths = func() (paths [proc.NSLinks]string) {
	for link := range proc.NSLink(proc.NSLinks) {
		paths[link] = "ns/" + proc.NSLinkName(link)
	}
	return paths
}()

// factsReader reads tier 1 of one process after the other. What it needs to know beyond the process does not change
// during a sweep.
type factsReader struct {
	*proc.Reader
	proc   string // where the proc file system is
	intern *interner
	labels labelFiles

	beforeCmdline func(pid int) // for tests of what hangs
}

// labelFiles says which of the two label files this kernel answers for; with no security module that has labels, both
// would fail for every process.
type labelFiles struct {
	apparmor bool
	current  bool
	why      reading.How // when neither does
}

// read reads the facts of the process that was entered. Where its main thread has exited, what that has given back is read
// of another thread ("task/4243/"). A process that ends meanwhile gives errEnded, never half a Facts. hung leaves out what
// reads the process's memory.
func (r *factsReader) read(pid int, thread string, now time.Time, hung bool) (*Facts, error) {
	f := &Facts{Read: now, NS: r.namespaces(thread)}
	cgroup, err := r.File("cgroup")
	f.Cgroup.How = reading.FromError(err)
	if err == nil {
		f.Cgroup = r.intern.cgroupOf(cgroup)
	}
	f.Label = r.label()
	f.Exe = r.link(thread + "exe")
	f.Cwd = r.link(thread + "cwd")
	f.Root = r.link(thread + "root")
	if hung {
		f.Cmdline.How = reading.How{State: reading.Failed, Errno: uint16(syscall.ETIMEDOUT)}
	} else {
		if r.beforeCmdline != nil {
			r.beforeCmdline(pid)
		}
		f.Cmdline = r.cmdline(thread)
	}
	// Last, since a process that has a status now was there all the time.
	status, err := r.File("status")
	if gone(err) {
		return nil, errEnded
	}
	f.Status = parsed(status, err, parseStatus)
	if f.Status.OK() && f.Status.Value.Tgid == 0 { // it was reaped while its status was written: the PID is let go of before (kernel/pid.c, __task_pid_nr_ns)
		return nil, errEnded
	}
	return f, nil
}

// gone tells whether an error means that the process has ended: ENOENT when a file below /proc/PID is opened, ESRCH when
// it is read.
func gone(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESRCH)
}

func parseStatus(b []byte) (*proc.Status, error) {
	s := new(proc.Status)
	return s, proc.ParseStatus(b, s)
}

func parsed[T any](b []byte, err error, parse func([]byte) (T, error)) reading.Of[T] {
	if err != nil {
		return reading.Error[T](err)
	}
	v, err := parse(b)
	if err != nil {
		return reading.Missing[T](reading.Failed)
	}
	return reading.Value(v)
}

func (r *factsReader) namespaces(thread string) *proc.Namespaces {
	var ns proc.Namespaces
	for link := range nsLinkPaths {
		target, err := r.Link(thread + nsLinkPaths[link])
		ns.How[link] = reading.FromError(err)
		if err != nil {
			continue
		}
		if _, ino, ok := proc.ParseNSLink(target); ok {
			ns.Ino[link] = ino
		} else {
			ns.How[link] = reading.How{State: reading.Failed}
		}
	}
	return r.intern.namespacesOf(&ns)
}

// label reads attr/apparmor/current first: attr/current belongs to the first security module that has labels, which
// need not be AppArmor (Documentation/admin-guide/LSM/index.rst).
func (r *factsReader) label() reading.Of[security.Label] {
	if r.labels.apparmor {
		if b, err := r.File("attr/apparmor/current"); err == nil {
			return r.parsedLabel(b, true)
		}
	}
	if !r.labels.current {
		return reading.Of[security.Label]{How: r.labels.why}
	}
	b, err := r.File("attr/current")
	if err != nil {
		return reading.Error[security.Label](err)
	}
	return r.parsedLabel(b, false)
}

func (r *factsReader) link(name string) reading.Of[string] {
	b, err := r.Link(name)
	if err != nil {
		return reading.Error[string](err)
	}
	return reading.Value(r.intern.stringOf(b))
}

func (r *factsReader) cmdline(thread string) reading.Of[string] {
	b, err := r.File(thread + "cmdline")
	if err != nil {
		return reading.Error[string](err)
	}
	return reading.Value(string(b[:min(len(b), maxCmdline)]))
}

// findLabelFiles asks one process which label files the kernel answers for. It holds for all: security modules come and
// go only with a boot.
func findLabelFiles(r *proc.Reader, pids []int) labelFiles {
	for _, pid := range pids {
		if r.Enter(pid) != nil {
			continue
		}
		_, apparmor := r.File("attr/apparmor/current")
		_, current := r.File("attr/current")
		_, alive := r.File("stat")
		r.Leave()
		if alive != nil {
			continue
		}
		why := reading.FromError(current)
		return labelFiles{apparmor: reading.FromError(apparmor).State != reading.Absent, current: why.State != reading.Absent, why: why}
	}
	return labelFiles{current: true}
}

func (r *factsReader) parsedLabel(b []byte, apparmor bool) reading.Of[security.Label] {
	return reading.Value(security.ParseLabel(b, apparmor))
}
