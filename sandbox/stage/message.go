package stage

// The descriptors that a child is started with, beside the standard three.
const (
	PlanFD    = 3 // a memfd: the encoded Plan, once the first Go came
	ControlFD = 4 // the control socket, SOCK_SEQPACKET
	ExtraFD   = 5 // a janitor's pidfd; the first of a spawner's descriptors
)

// Variable in the child's environment asks for a role of this package.
const Variable = "CUTAWAY_STAGE"

// The values of Variable.
const (
	RoleChild   = "child"   // carry out the Plan
	RoleJanitor = "janitor" // clean up after a launcher that was killed
	RoleSpawner = "spawner" // carry out the Order
)

// Kind is what a message on the control socket says: its first byte.
type Kind byte

// The messages of the child.
const (
	MsgBegin    Kind = 'B' // a stage begins; its name follows
	MsgFailed   Kind = 'F' // the launch failed: an encoded Failure follows
	MsgTerminal Kind = 'T' // a terminal was made: its master comes along
	MsgSpawned  Kind = 'P' // a spawner made a process: its PID, 8 bytes
	MsgRunning  Kind = 'R' // the command runs
	MsgExec     Kind = 'E' // the command is executed by this very process: the socket closes when that worked
	MsgExited   Kind = 'X' // the command ended: its wait status, 4 bytes
)

// The messages of the launcher.
const (
	MsgGo     Kind = 'G' // go on; the first one brings descriptors along
	MsgSignal Kind = 'S' // send the signal in the next byte to the command
)

// Failure is what went wrong, where.
type Failure struct {
	Stage string
	What  string // the system call and what it was for
	Path  string // "" when there is none
	Errno uint64 // 0 when it was no system call
}

// Encode is the failure as a message.
func (f *Failure) encode() []byte {
	w := buffer{b: []byte{byte(MsgFailed)}}
	w.str(f.Stage)
	w.str(f.What)
	w.str(f.Path)
	w.num(f.Errno)
	return w.b
}

// DecodeFailure reads what follows MsgFailed. It is not ok when the message is cut.
func DecodeFailure(b []byte) (f Failure, ok bool) {
	r := buffer{b: b}
	f = Failure{Stage: r.getStr(), What: r.getStr(), Path: r.getStr(), Errno: r.getNum()}
	return f, !r.bad
}
