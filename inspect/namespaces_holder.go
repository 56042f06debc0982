package inspect

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"cutaway/inspect/nsfs"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// HolderKind says in which way something keeps a namespace alive.
type HolderKind uint8

// The ways beside membership, see namespaces(7), "Namespace lifetime".
const (
	HeldForChildren HolderKind = iota + 1 // a process has set it for its children (unshare(2) of PID and time namespaces)
	HeldByThread                          // a thread is in it, and its process is not
	HeldByFD                              // a process has it open
	HeldByMount                           // it is bind mounted, as `ip netns add` does it
	HeldByNamespace                       // it is the owner or the parent of another namespace
)

// Holder is what keeps a namespace alive.
type Holder struct {
	Kind      HolderKind
	PID       int        // the process; of HeldByMount, one in whose mount namespace the mount is
	TID       int        // of HeldByThread
	FD        int        // of HeldByFD
	Path      string     // of HeldByMount: the mount point as PID sees it
	MountNS   uint64     // of HeldByMount: inode of the mount namespace
	Namespace *Namespace // of HeldByNamespace: the owned one or the child
}

// String says what the holder is, in a few words that may hold another process's text.
func (h Holder) String() string {
	switch h.Kind {
	case HeldForChildren:
		return fmt.Sprintf("set for the children of %d", h.PID)
	case HeldByThread:
		return fmt.Sprintf("thread %d of %d", h.TID, h.PID)
	case HeldByFD:
		return fmt.Sprintf("descriptor %d of %d", h.FD, h.PID)
	case HeldByMount:
		return fmt.Sprintf("mount %s, as %d sees it", h.Path, h.PID)
	case HeldByNamespace:
		return fmt.Sprintf("%s:[%d] belongs to it", h.Namespace.Kind, h.Namespace.ID.Ino)
	}
	return "unknown"
}

// way is a path by which a namespace can be opened.
type way struct {
	pid  int
	link string // below /proc/PID; "" with a path
	path string // below the root of the process
}

// What is looked at of one process at most.
const (
	maxFDs     = 4096
	maxThreads = 4096
	maxMounts  = 8 << 20 // bytes of mountinfo
)

// threadLinks are the namespaces that a thread may have to itself: user and time namespaces are changed by processes with
// one thread only, and a PID namespace by none (setns(2), unshare(2)).
var threadLinks = [...]proc.NSLink{
	proc.NSLink(proc.Mnt), proc.NSLink(proc.Net), proc.NSLink(proc.IPC), proc.NSLink(proc.UTS), proc.NSLink(proc.Cgroup),
	proc.PIDForChildren, proc.TimeForChildren,
}

// lookInto looks for namespaces in a process's descriptors and threads.
func (c *census) lookInto(p *Process) {
	if p.Kernel {
		return
	}
	dir, err := openProcDir(c.r.o.Proc, p.PID)
	if err != nil {
		return
	}
	defer dir.release()
	fds, _, err := dir.numbers("fd", maxFDs)
	if reading.FromError(err).State == reading.Denied {
		c.unread++
		return
	}
	var found []finding
	for _, fd := range fds {
		found = c.find(found, dir, "fd/"+strconv.Itoa(fd), Holder{Kind: HeldByFD, PID: p.PID, FD: fd})
	}
	if p.Threads > 1 {
		found = c.findInThreads(found, dir, p)
	}
	if len(found) == 0 || !dir.is(p.ID) {
		return
	}
	for _, f := range found {
		c.hold(c.object(f.kind, f.ino), f.holder, way{pid: p.PID, link: f.link})
	}
}

// finding is a link that leads to a namespace.
type finding struct {
	kind   proc.NSKind
	ino    uint64
	link   string
	holder Holder
}

func (c *census) find(found []finding, dir *procDir, link string, h Holder) []finding {
	var buf [64]byte // longer than any namespace's name
	n, err := unix.Readlinkat(dir.fd, link, buf[:])
	if err != nil || n == len(buf) {
		return found
	}
	if kind, ino, ok := proc.ParseNSLink(buf[:n]); ok {
		found = append(found, finding{kind, ino, link, h})
	}
	return found
}

