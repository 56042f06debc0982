package cgroup

import (
	"errors"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// limiter is a limit that every cgroup on the way up may set: all of them hold, so the smallest binds.
type limiter struct {
	controller string
	v1, v2     string // the file
	of         func(*Usage) *Effective
	read       func(f folder, file string, buf *[]byte) (Limit, error)
}

var limiters = []limiter{
	{"memory", "memory.limit_in_bytes", "memory.max", func(u *Usage) *Effective { return &u.EffectiveMemory }, readLimit},
	{"pids", "pids.max", "pids.max", func(u *Usage) *Effective { return &u.EffectivePIDs }, readLimit},
	{"cpu", "cpu.cfs_quota_us", "cpu.max", func(u *Usage) *Effective { return &u.EffectiveCPU }, readCPULimit},
}

// effective finds the limits that bind a membership. It comes after the fields, because v1's memory has set one.
func (h *Hierarchies) effective(m *Membership, u *Usage, buf *[]byte) {
	for i := range limiters {
		l := &limiters[i]
		if tree := h.find(l.controller); tree != nil {
			e := l.of(u)
			*e = tree.binding(l, m, e.Limit, buf)
		}
	}
}

// binding is the limit that binds a membership in its hierarchy.
//
// kernel, when known, is v1's own answer: memory.stat's hierarchical_memory_limit is the smallest among all ancestors,
// seen from here or not, as far as memory.use_hierarchy reaches. What is left to find is the cgroup that sets it.
func (h *hierarchy) binding(l *limiter, m *Membership, kernel reading.Of[Limit], buf *[]byte) Effective {
	spot, err := h.spot(m)
	if err != nil {
		return unknown(err, errors.Is(err, errOutside))
	}
	top, err := openFolder(spot.at.dir, "")
	if err != nil {
		return unknown(err, true)
	}
	defer top.close()

	c := climb{limiter: l, file: l.v1, top: top, spot: spot, kernel: kernel, buf: buf}
	if h.v2 {
		c.file = l.v2
	}
	return c.binding()
}

func unknown(err error, above bool) Effective {
	return Effective{Limit: reading.Of[Limit]{How: howOf(err)}, Above: above}
}

// climb is a way up from a cgroup to the place where its hierarchy is mounted.
type climb struct {
	*limiter
	file   string
	spot   spot
	top    folder // where it ends
	kernel reading.Of[Limit]
	buf    *[]byte
}

func (c *climb) binding() Effective {
	cgroup, below := c.spot.cgroup, c.spot.below
	e := Effective{Limit: reading.Value(Limit{Unlimited: true}), Above: !c.spot.at.top}
	for {
		limit, err := c.read(c.top, filepath.Join(below, c.file), c.buf)
		switch {
		case err == nil && c.kernel.OK() && limit == c.kernel.Value:
			return Effective{Limit: c.kernel, Path: cgroup, File: c.path(below, c.file)}
		case err == nil:
			if e.Path == "" || limit.less(e.Limit.Value) {
				e.Limit, e.Path, e.File = reading.Value(limit), cgroup, c.path(below, c.file)
			}
		case errors.Is(err, unix.ENOENT): // the root has no such file, nor has a cgroup without the controller
			if cgroup == c.spot.cgroup && !exists(c.spot.at.dir, below) {
				return unknown(errGone, false)
			}
		case cgroup == c.spot.cgroup:
			return unknown(err, e.Above)
		default:
			e.Above = true
		}
		if below == "" {
			break
		}
		cgroup, below = path.Dir(cgroup), strings.TrimPrefix(path.Dir("/"+below), "/")
	}
	if c.kernel.OK() {
		return Effective{Limit: c.kernel, File: filepath.Join(c.spot.dir(), "memory.stat"), Above: true}
	}
	return e
}

func (c *climb) path(below, file string) string { return filepath.Join(c.spot.at.dir, below, file) }

// less tells whether a limit is tighter than another.
func (l Limit) less(than Limit) bool {
	return !l.Unlimited && (than.Unlimited || l.Value < than.Value)
}

func readLimit(f folder, file string, buf *[]byte) (Limit, error) {
	text, err := f.read(file, *buf)
	if err != nil {
		return Limit{}, err
	}
	*buf = text[:0]
	return parseLimit(text)
}

// readCPULimit reads what parseCPUMax does. v1 keeps the period in a file of its own.
func readCPULimit(f folder, file string, buf *[]byte) (Limit, error) {
	text, err := f.read(file, *buf)
	if err != nil {
		return Limit{}, err
	}
	*buf = text[:0]
	prefix, v1 := strings.CutSuffix(file, "cpu.cfs_quota_us")
	if !v1 {
		return parseCPUMax(text)
	}
	quota, err := parseLimit(text)
	if err != nil || quota.Unlimited {
		return quota, err
	}
	period, err := f.read(prefix+"cpu.cfs_period_us", *buf)
	if err != nil {
		return Limit{}, err
	}
	return millicores(quota, period)
}
