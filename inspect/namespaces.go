package inspect

import (
	"cmp"
	"context"
	"slices"

	"cutaway/inspect/nsfs"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// NamespaceObject is a namespace with its ties and with what keeps it alive beside its members. One without members lives
// by its Holders alone.
type NamespaceObject struct {
	*Namespace
	First      *Process           // the oldest member, nil when there is none
	Owner      reading.Of[NSID]   // the user namespace that owns it; Denied: outside of our view, or none (ioctl_ns(2))
	Parent     reading.Of[NSID]   // of a PID or user namespace, likewise; Absent for other kinds
	CreatorUID reading.Of[uint32] // who made a user namespace, as our user namespace names them; Absent for other kinds
	Holders    []Holder
}

// Census is every namespace that can be found from here: those of processes, and those that live by a thread, a
// descriptor, a bind mount, a setting for children, or another namespace alone. A namespace that only a socket or a
// queued message holds leaves no trace in proc.
type Census struct {
	Namespaces []*NamespaceObject // by kind, then inode
	// Unread counts the processes whose descriptors or threads were refused to us: what they alone hold is not here.
	Unread int
	// UnreadMounts counts the mount namespaces of which no process let us read its mounts, likewise.
	UnreadMounts int
}

// NamespaceReader takes censuses. Several goroutines may use it at once.
type NamespaceReader struct {
	o     Options
	guard *guard
}

// NewNamespaceReader makes a reader; of the options it uses the proc file system alone.
func NewNamespaceReader(o Options) *NamespaceReader {
	return &NamespaceReader{o: o.withDefaults(), guard: newGuard()}
}

// Namespaces finds the namespaces of a snapshot's processes and those hidden behind them. It reads proc as it is now, so a
// process that has ended since the snapshot keeps its membership and tells nothing more. The error is ctx's.
func (r *NamespaceReader) Namespaces(ctx context.Context, s *Snapshot) (*Census, error) {
	c := &census{
		r: r, s: s, objects: make(map[nsKey]*NamespaceObject, len(s.Namespaces)),
		ways: map[nsKey][]way{}, isProc: isProcFS(r.o.Proc),
	}
	c.fromSnapshot()
	for i := range s.Procs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.lookInto(&s.Procs[i])
	}
	for _, n := range s.Namespaces {
		if n.Kind == proc.Mnt {
			c.lookForBinds(ctx, n)
		}
	}
	if err := c.relateAll(ctx); err != nil {
		return nil, err
	}
	return c.result(), ctx.Err()
}

// census is one in the making.
type census struct {
	r       *NamespaceReader
	s       *Snapshot
	objects map[nsKey]*NamespaceObject
	ways    map[nsKey][]way // how those without members can be opened
	isProc  bool            // the proc file system is the kernel's; a copy of one answers no ioctl
	unread  int
	mounts  int // mount namespaces of which no mountinfo was read
}

// result puts the namespaces in order.
func (c *census) result() *Census {
	list := make([]*NamespaceObject, 0, len(c.objects))
	for _, n := range c.objects {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *NamespaceObject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID.Ino, b.ID.Ino))
	})
	return &Census{Namespaces: list, Unread: c.unread, UnreadMounts: c.mounts}
}

// fromSnapshot begins with the namespaces that processes are in or have set for their children.
func (c *census) fromSnapshot() {
	for _, n := range c.s.Namespaces {
		c.objects[nsKey{n.Kind, n.ID.Ino}] = &NamespaceObject{Namespace: n, First: c.oldest(n.Members)}
	}
	for i := range c.s.Procs {
		p := &c.s.Procs[i]
		for _, link := range [...]proc.NSLink{proc.PIDForChildren, proc.TimeForChildren} {
			ns, kind := p.Facts.NS, proc.NSLinkKind(link)
			if ns != nil && ns.How[link].OK() && ns.Ino[link] != ns.Ino[kind] {
				n := c.object(kind, ns.Ino[link])
				c.hold(n, Holder{Kind: HeldForChildren, PID: p.PID}, way{pid: p.PID, link: nsLinkPaths[link]})
			}
		}
	}
}

func (c *census) oldest(members []int) *Process {
	var first *Process
	for _, i := range members {
		if p := &c.s.Procs[i]; first == nil || p.Start < first.Start {
			first = p
		}
	}
	return first
}

// object finds a namespace, or makes one without members.
func (c *census) object(kind proc.NSKind, ino uint64) *NamespaceObject {
	key := nsKey{kind, ino}
	n := c.objects[key]
	if n == nil {
		n = &NamespaceObject{Namespace: &Namespace{Kind: kind, ID: NSID{Dev: c.s.Host.NSDev, Ino: ino}}}
		if host := c.s.Host.NS; host != nil {
			n.Host = host.How[kind].OK() && host.Ino[kind] == ino
		}
		c.objects[key] = n
	}
	return n
}

func (c *census) hold(n *NamespaceObject, h Holder, w way) {
	n.Holders = append(n.Holders, h)
	key := nsKey{n.Kind, n.ID.Ino}
	c.ways[key] = append(c.ways[key], w)
}

// relateAll asks about each namespace that is known by now. That brings to light the parents and owners that have no
// process, and these are asked about on the way.
func (c *census) relateAll(ctx context.Context) error {
	known := make([]*NamespaceObject, 0, len(c.objects))
	for _, n := range c.objects {
		known = append(known, n)
	}
	for _, n := range known {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := c.open(ctx, n)
		if err != nil {
			how := nsfs.How(err)
			n.Owner.How, n.Parent.How, n.CreatorUID.How = how, how, how
			continue
		}
		c.relate(n, f)
		f.Close()
	}
	return nil
}

func (c *census) relate(n *NamespaceObject, f *nsfs.File) {
	n.Owner = c.follow(n, f.Owner)
	n.Parent = c.follow(n, f.Parent)
	uid, err := f.OwnerUID()
	n.CreatorUID = reading.Of[uint32]{Value: uid, How: nsfs.How(err)}
}

// follow goes to a related namespace. It holds to be true that a namespace keeps its owner and its parent alive.
func (c *census) follow(from *NamespaceObject, open func() (*nsfs.File, error)) reading.Of[NSID] {
	f, err := open()
	if err != nil {
		return reading.Of[NSID]{How: nsfs.How(err)}
	}
	defer f.Close()
	id, err := f.ID()
	if err != nil {
		return reading.Error[NSID](err)
	}
	kind, err := f.Kind()
	if err != nil {
		return reading.Of[NSID]{How: nsfs.How(err)}
	}
	_, known := c.objects[nsKey{kind, id.Ino}]
	n := c.object(kind, id.Ino)
	if len(n.Members) == 0 {
		n.Holders = append(n.Holders, Holder{Kind: HeldByNamespace, Namespace: from.Namespace})
	}
	if !known {
		c.relate(n, f)
	}
	return reading.Value(NSID(id))
}
