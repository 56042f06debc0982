package sandbox

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/sandbox/reexec"
	"cutaway/sandbox/stage"
)

// orderWriter collects what a spawner does, and the descriptors for it.
type orderWriter struct {
	ops   []stage.Op
	files []*os.File
}

func (w *orderWriter) add(ops ...stage.Op) { w.ops = append(w.ops, ops...) }

func (w *orderWriter) begin(name Stage) { w.add(stage.Op{Verb: stage.Begin, Data: string(name)}) }

// send gives the spawner a file and returns its place.
func (w *orderWriter) send(f *os.File) int64 {
	w.files = append(w.files, f)
	return int64(len(w.files) - 1)
}

// standard gives the fork its standard files, which are the order's first.
func (w *orderWriter) standard(files []*os.File, null *os.File) {
	for _, f := range files {
		if f == nil {
			f = null
		}
		w.send(f)
	}
}

// join enters namespaces, in joinOrder. Who has rights outside enters a user namespace last, since they are needed for the
// others and end with it: until then nothing that belongs to another user namespace is out of reach. Who has none enters it
// first, to get some (user_namespaces(7)). then is done between the two.
func (w *orderWriter) join(list []namespaceFile, privileged bool, then func()) {
	setns := func(n namespaceFile) {
		w.add(stage.Op{Verb: stage.Setns, N: w.send(n.file), Data: n.kind, Path: n.file.Name()})
	}
	user := slices.IndexFunc(list, func(n namespaceFile) bool { return n.kind == "user" })
	if user >= 0 && !privileged {
		setns(list[user])
	}
	for i, n := range list {
		if i != user {
			setns(n)
		}
	}
	then()
	if user >= 0 && privileged {
		w.add(stage.Op{Verb: stage.Groups}) // the caller's would be its rights still
		setns(list[user])
	}
}

// needsSpawner tells whether the first process is started by a spawner: it enters a namespace that only a process with one
// thread may (setns(2)), or a fork of this process would be dear.
func (l *launch) needsSpawner(flags uintptr) bool {
	return l.spec.movesClocks() || joins(l.joins, "user", "mnt", "time") || flags&unix.CLONE_NEWUSER != 0 && isLarge()
}

// spawn has a spawner start the first process, which becomes this process's child.
func (l *launch) spawn(flags uintptr) error {
	order, w, err := l.spawnOrder(flags)
	if err != nil {
		return err
	}
	defer w.close()
	file, err := reexec.Memfd("cutaway-order", order.Encode())
	if err != nil {
		return failed(StageClone, "make the order's file", "", err)
	}
	defer file.Close()
	pids := make(chan int, 2)
	defer close(pids)
	if err := l.start(&program{role: stage.RoleSpawner, plan: file, extra: w.files, more: pids}); err != nil {
		return err
	}
	forks := 1
	for _, o := range order.Ops {
		if o.Verb == stage.Fork {
			forks++
		}
	}
	for pid := 0; ; {
		m, open := <-l.messages
		switch {
		case !open:
			return &LaunchError{Stage: StageClone, What: "the process that makes the sandbox's first one ended"}
		case m.Kind == stage.MsgFailed:
			return failureOf(m)
		case m.Kind == stage.MsgSpawned && len(m.Text) >= 8:
			pid = int(binary.LittleEndian.Uint64([]byte(m.Text)))
			pids <- pid
			if forks--; forks == 0 {
				return l.adopt(pid)
			}
		}
	}
}

// adopt makes a process that a spawner left to us the box's.
func (l *launch) adopt(pid int) error {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return failed(StageClone, "pidfd_open of the sandbox's first process", "", err)
	}
	unix.Close(l.box.pidfd)
	l.box.pidfd, l.box.PID = pidfd, pid
	return nil
}

// spawnWriter is the orderWriter of a launch, with the files that only it has.
type spawnWriter struct {
	orderWriter
	own []*os.File
}

func (w *spawnWriter) open(path string, flag int) (int64, error) {
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return 0, err
	}
	w.own = append(w.own, f)
	return w.send(f), nil
}

func (w *spawnWriter) close() {
	for _, f := range w.own {
		f.Close()
	}
}

// spawnOrder is what makes the first process: a fork that joins what is joined, and then is in new namespaces.
func (l *launch) spawnOrder(flags uintptr) (order *stage.Order, w *spawnWriter, err error) {
	w = &spawnWriter{}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, w, failed(StageClone, "open", os.DevNull, err)
	}
	w.own = append(w.own, null)
	w.standard(l.standard(), null)
	exe, err := w.open(l.exe.Path, unix.O_PATH)
	if err != nil {
		return nil, w, failed(StageClone, "open cutaway's own program", "", err)
	}
	w.begin(StageClone)
	if g := l.box.group; g != nil && g.Dir() != nil { // the v2 cgroup that the clone would have been made in
		path := filepath.Join(g.Dir().Name(), "cgroup.procs")
		n, err := w.open(path, os.O_WRONLY)
		if err != nil {
			return nil, w, failed(StageCgroup, "open", path, err)
		}
		w.add(stage.Op{Verb: stage.WriteFD, N: n, Data: "0", Path: path})
	}
	order = &stage.Order{Leave: true}
	if len(l.joins) > 0 {
		w.add(stage.Op{Verb: stage.Guard})
		w.join(l.joins, ownCapabilities().Has(capSysAdmin), func() {})
		w.add(stage.Op{Verb: stage.Fork, Flags: uint64(flags)})
	} else {
		order.Clone = uint64(flags)
	}
	if l.spec.movesClocks() {
		w.add(l.spec.clocks()...)
	}
	if joins(l.joins, "user") {
		w.add(stage.Op{Verb: stage.BecomeRoot})
	}
	if joins(l.joins, "user") || flags&unix.CLONE_NEWUSER != 0 {
		// Root may be mapped later or never, and an exec drops all capabilities but the ambient ones then.
		all := uint64(caps.UpTo(l.site.lastCap))
		w.add(stage.Op{Verb: stage.CapSets, Attr: all, Flags: all, M: int64(all)})
	}
	w.add(
		stage.Op{Verb: stage.Standard, N: 0, M: 1, Attr: 2},
		stage.Op{Verb: stage.ExecFD, N: exe, M: w.send(l.plan), List: []string{"cutaway-init"}, More: roleEnv(stage.RoleChild)},
	)
	order.Ops, order.FDs = w.ops, len(w.files)
	return order, w, nil
}
