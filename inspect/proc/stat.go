package proc

import "bytes"

// PFKThread is the bit of Stat.Flags that marks a kernel thread (PF_KTHREAD in include/linux/sched.h).
const PFKThread = 0x00200000

// KernelThread tells whether the process is a thread of the kernel, which has no program, memory or user.
func (s *Stat) KernelThread() bool { return s.Flags&PFKThread != 0 }

// ParseStat reads /proc/PID/stat, see proc_pid_stat(5). s.Comm aliases b. It allocates nothing unless it fails; after an
// error, which wraps ErrFormat, s holds nothing of use.
func ParseStat(b []byte, s *Stat) error {
	// The comm may hold spaces, newlines and parentheses; no later field can, so the last ')' ends it.
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open || !bytes.HasPrefix(b[end+1:], []byte{' '}) {
		return formatError("stat", b)
	}
	pid, gap, ok := takeInt(b[:open])
	if !ok || len(skipBlanks(gap)) > 0 {
		return formatError("stat", b)
	}
	*s = Stat{PID: pid, Comm: b[open+1 : end]}
	line, _, whole := bytes.Cut(b[end+1:], []byte{'\n'})
	if !whole || !s.parseNumbers(line) {
		return formatError("stat", b)
	}
	return nil
}

// parseNumbers reads what follows the comm: the fields from 3 (state) to 39 (processor).
func (s *Stat) parseNumbers(b []byte) (ok bool) {
	state, b := takeField(b)
	if len(state) != 1 {
		return false
	}
	s.State = state[0]
	for field := 4; field <= 39; field++ {
		ok = true
		switch field {
		case 4:
			s.PPID, b, ok = takeInt(b)
		case 7:
			s.TTY, b, ok = takeInt(b)
		case 9:
			s.Flags, b, ok = takeUint32(b)
		case 14:
			s.UTime, b, ok = takeUint(b)
		case 15:
			s.STime, b, ok = takeUint(b)
		case 20:
			s.Threads, b, ok = takeInt(b)
		case 22:
			s.StartTime, b, ok = takeUint(b)
		case 24:
			s.RSSPages, b, ok = takeUint(b)
		case 39:
			s.Processor, _, ok = takeInt(b)
		default:
			b = skipField(b)
		}
		if !ok {
			return false
		}
	}
	return true
}
