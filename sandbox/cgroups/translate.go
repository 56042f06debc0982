package cgroups

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/limit"
)

// Settings says which files a set of limits is written to, in which order, and what they hold now. Nothing is written. It
// is an error when a value means nothing, when a limit is not kept here, and when the group shares that kind of cgroup
// with others (ErrShared).
func (g *Group) Settings(set *limit.Set) ([]Setting, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	t := translation{group: g, set: set}
	for _, part := range []func() error{t.memory, t.cpus, t.weight, t.pids, t.io, t.cpuset} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return t.settings, nil
}

// translation turns a limit.Set into settings.
type translation struct {
	group    *Group
	set      *limit.Set
	settings []Setting
}

// add appends a setting, with the value that its file has now.
func (t *translation) add(s Setting) error {
	s.Dir = s.folder.Dir
	var err error
	if s.Old, err = s.Read(); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Advice == "" {
			e.What, e.Advice = "limit "+s.Limit, s.advice(e.Err)
		}
		return err
	}
	t.settings = append(t.settings, s)
	return nil
}

func (t *translation) memory() error {
	memory, swap := t.set.Memory, t.set.Swap
	if memory == nil && swap == nil {
		return nil
	}
	f, err := t.group.controlled("memory")
	if err != nil {
		return err
	}
	if !f.V2 {
		return t.memoryAndSwap(f)
	}
	if memory != nil {
		if err := t.add(Setting{Limit: "memory", File: "memory.max", New: memory.String(), folder: f}); err != nil {
			return err
		}
	}
	if swap != nil {
		return t.add(Setting{Limit: "swap", File: "memory.swap.max", New: swap.String(), folder: f})
	}
	return nil
}

// memoryAndSwap is for v1, which limits memory, and memory and swap together (memsw), and refuses at any time a memsw that
// is less than memory (mem_cgroup_resize_max in mm/memcontrol-v1.c). A new memory limit alone leaves as much swap as there
// was.
func (t *translation) memoryAndSwap(f *folder) error {
	memory := Setting{Limit: "memory", File: "memory.limit_in_bytes", folder: f}
	memsw := Setting{Limit: "swap", File: "memory.memsw.limit_in_bytes", folder: f}
	if t.set.Swap == nil && !f.has(memsw.File) {
		memory.New = v1Number(*t.set.Memory)
		return t.add(memory)
	}
	pair := translation{group: t.group}
	if err := pair.add(memory); err != nil {
		return err
	}
	if err := pair.add(memsw); err != nil {
		return err
	}
	memory, memsw = pair.settings[0], pair.settings[1]
	was, wasBoth := amountOf(memory.Old), amountOf(memsw.Old)
	want := was
	if t.set.Memory != nil {
		want = *t.set.Memory
	}
	both, err := together(want, t.set.Swap, was, wasBoth)
	if err != nil {
		return err
	}
	memory.New, memsw.New = v1Number(want), v1Number(both)
	order := []Setting{memory, memsw}
	if wasBoth != limit.Max && (want == limit.Max || want > wasBoth) {
		order = []Setting{memsw, memory}
	}
	for _, s := range order {
		asked := s.File == memory.File && t.set.Memory != nil || s.File == memsw.File && t.set.Swap != nil
		if asked || s.Changes() {
			t.settings = append(t.settings, s)
		}
	}
	return nil
}

// together is memory and swap as one limit. Without a limit for swap it keeps the swap that there was beyond memory.
func together(memory limit.Amount, swap *limit.Amount, was, wasBoth limit.Amount) (limit.Amount, error) {
	if swap == nil {
		switch {
		case wasBoth == limit.Max, memory == limit.Max, was == limit.Max:
			return limit.Max, nil
		}
		rest := max(wasBoth-was, 0)
		swap = &rest
	}
	switch {
	case *swap == limit.Max:
		return limit.Max, nil
	case memory == limit.Max:
		return 0, &Error{What: "limit swap", Advice: "cgroup v1 limits swap only together with memory: limit memory too"}
	case *swap > math.MaxInt64-memory:
		return 0, &Error{What: "limit swap", Advice: "memory and swap together are more than a number can hold: say max"}
	}
	return memory + *swap, nil
}

// v1Number is an amount as v1 takes it.
func v1Number(a limit.Amount) string {
	if a == limit.Max {
		return "-1"
	}
	return a.String()
}

// amountOf reads what present gives of a size.
func amountOf(text string) limit.Amount {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return limit.Max
	}
	return limit.Amount(n)
}

// The period of a CPU quota that a new cgroup has, and the least quota, in microseconds (kernel/sched/core.c).
const (
	usualPeriod = 100_000
	minQuota    = 1000
)

