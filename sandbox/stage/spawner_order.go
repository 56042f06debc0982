package stage

// Order is what a spawner does: it forks, and the fork, which has one thread where every Go program has several, carries
// out the operations and executes something. Only such a process may enter user, mount and time namespaces (setns(2)).
//
// A spawner is a small process of its own, so that a fork does not cost what its launcher's memory is worth, and it stays
// where the launcher is: no process of a namespace that is joined sees it.
type Order struct {
	Clone    uint64    // CLONE_NEW*: the fork's own namespaces
	Leave    bool      // the last process is the launcher's child, and the spawner ends; else it is the spawner's, which minds it
	FDs      int       // how many descriptors the operations have: the first is ExtraFD
	Terminal *Terminal // nil: none is made
	Ops      []Op
}

// Terminal is where a spawner makes a terminal.
type Terminal struct {
	Root     int64  // the N-th descriptor: a root directory whose devpts is used, if it has one; -1: the spawner's own is
	UID, GID uint32 // who gets it, as the spawner's user namespace names them
}

// The verbs of an Order beside those of a Plan, of which a fork knows Begin, BecomeRoot, Guard, WriteFD, Unshare, Setns,
// ChrootFD, WriteFile, Slave, NewFS of proc, Rlimit, Bounding, NoNewPrivs, Seccomp, ParentDeath, Chdir and Exec. An
// operation's N-th descriptor is the N-th of the Order. Stages are not reported, but failures name them.
const (
	Fork      Verb = Exec + 1 + iota // goes on in a child, in a PID namespace that was entered; Flags: CLONE_NEW* of its own
	EnterTime                        // enters the time namespace that Unshare made for children
	Groups                           // setgroups to List; with Optional, not where the user namespace forbids it
	IDs                              // setgid M, setuid N; keeps the permitted set
	CapSets                          // permitted and effective sets to Attr, the inheritable to Flags, the ambient to M
	Keyring                          // a session keyring of its own: not the caller's (keyrings(7))
	Standard                         // the N-th, M-th and Attr-th descriptors as 0, 1 and 2; -1 is the terminal
	CloseRest                        // closes all others, but those by which the fork and the spawner know of each other
	Session                          // setsid, and the terminal in 0, if one was made, is the session's
	Umask                            // N
	ExecFD                           // executes the program in the N-th descriptor as RoleChild: the M-th is its plan. List: arguments, More: environment
)

// TerminalFD stands for the terminal in Standard.
const TerminalFD = -1

// Encode is the order as the spawner reads it.
func (o *Order) Encode() []byte {
	var w buffer
	w.num(magic)
	w.num(flag(o.Leave, 1) | flag(o.Terminal != nil, 2))
	w.num(o.Clone)
	w.num(uint64(o.FDs))
	if t := o.Terminal; t != nil {
		w.num(uint64(t.Root))
		w.num(uint64(t.UID))
		w.num(uint64(t.GID))
	}
	w.str(string((&Plan{Ops: o.Ops}).Encode()))
	return w.b
}

func decodeOrder(b []byte) (o Order, ok bool) {
	r := buffer{b: b}
	if r.getNum() != magic {
		return o, false
	}
	flags := r.getNum()
	o.Leave, o.Clone, o.FDs = flags&1 != 0, r.getNum(), int(r.getNum())
	if flags&2 != 0 {
		o.Terminal = &Terminal{Root: int64(r.getNum()), UID: uint32(r.getNum()), GID: uint32(r.getNum())}
	}
	plan, ok := decode([]byte(r.getStr()))
	o.Ops = plan.Ops
	return o, ok && !r.bad && len(r.b) == 0
}
