package stage

// Plan is what a sandbox's first process does, in this order.
type Plan struct {
	Wait  bool // for a Go before each stage
	Init  bool // stay as PID 1 (or as the command's parent) and reap; else become the command
	PIDNS bool // the process is the first of a PID namespace: when it ends, the kernel ends the others
	Ops   []Op
}

// Op is one operation. Which fields it uses, its Verb says.
type Op struct {
	Verb   Verb
	Path   string   // on the host, as the launcher's mount namespace names it
	Target string   // inside the new root
	Data   string   // options, contents
	Flags  uint64   // of the verb
	Attr   uint64   // MOUNT_ATTR_* of what is mounted
	N      int64    // a descriptor, a number
	M      int64    // another number
	List   []string // arguments
	More   []string // more of them
}

// Verb is what an operation does.
type Verb uint8

// The verbs.
const (
	Begin        Verb = iota // Data: a stage begins; the operations up to the next Begin are its
	BecomeRoot               // setresgid(0), setresuid(0): inside a new user namespace, whose maps are written
	Guard                    // not dumpable from here on: nobody in a joined namespace may trace us or open our /proc/PID/exe
	WriteFD                  // writes Data to the N-th descriptor that came with Go, once
	Unshare                  // Flags: CLONE_NEW*
	Setns                    // enters the namespace in the N-th descriptor that came with Go; Data: its type. For pid, the command is in it
	ChrootFD                 // chroot(2) to the directory in the N-th descriptor that came with Go; Path says what it is
	WriteFile                // writes Data to Path
	Slave                    // mounts made from here on stay ours; the host's still arrive
	Private                  // no mount goes either way
	RootTree                 // the new root is a clone of the mounts at Path (Recursive), with Attr
	RootFD                   // the new root is the detached tree in the N-th descriptor that came with Go, with Attr
	RootFS                   // the new root is a new file system of type Path, options Data, with Attr
	RootOverlay              // the new root is an overlay over Path, writes kept in memory; Data: more options
	RootHere                 // no new root: Target is resolved below the present one
	Bind                     // mounts the tree at Path on Target
	BindFD                   // mounts the N-th detached tree that came with Go on Target; Path says what it is
	NewFS                    // mounts a new file system of type Path, options Data, on Target
	Overlay                  // mounts an overlay over Path, writes kept in memory, on Target; Data: more options
	Mask                     // covers Target with something empty; nothing when it does not exist
	ReadOnly                 // makes Target read-only in place, with what is mounted below; nothing when it does not exist
	Mkdir                    // makes the directory Target, mode N
	Symlink                  // makes Target a symbolic link to Data
	Touch                    // makes the empty file Target, or one that holds Data, mode N
	Reattr                   // sets Attr on the new root itself, not below
	Pivot                    // pivot_root(2): the old root is gone
	Chroot                   // chroot(2) to the new root, or to Path when there is none
	Hostname                 // sethostname(2) to Data
	Loopback                 // sets the interface lo up
	Rlimit                   // resource N to soft Flags, hard Attr
	Landlock                 // Flags: handled rights of files, Attr: of the network, M: scopes; List: paths, Data: rights of each, N: those that files may have
	Bounding                 // drops from the bounding set what Flags does not have, up to capability N
	User                     // setgroups to List, setgid M, setuid N; keeps the permitted set
	Capset                   // effective and permitted sets to Attr, the inheritable set to none
	NoNewPrivs               // prctl(PR_SET_NO_NEW_PRIVS)
	Seccomp                  // Data: the filter's program
	ParentDeath              // SIGKILL when the launcher ends; after the last change of credentials
	OpenTerminal             // a terminal from the ptmx at Target; its master goes to the launcher
	Chdir                    // to Target
	Exec                     // List: arguments, More: environment, Path: where to look for List[0]
)

// Flags of operations.
const (
	Recursive     uint64 = 1 << iota // with what is mounted below
	Create                           // makes the target when it is missing: a directory, or a file under a file
	Optional                         // nothing happens when the target (or the source) is missing
	NoSymlinks                       // the target's path must have no symbolic links: one here is an attack
	Sent                             // of RootOverlay: the lower layer is the N-th detached tree that came with Go
	KeepPermitted                    // of Capset: the permitted set stays, the effective one is the same
	EveryThread                      // of Capset: never only the thread that starts the command
	Device                           // the source must be the character device with major N and minor M
)

// encode and decode keep to fixed-size little-endian numbers and strings with their length before them.
type buffer struct {
	b   []byte
	bad bool
}

func (w *buffer) num(n uint64) {
	for i := 0; i < 8; i++ {
		w.b = append(w.b, byte(n>>(8*i)))
	}
}

func (w *buffer) str(s string) {
	w.num(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *buffer) list(l []string) {
	w.num(uint64(len(l)))
	for _, s := range l {
		w.str(s)
	}
}

func (w *buffer) getNum() (n uint64) {
	if len(w.b) < 8 {
		w.bad = true
		return 0
	}
	for i := 0; i < 8; i++ {
		n |= uint64(w.b[i]) << (8 * i)
	}
	w.b = w.b[8:]
	return n
}

func (w *buffer) getStr() string {
	n := w.getNum()
	if w.bad || n > uint64(len(w.b)) {
		w.bad = true
		return ""
	}
	s := string(w.b[:n])
	w.b = w.b[n:]
	return s
}

func (w *buffer) getList() (l []string) {
	n := w.getNum()
	for ; n > 0 && !w.bad; n-- {
		l = append(l, w.getStr())
	}
	return l
}

// magic begins an encoded plan: the launcher and its child are the same program, but the variable that asks for a stage may
// be set by anybody.
const magic = 0x63757461776179_01

func flag(b bool, bit uint64) uint64 {
	if b {
		return bit
	}
	return 0
}

// Encode is the plan as the child reads it.
func (p *Plan) Encode() []byte {
	var w buffer
	w.num(magic)
	w.num(flag(p.Wait, 1) | flag(p.Init, 2) | flag(p.PIDNS, 4))
	w.num(uint64(len(p.Ops)))
	for i := range p.Ops {
		o := &p.Ops[i]
		w.num(uint64(o.Verb))
		w.str(o.Path)
		w.str(o.Target)
		w.str(o.Data)
		w.num(o.Flags)
		w.num(o.Attr)
		w.num(uint64(o.N))
		w.num(uint64(o.M))
		w.list(o.List)
		w.list(o.More)
	}
	return w.b
}

func decode(b []byte) (p Plan, ok bool) {
	r := buffer{b: b}
	if r.getNum() != magic {
		return p, false
	}
	flags := r.getNum()
	p.Wait, p.Init, p.PIDNS = flags&1 != 0, flags&2 != 0, flags&4 != 0
	for n := r.getNum(); n > 0 && !r.bad; n-- {
		p.Ops = append(p.Ops, Op{
			Verb: Verb(r.getNum()), Path: r.getStr(), Target: r.getStr(), Data: r.getStr(),
			Flags: r.getNum(), Attr: r.getNum(), N: int64(r.getNum()), M: int64(r.getNum()), List: r.getList(), More: r.getList(),
		})
	}
	return p, !r.bad && len(r.b) == 0
}