func (c *census) findInThreads(found []finding, dir *procDir, p *Process) []finding {
	tids, _, err := dir.numbers("task", maxThreads)
	if err != nil || p.Facts.NS == nil {
		return found
	}
	var links []finding
	for _, tid := range tids {
		if tid == p.PID {
			continue
		}
		for _, link := range threadLinks {
			path := "task/" + strconv.Itoa(tid) + "/" + nsLinkPaths[link]
			links = c.find(links[:0], dir, path, Holder{Kind: HeldByThread, PID: p.PID, TID: tid})
			if len(links) == 1 && p.Facts.NS.How[link].OK() && links[0].ino != p.Facts.NS.Ino[link] {
				found = append(found, links[0])
			}
		}
	}
	return found
}

// is tells whether the directory is still that of a process.
func (d *procDir) is(id ID) bool {
	st, err := d.stat()
	return err == nil && st.StartTime == id.Start
}

// lookForBinds looks for namespaces mounted in a mount namespace. Of its members the ones with the namespace's own root
// come first: the others see less of it.
func (c *census) lookForBinds(ctx context.Context, n *Namespace) {
	members := slices.Clone(n.Members)
	slices.SortStableFunc(members, func(a, b int) int { return rootRank(&c.s.Procs[a]) - rootRank(&c.s.Procs[b]) })
	for _, i := range members[:min(len(members), maxTries)] {
		p := &c.s.Procs[i]
		binds, err := c.binds(ctx, p)
		if err != nil {
			continue
		}
		for _, b := range binds {
			h := Holder{Kind: HeldByMount, PID: p.PID, Path: b.MountPoint, MountNS: n.ID.Ino}
			c.hold(c.object(b.Kind, b.Ino), h, way{pid: p.PID, path: b.MountPoint})
		}
		return
	}
	c.mounts++
}

// maxTries is how many members of a mount namespace are asked when the first cannot be read.
const maxTries = 4

func rootRank(p *Process) int {
	if p.Kernel || p.State == 'Z' {
		return 2
	}
	if !p.Facts.Root.OK() || p.Facts.Root.Value != "/" {
		return 1
	}
	return 0
}

func (c *census) binds(ctx context.Context, p *Process) ([]nsfs.Bind, error) {
	dir, err := openProcDir(c.r.o.Proc, p.PID)
	if err != nil {
		return nil, err
	}
	defer dir.release()
	text, err := readAside(ctx, c.r.guard, p.ID, dir, "mountinfo", func(dir *procDir) ([]byte, error) {
		text, cut, err := dir.read("mountinfo", maxMounts)
		if cut {
			text = text[:bytes.LastIndexByte(text, '\n')+1]
		}
		return text, err
	})()
	if err == nil && !dir.is(p.ID) {
		err = ErrGone
	}
	return nsfs.Binds(text), err
}

// open opens a namespace, by way of a member or of a holder, and makes sure that it is the right one.
func (c *census) open(ctx context.Context, n *NamespaceObject) (*nsfs.File, error) {
	if !c.isProc {
		return nil, unix.ENOTTY
	}
	var ways []way
	for _, i := range n.Members[:min(len(n.Members), maxTries)] {
		ways = append(ways, way{pid: c.s.Procs[i].PID, link: nsLinkPaths[n.Kind]})
	}
	ways = append(ways, c.ways[nsKey{n.Kind, n.ID.Ino}]...)
	err := error(unix.ESRCH)
	for _, w := range ways[:min(len(ways), 2*maxTries)] {
		var f *nsfs.File
		if f, err = c.goTo(ctx, w); err != nil {
			continue
		}
		var id nsfs.ID
		if id, err = f.ID(); err == nil && id.Ino == n.ID.Ino {
			return f, nil
		}
		f.Close()
		err = unix.ESRCH
	}
	return nil, err
}

func (c *census) goTo(ctx context.Context, w way) (*nsfs.File, error) {
	dir, err := openProcDir(c.r.o.Proc, w.pid)
	if err != nil {
		return nil, err
	}
	defer dir.release()
	if w.link != "" {
		return nsfs.Open(dir.fd, w.link)
	}
	return readAside(ctx, c.r.guard, ID{PID: w.pid}, dir, "root"+w.path, func(dir *procDir) (*nsfs.File, error) {
		root, err := retry(func() (int, error) {
			return unix.Openat(dir.fd, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		})
		if err != nil {
			return nil, err
		}
		defer unix.Close(root)
		return nsfs.OpenIn(root, w.path)
	})()
}

// isProcFS tells whether a proc file system is mounted at a path.
func isProcFS(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}
