package launch

import (
	"slices"
	"strconv"

	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

// IOUsage is the help on a limit of a disk.
const IOUsage = "of a disk, in a second: `DEVICE,KEY=N...` with some of rbps=SIZE, wbps=SIZE, riops=N, wiops=N, as /dev/sda,rbps=1M"

func limitOptions() []Option {
	return []Option{
		{Name: "no-limits", Bare: "true", Usage: "without the preset's limits", first: true, set: func(w *writer, value string) error {
			return ifTrue(value, func() { w.Limits = limit.Set{} })
		}},
		{
			Name: "own-cgroup", Bare: "true", Usage: "a cgroup of its own, even without limits",
			set: func(w *writer, value string) error { return boolInto(&w.Cgroup, value) },
			Row: Row{
				About: "a cgroup of its own even without a limit: what it uses is counted", Choices: onOff,
				Fields: []string{"cgroup"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.Cgroup) },
			},
		},
		amountOption(Option{Name: "memory", Short: "m", Usage: "at most `SIZE` of memory, such as 64M; max is no limit"}, limit.ParseBytes, limit.Amount.Bytes,
			"the most memory of all of it, such as 64M; beyond it the kernel kills",
			func(l *limit.Set) **limit.Amount { return &l.Memory }),
		amountOption(Option{Name: "swap", Usage: "at most `SIZE` of it swapped out; 0 is none"}, limit.ParseBytes, limit.Amount.Bytes,
			"how much of its memory may be swapped out; 0 is none",
			func(l *limit.Set) **limit.Amount { return &l.Swap }),
		{
			Name: "cpus", Usage: "at most the time of `N` processors, such as 0.5",
			set: func(w *writer, value string) error {
				n, err := limit.ParseCPUs(value)
				if w.Limits.CPUs = &n; n == 0 {
					w.Limits.CPUs = nil
				}
				return err
			},
			Row: Row{
				About: "how many processors' time it gets at most: 0.5 is half of one", Typed: true,
				Fields: []string{"limits.cpus"},
				get: func(s *sandbox.Spec) string {
					if s.Limits.CPUs == nil || *s.Limits.CPUs == 0 {
						return "max"
					}
					return limit.FormatCPUs(*s.Limits.CPUs)
				},
			},
		},
		amountOption(Option{Name: "pids", Usage: "at most `N` processes and threads"}, limit.ParseCount, limit.Amount.String,
			"how many processes and threads at a time: against fork bombs",
			func(l *limit.Set) **limit.Amount { return &l.PIDs }),
		weightOption(),
		ioOption(),
		processorsOption("cpuset", "run on the processors of `LIST` only, such as 0-1,3", "the processors that it may run on, such as 0-1,3",
			func(l *limit.Set) *string { return &l.CPUSet }),
		processorsOption("memset", "take memory from the nodes of `LIST` only", "the memory nodes that it may use; small machines have only 0",
			func(l *limit.Set) *string { return &l.MemSet }),
	}
}

// amountOption is a limit of an amount. One that is max is none: a new cgroup has none.
func amountOption(o Option, parse func(string) (limit.Amount, error), write func(limit.Amount) string, about string, of func(*limit.Set) **limit.Amount) Option {
	o.set = func(w *writer, value string) error {
		n, err := parse(value)
		if to := of(&w.Limits); n == limit.Max {
			*to = nil
		} else {
			*to = &n
		}
		return err
	}
	o.Row = Row{
		About: about, Typed: true, Fields: []string{"limits." + o.Name},
		get: func(s *sandbox.Spec) string {
			if n := *of(&s.Limits); n != nil {
				return write(*n)
			}
			return "max"
		},
	}
	return o
}

func weightOption() Option {
	set := func(w *writer, value string) error {
		n, err := limit.ParseWeight(value)
		w.Limits.Weight = &n
		return err
	}
	return Option{
		Name: "weight", Usage: "its part when processors are short: `N` from 1 to 10000; 100 is usual", set: set,
		Row: Row{
			About: "its part of the processors when they are short; others have 100", Empty: "as others", Typed: true,
			Fields: []string{"limits.weight"},
			get: func(s *sandbox.Spec) string {
				if s.Limits.Weight == nil {
					return ""
				}
				return strconv.FormatUint(*s.Limits.Weight, 10)
			},
			put: orNone(func(w *writer) { w.Limits.Weight = nil }, set),
		},
	}
}

func ioOption() Option {
	add := func(w *writer, value string) error {
		io, err := limit.ParseIO(value)
		w.Limits.IO = append(slices.Clone(w.Limits.IO), io)
		return err
	}
	return Option{
		Name: "io", Usage: IOUsage, set: add,
		Row: Row{
			About: "reads and writes of a disk in a second: /dev/sda,rbps=1M,wiops=100",
			Empty: "max", Typed: true, Fields: []string{"limits.io"},
			get: func(s *sandbox.Spec) string {
				return joined(s.Limits.IO, func(io limit.IO) string { return io.String() })
			},
			put: list(func(w *writer) { w.Limits.IO = nil }, add),
		},
	}
}

func processorsOption(name, usage, about string, of func(*limit.Set) *string) Option {
	set := func(w *writer, value string) (err error) {
		*of(&w.Limits), err = limit.ParseList(value)
		return err
	}
	return Option{
		Name: name, Usage: usage, set: set,
		Row: Row{
			About: about, Empty: "all", Typed: true, Fields: []string{"limits." + name},
			get: func(s *sandbox.Spec) string { return *of(&s.Limits) },
			put: orNone(func(w *writer) { *of(&w.Limits) = "" }, set),
		},
	}
}