func (t *translation) cpus() error {
	if t.set.CPUs == nil {
		return nil
	}
	f, err := t.group.controlled("cpu")
	if err != nil {
		return err
	}
	if f.V2 {
		text, _ := f.read("cpu.max")
		_, periodText, _ := strings.Cut(text, " ")
		quota, period := quotaOf(*t.set.CPUs, periodText)
		value := "max"
		if quota > 0 {
			value = strconv.FormatInt(quota, 10)
		}
		return t.add(Setting{Limit: "cpus", File: "cpu.max", New: fmt.Sprintf("%s %d", value, period), folder: f})
	}
	periodText, _ := f.read("cpu.cfs_period_us")
	quota, period := quotaOf(*t.set.CPUs, periodText)
	if text := strconv.FormatInt(period, 10); text != periodText {
		if err := t.add(Setting{Limit: "cpus", File: "cpu.cfs_period_us", New: text, folder: f}); err != nil {
			return err
		}
	}
	return t.add(Setting{Limit: "cpus", File: "cpu.cfs_quota_us", New: strconv.FormatInt(quota, 10), folder: f})
}

// quotaOf turns processors into a quota, -1 for none, in the period that is set, unless that is too short for it.
func quotaOf(cpus float64, periodText string) (quota, period int64) {
	period, err := strconv.ParseInt(periodText, 10, 64)
	if err != nil || period <= 0 {
		period = usualPeriod
	}
	if cpus == 0 {
		return -1, period
	}
	if quota = int64(math.Round(cpus * float64(period))); quota < minQuota {
		period = usualPeriod
		quota = max(int64(math.Round(cpus*usualPeriod)), minQuota)
	}
	return quota, period
}

func (t *translation) weight() error {
	if t.set.Weight == nil {
		return nil
	}
	f, err := t.group.controlled("cpu")
	if err != nil {
		return err
	}
	if f.V2 {
		return t.add(Setting{Limit: "weight", File: "cpu.weight", New: strconv.FormatUint(*t.set.Weight, 10), folder: f})
	}
	return t.add(Setting{Limit: "weight", File: "cpu.shares", New: strconv.FormatUint(limit.Shares(*t.set.Weight), 10), folder: f})
}

func (t *translation) pids() error {
	if t.set.PIDs == nil {
		return nil
	}
	f, err := t.group.controlled("pids")
	if err != nil {
		return err
	}
	return t.add(Setting{Limit: "pids", File: "pids.max", New: t.set.PIDs.String(), folder: f})
}

// throttles are v1's files for the rates of limit.IO.Rates.
var throttles = [4]string{
	"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
	"blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
}

func (t *translation) io() error {
	if len(t.set.IO) == 0 {
		return nil
	}
	f, err := t.group.controlled("io")
	if err != nil {
		return err
	}
	for i := range t.set.IO {
		device, err := deviceNumbers(t.set.IO[i].Device)
		if err != nil {
			return err
		}
		if err := t.ioOf(f, device, &t.set.IO[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *translation) ioOf(f *folder, device string, io *limit.IO) error {
	line := device
	for i, r := range io.Rates() {
		if r.Value == 0 {
			continue
		}
		line += " " + r.Key + "=" + r.Value.String()
		if f.V2 {
			continue
		}
		value := r.Value
		if value == limit.Max {
			value = 0 // removes the line (tg_set_conf in block/blk-throttle.c)
		}
		if err := t.add(Setting{Limit: "io", File: throttles[i], Device: device, New: device + " " + value.String(), folder: f}); err != nil {
			return err
		}
	}
	if f.V2 {
		return t.add(Setting{Limit: "io", File: "io.max", Device: device, New: line, folder: f})
	}
	return nil
}

// deviceNumbers is a block device as the kernel names it here: "8:0".
func deviceNumbers(device string) (string, error) {
	if !strings.HasPrefix(device, "/") {
		return device, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil {
		return "", &Error{What: "limit io", Path: device, Err: err, Advice: "`lsblk -o PATH,MAJ:MIN,TYPE` lists the disks"}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return "", &Error{What: "limit io", Path: device, Advice: "this is no block device: `lsblk -o PATH,MAJ:MIN,TYPE` lists them"}
	}
	return fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev)), nil
}

func (t *translation) cpuset() error {
	for _, s := range []Setting{
		{Limit: "cpuset", File: "cpuset.cpus", New: t.set.CPUSet},
		{Limit: "memset", File: "cpuset.mems", New: t.set.MemSet},
	} {
		if s.New == "" {
			continue
		}
		var err error
		if s.folder, err = t.group.controlled("cpuset"); err != nil {
			return err
		}
		if s.New, err = limit.ParseList(s.New); err != nil {
			return err
		}
		if err := t.add(s); err != nil {
			return err
		}
	}
	return nil
}
