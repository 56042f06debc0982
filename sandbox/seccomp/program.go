package seccomp

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// Program is a profile's filter for the architecture that this program is built for: an array of struct sock_filter
// (linux/filter.h), as struct sock_fprog of seccomp(2) points to it, at most 4096 of them; nil for Off.
//
// keep is what the command keeps of capabilities: "docker" lets it call what they are for. An error is a profile that does
// not exist, or an architecture without tables.
func Program(profile string, keep caps.Set) ([]byte, error) {
	f, err := newFilter(profile, runtime.GOARCH, keep)
	if f == nil {
		return nil, err
	}
	return f.program()
}

func (f *filter) program() ([]byte, error) {
	decide := branch(unix.BPF_JEQ, f.arch.audit, search(spans(f.rules)), ret(unix.SECCOMP_RET_KILL_PROCESS))
	return assemble(append(block{load(offsetArch)}, decide...))
}

// block is code that ends in a return on every way through it, so that blocks are put together without labels.
type block []unix.SockFilter

// Offsets in struct seccomp_data. Both architectures are little endian: an argument's low half comes first.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func ret(action uint32) block {
	return block{{Code: unix.BPF_RET | unix.BPF_K, K: action}}
}

func fail(errno syscall.Errno) block { return ret(unix.SECCOMP_RET_ERRNO | uint32(errno)) }

func allow() block { return ret(unix.SECCOMP_RET_ALLOW) }

// branch goes to yes when a comparison of the accumulator with k holds, else to no. A conditional jump skips 255
// instructions at most; over more of them it goes by way of an unconditional one, which skips any number.
func branch(comparison uint16, k uint32, yes, no block) block {
	jump := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | comparison, K: k}
	b := make(block, 0, 2+len(no)+len(yes))
	if len(no) <= 255 {
		jump.Jt = uint8(len(no))
		b = append(b, jump)
	} else {
		jump.Jf = 1
		b = append(b, jump, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(no))})
	}
	return append(append(b, no...), yes...)
}

// span is the numbers from first to the next span's, which are all decided in the same way.
type span struct {
	first uint32
	code  block
}

// spans cut the numbers from 0 to 2^32-1. Those without a rule are newer than the table, never given out, or x32's
// (0x40000000 and above on amd64): all of them fail with ENOSYS, as on a kernel without such calls.
func spans(rules []rule) []span {
	const absent = syscall.ENOSYS
	var list []span
	plain, last := false, syscall.Errno(0) // whether the last span looks at no argument, and how its calls end
	put := func(first uint32, errno syscall.Errno, c *check) {
		switch {
		case c != nil:
			list = append(list, span{first, c.code()})
		case plain && errno == last:
			return
		case errno == 0:
			list = append(list, span{first, allow()})
		default:
			list = append(list, span{first, fail(errno)})
		}
		plain, last = c == nil, errno
	}
	next := uint32(0)
	for _, r := range rules {
		if r.number > next {
			put(next, absent, nil)
		}
		put(r.number, r.errno, r.check)
		next = r.number + 1
	}
	put(next, absent, nil)
	return list
}

// search finds the span of the number by halves: a call costs about seven comparisons, wherever it is. (For numbers that
// are let through whatever the arguments, the kernel finds that out when it loads the program, and does not run it for
// them: seccomp_cache_prepare, since Linux 5.11.)
func search(list []span) block {
	return append(block{load(offsetNumber)}, halve(list)...)
}

func halve(list []span) block {
	if len(list) == 1 {
		return list[0].code
	}
	middle := len(list) / 2
	return branch(unix.BPF_JGE, list[middle].first, halve(list[middle:]), halve(list[:middle]))
}

// code lets the call through or fails it, for the argument that the check looks at.
func (c *check) code() block {
	match, b := fail(syscall.EPERM), allow()
	if c.pass {
		match, b = b, match
	}
	for _, v := range c.values {
		b = branch(unix.BPF_JEQ, v, match, b)
	}
	start := block{load(offsetArgs + 8*uint32(c.arg))}
	if c.mask != every {
		start = append(start, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: c.mask})
	}
	return append(start, b...)
}

// assemble lays the instructions out as the kernel reads them.
func assemble(b block) ([]byte, error) {
	if len(b) > unix.BPF_MAXINSNS {
		return nil, fmt.Errorf("the seccomp program has %d instructions, and the kernel takes %d", len(b), unix.BPF_MAXINSNS)
	}
	program := make([]byte, 0, 8*len(b))
	for _, f := range b {
		program = binary.LittleEndian.AppendUint16(program, f.Code)
		program = append(program, f.Jt, f.Jf)
		program = binary.LittleEndian.AppendUint32(program, f.K)
	}
	return program, nil
}
