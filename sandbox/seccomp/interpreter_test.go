package seccomp

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// event is a call as a filter sees it: struct seccomp_data.
type event struct {
	number, arch uint32
	args         [6]uint64
}

// decode reads instructions as they lie in memory.
func decode(t testing.TB, program []byte) block {
	t.Helper()
	if len(program)%8 != 0 {
		t.Fatalf("%d bytes are not whole instructions", len(program))
	}
	var b block
	for ; len(program) > 0; program = program[8:] {
		b = append(b, unix.SockFilter{
			Code: binary.LittleEndian.Uint16(program), Jt: program[2], Jf: program[3], K: binary.LittleEndian.Uint32(program[4:]),
		})
	}
	return b
}

// run is what a program returns, and how many instructions that took (net/core/filter.c).
func run(t testing.TB, b block, e event) (action uint32, steps int) {
	t.Helper()
	data := binary.LittleEndian.AppendUint32(nil, e.number)
	data = binary.LittleEndian.AppendUint32(data, e.arch)
	data = append(data, make([]byte, 8)...) // instruction_pointer
	for _, arg := range e.args {
		data = binary.LittleEndian.AppendUint64(data, arg)
	}
	var a, x uint32
	var memory [16]uint32
	for pc := 0; pc < len(b); pc++ {
		steps++
		i := b[pc]
		operand := i.K
		if i.Code&unix.BPF_X != 0 && (i.Code&7 == unix.BPF_ALU || i.Code&7 == unix.BPF_JMP) {
			operand = x
		}
		holds := false
		switch i.Code &^ unix.BPF_X {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			if i.K%4 != 0 || int(i.K)+4 > len(data) {
				t.Fatalf("instruction %d loads from offset %d", pc, i.K)
			}
			a = binary.LittleEndian.Uint32(data[i.K:])
			continue
		case unix.BPF_LD | unix.BPF_MEM:
			a = memory[i.K]
			continue
		case unix.BPF_ST:
			memory[i.K] = a
			continue
		case unix.BPF_MISC: // tax; txa has another code
			x = a
			continue
		case unix.BPF_ALU | unix.BPF_AND:
			a &= operand
			continue
		case unix.BPF_RET:
			return i.K, steps
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(i.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ:
			holds = a == operand
		case unix.BPF_JMP | unix.BPF_JGT:
			holds = a > operand
		case unix.BPF_JMP | unix.BPF_JGE:
			holds = a >= operand
		case unix.BPF_JMP | unix.BPF_JSET:
			holds = a&operand != 0
		default:
			t.Fatalf("instruction %d has the unknown code %#x", pc, i.Code)
		}
		if holds {
			pc += int(i.Jt)
		} else {
			pc += int(i.Jf)
		}
	}
	t.Fatal("the program ends without a return")
	return 0, 0
}

// answer names what a filter returns: "allow", an errno, or "kill".
func answer(action uint32) string {
	switch action & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW:
		return "allow"
	case unix.SECCOMP_RET_ERRNO:
		return unix.ErrnoName(syscall.Errno(action & unix.SECCOMP_RET_DATA))
	case unix.SECCOMP_RET_KILL_PROCESS, unix.SECCOMP_RET_KILL_THREAD:
		return "kill"
	}
	return fmt.Sprintf("action %#x", action)
}
