package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
)

// trial is a launch that ends before it would execute a command: a process in new namespaces, its maps, some operations.
type trial struct {
	flags uintptr // CLONE_NEW*
	maps  func(pid int) error
	ops   []stage.Op
}

// patience is how long a trial may take. A mount can hang at a dead device or server.
const patience = 5 * time.Second

// done is the stage after a trial's operations.
const done = "done"

// run carries out a trial as a launch would: the program executed again as the first process of the namespaces, by package
// stage. It leaves nothing: the process ends, and with it what it made.
func (t *trial) run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	plan := stage.Plan{Wait: true, Ops: append(t.ops, stage.Op{Verb: stage.Begin, Data: done})}
	file, err := memfd(plan.Encode())
	if err != nil {
		return err
	}
	defer file.Close()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return failure("clone", "socketpair", "", err)
	}
	ours := pair[0]
	defer func() { syscall.Close(ours) }()
	pid, err := t.start(file.Fd(), pair[1])
	syscall.Close(pair[1])
	if err != nil {
		return err
	}
	defer func() { // in this order: the process sees the end of the socket, and the signal ends one that hangs
		syscall.Close(ours)
		ours = -1
		_ = syscall.Kill(pid, syscall.SIGKILL)
		reap(pid)
	}()
	if t.maps != nil {
		if err := t.maps(pid); err != nil {
			return err
		}
	}
	limit := unix.NsecToTimeval(int64(patience))
	if err := unix.SetsockoptTimeval(ours, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return failure("clone", "setsockopt", "", err)
	}
	if err := unix.Sendmsg(ours, []byte{byte(stage.MsgGo)}, nil, nil, unix.MSG_NOSIGNAL); err != nil && !errors.Is(err, unix.EPIPE) {
		return failure("maps", "tell the process to go on", "", err)
	}
	return listen(ours)
}

// start clones the process. Its capabilities are ambient, because its ids are not mapped yet when it executes the program
// (capabilities(7), "Capabilities and execution of programs by root").
func (t *trial) start(plan uintptr, control int) (int, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, failure("clone", "open", os.DevNull, err)
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Env:   []string{stage.Variable + "=" + stage.RoleChild},
		Files: []uintptr{null.Fd(), null.Fd(), null.Fd(), plan, uintptr(control)},
		Sys:   &syscall.SysProcAttr{Cloneflags: t.flags},
	}
	if t.flags&unix.CLONE_NEWUSER != 0 {
		last := caps.LastKnown()
		if known := caps.Last("/proc"); known.OK() {
			last = known.Value
		}
		for c := uintptr(0); c <= uintptr(last); c++ {
			attr.Sys.AmbientCaps = append(attr.Sys.AmbientCaps, c)
		}
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"cutaway-trial"}, attr)
	if err != nil {
		return 0, failure("clone", "clone with new namespaces", "", err)
	}
	return pid, nil
}

// listen reads what the process reports: that it came to the end, or what failed.
func listen(control int) error {
	b := make([]byte, 16<<10)
	for {
		n, err := syscall.Read(control, b)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return failure("", fmt.Sprintf("no answer in %v", patience), "", nil)
		case err != nil || n == 0:
			return failure("", "the process ended without a word: a security module or a seccomp filter may have killed it", "", nil)
		case stage.Kind(b[0]) == stage.MsgBegin && string(b[1:n]) == done:
			return nil
		case stage.Kind(b[0]) == stage.MsgFailed:
			if f, ok := stage.DecodeFailure(b[1:n]); ok {
				return &failed{f}
			}
		}
	}
}

func reap(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

func memfd(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("cutaway-trial", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, failure("clone", "memfd_create", "", err)
	}
	f := os.NewFile(uintptr(fd), "cutaway-trial")
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, failure("clone", "write the plan", "", err)
	}
	return f, nil
}

// failed is a stage's failure as an error.
type failed struct{ stage.Failure }

// Error is what was tried, where, and the errno.
func (f *failed) Error() string {
	text := f.What
	if f.Path != "" {
		text += " (" + f.Path + ")"
	}
	if f.Errno != 0 {
		text += fmt.Sprintf(": %v (errno %d)", syscall.Errno(f.Errno), f.Errno)
	}
	return text
}

// failure makes one of an error.
func failure(at, what, path string, err error) error {
	f := stage.Failure{Stage: at, What: what, Path: path}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		f.Errno = uint64(errno)
	} else if err != nil {
		f.What += ": " + err.Error()
	}
	return &failed{f}
}

// mapOne maps root inside to one id outside: the user's own, or for who may map any, one that is not the host's root.
func (m *Machine) mapOne(pid int) error {
	uid, gid := m.UID(), m.GID()
	if m.Can(capSetuid) && m.Can(capSetgid) {
		uid, gid = highest(m.UIDs, uid), highest(m.GIDs, gid)
	} else if err := writeMap(pid, "setgroups", "deny"); err != nil && !errors.Is(err, syscall.ENOENT) {
		return err
	}
	if err := writeMap(pid, "gid_map", fmt.Sprintf("0 %d 1\n", gid)); err != nil {
		return err
	}
	return writeMap(pid, "uid_map", fmt.Sprintf("0 %d 1\n", uid))
}

// highest is the nobody of a user namespace, or the highest id below that it has.
func highest(maps []proc.IDMapping, own uint32) uint32 {
	const nobody = 65534
	best := own
	for _, m := range maps {
		if m.Count > 0 && m.Inside <= nobody {
			best = max(best, uint32(min(uint64(m.Inside)+uint64(m.Count)-1, nobody)))
		}
	}
	return best
}

func writeMap(pid int, name, text string) error {
	path := "/proc/" + strconv.Itoa(pid) + "/" + name
	if err := os.WriteFile(path, []byte(text), 0); err != nil {
		return failure("maps", "write "+name+" "+strings.TrimSpace(text), path, err)
	}
	return nil
}

// mapRanges maps the user's own id and the ranges granted to it, with newuidmap(1) and newgidmap(1).
func (m *Machine) mapRanges(pid int) error {
	for _, s := range m.sides(&Need{}) {
		out, err := exec.Command(s.helper.Path, strconv.Itoa(pid), "0", fmt.Sprint(s.own), "1",
			"1", fmt.Sprint(s.granted.Start), fmt.Sprint(s.granted.Count)).CombinedOutput()
		if err != nil {
			return failure("maps", "new"+s.name+"map: "+strings.TrimSpace(string(out)), "", err)
		}
	}
	return nil
}
