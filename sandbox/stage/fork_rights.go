package stage

import (
	"syscall"
	"unsafe"
)

// rights compiles what changes a fork's credentials and what it may do.
func (w *forkWriter) rights(o *Op) (ok bool) {
	switch o.Verb {
	case Guard:
		w.call(plain, w.at("prctl(PR_SET_DUMPABLE)", ""), syscall.SYS_PRCTL, prSetDumpable, 0)
	case Keyring:
		w.call(plain, w.at("keyctl(KEYCTL_JOIN_SESSION_KEYRING)", ""), syscall.SYS_KEYCTL, keyctlJoin, 0).pass = [2]syscall.Errno{syscall.ENOSYS, syscall.EPERM} // EPERM: a filter, which is the command's too
	case BecomeRoot:
		w.becomeRoot()
	case Groups:
		w.groups(o)
	case IDs:
		w.ids(o)
	case Bounding:
		for n := int64(0); n <= o.N; n++ {
			if o.Flags&(1<<n) == 0 {
				w.call(plain, w.at("prctl(PR_CAPBSET_DROP) of capability "+itoa(int(n)), ""), syscall.SYS_PRCTL, prCapbsetDrop, uintptr(n))
			}
		}
	case CapSets:
		w.capSets(o)
	case NoNewPrivs:
		w.call(plain, w.at("prctl(PR_SET_NO_NEW_PRIVS)", ""), syscall.SYS_PRCTL, prSetNoNewPrivs, 1)
	case Seccomp:
		w.filter(o.Data)
	case Rlimit:
		limit := w.hold(unsafe.Pointer(&[2]uint64{o.Flags, o.Attr}))
		w.call(plain, w.at("prlimit "+o.Data, ""), syscall.SYS_PRLIMIT64, 0, uintptr(o.N), limit, 0)
	default:
		return false
	}
	return true
}

const (
	keyctlJoin = 1 // KEYCTL_JOIN_SESSION_KEYRING
	capVersion = 0x20080522
)

// becomeRoot takes the ids that the user namespace maps to root; where it maps none, they stay (EINVAL).
func (w *forkWriter) becomeRoot() {
	w.call(plain, w.at("setgroups", ""), syscall.SYS_SETGROUPS, 0, 0).pass[0] = syscall.EPERM
	w.call(plain, w.at("setresgid(0)", ""), syscall.SYS_SETRESGID, 0, 0, 0).pass[0] = syscall.EINVAL
	w.call(plain, w.at("setresuid(0)", ""), syscall.SYS_SETRESUID, 0, 0, 0).pass[0] = syscall.EINVAL
}

func (w *forkWriter) groups(o *Op) {
	list := make([]uint32, len(o.List)+1)
	for i, g := range o.List {
		list[i] = uint32(atoi(g))
	}
	c := w.call(plain, w.at("setgroups", ""), syscall.SYS_SETGROUPS, uintptr(len(o.List)), w.hold(unsafe.Pointer(&list[0])))
	if o.Flags&Optional != 0 {
		c.pass[0] = syscall.EPERM // "deny" in /proc/PID/setgroups (user_namespaces(7))
	}
}

// ids becomes the command's user. The permitted set is kept over the change for the operations that follow.
func (w *forkWriter) ids(o *Op) {
	gid, uid := uintptr(o.M), uintptr(o.N)
	w.call(plain, w.at("prctl(PR_SET_KEEPCAPS)", ""), syscall.SYS_PRCTL, prSetKeepcaps, 1)
	w.call(plain, w.at("setresgid "+itoa(int(o.M)), ""), syscall.SYS_SETRESGID, gid, gid, gid)
	w.call(plain, w.at("setresuid "+itoa(int(o.N)), ""), syscall.SYS_SETRESUID, uid, uid, uid)
	w.call(plain, w.at("prctl(PR_SET_KEEPCAPS)", ""), syscall.SYS_PRCTL, prSetKeepcaps, 0)
}

// capSets sets the sets (capset(2), version 3) and raises the ambient ones, which come last: the kernel lowers them with
// the others (capabilities(7)).
func (w *forkWriter) capSets(o *Op) {
	header := w.hold(unsafe.Pointer(&[2]uint32{capVersion, 0}))
	low, high, inLow, inHigh := uint32(o.Attr), uint32(o.Attr>>32), uint32(o.Flags), uint32(o.Flags>>32)
	data := w.hold(unsafe.Pointer(&[6]uint32{low, low, inLow, high, high, inHigh}))
	w.call(plain, w.at("capset", ""), syscall.SYS_CAPSET, header, data)
	w.call(plain, w.at("prctl(PR_CAP_AMBIENT_CLEAR_ALL)", ""), syscall.SYS_PRCTL, prCapAmbient, ambientClearAll, 0, 0, 0).pass[0] = syscall.EINVAL
	for n := 0; n < 64; n++ {
		if o.M&(1<<n) != 0 {
			w.call(plain, w.at("prctl(PR_CAP_AMBIENT_RAISE) of capability "+itoa(n), ""), syscall.SYS_PRCTL, prCapAmbient, ambientRaise, uintptr(n), 0, 0)
		}
	}
}

const ambientRaise = 2

// filter loads a seccomp program.
func (w *forkWriter) filter(program string) {
	prog := &struct {
		length uint16
		_      [6]byte
		filter uintptr
	}{length: uint16(len(program) / 8), filter: w.text(program)}
	w.call(plain, w.at("seccomp(SECCOMP_SET_MODE_FILTER)", ""), sysSeccomp, seccompSetModeFilter, 0, w.hold(unsafe.Pointer(prog)))
}
