package cli

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/ui/text"
)

// limitsView is what `cutaway limits TARGET` shows.
type limitsView struct {
	*view
	target target
	usage  *cgroup.Usage
	files  []cgroups.Setting // the limits that the cgroup's own files hold
	shared error             // why there are no files
}

func (a *app) showLimits(ctx context.Context, name string, json bool) error {
	v, err := a.look(ctx)
	if err != nil {
		return err
	}
	t, err := v.find(name)
	if err != nil {
		return err
	}
	membership := t.process.Facts.Cgroup
	if !membership.OK() {
		return fmt.Errorf("the cgroups of process %d are not known: %s", t.process.PID, membership.How)
	}
	lv := &limitsView{view: v, target: t}
	if lv.usage, lv.files, lv.shared, err = v.limits(membership.Value); err != nil {
		return err
	}
	if json {
		return limitsJSON(a, lv)
	}
	return limitsText(a, lv)
}

// limitsText prints a line for each limit: use, the highest use, the cgroup's own limit, the one that binds and who sets it.
func limitsText(a *app, lv *limitsView) error {
	st, u := lv.st, lv.usage
	w := bufio.NewWriter(a.out)
	print := func(s string) { _, _ = w.WriteString(st.glyphs.Text(s)) }
	title := processTitle(lv.target.process)
	if c := lv.target.container; c != nil {
		title = text.Sanitise(c.Name) + gap + text.Sanitise(c.Engine) + " container" + gap + text.Sanitise(text.ShortID(c.ID))
	}
	print(st.bold(title) + "\n")
	print("cgroup  " + text.Sanitise(u.Path) + "\n")
	if lv.shared != nil {
		print(st.wrap(text.Sanitise(lv.shared.Error()), 0) + "\n")
	}
	print("\n")
	t := table{cols: []column{{head: "LIMIT"}, number("USE"), number("PEAK"), number("OWN"), number("EFFECTIVE"), {head: "SET BY", flex: true}}}
	t.add("memory", cell(u.MemoryUsage, text.Bytes), cell(u.MemoryPeak, text.Bytes), cell(u.MemoryLimit, byteLimit),
		cell(u.EffectiveMemory.Limit, byteLimit), lv.setBy(u.EffectiveMemory))
	t.add("swap", cell(u.MemorySwap, text.Bytes), "-", cell(u.SwapLimit, byteLimit), "-", "-")
	t.add("cpus", "-", "-", cell(u.CPUQuota, cpuCores(u)), cell(u.EffectiveCPU.Limit, coreLimit), lv.setBy(u.EffectiveCPU))
	t.add("pids", cell(u.PIDs, text.Count[uint64]), "-", cell(u.PIDsLimit, countLimit), cell(u.EffectivePIDs.Limit, countLimit), lv.setBy(u.EffectivePIDs))
	t.add(weightName(u), "-", "-", cell(u.CPUWeight, text.Count[uint64]), "-", "-")
	if err := w.Flush(); err != nil {
		return err
	}
	if err := t.write(a.out, st); err != nil {
		return err
	}
	for i := range lv.files {
		if s := &lv.files[i]; s.Limit == "io" || (s.Limit == "cpuset" || s.Limit == "memset") && s.Old != "" {
			print(text.PadRight(s.Limit, len("memory")) + gap + st.wrap(ioValue(s), len("memory"+gap)) + "\n")
		}
	}
	events := fmt.Sprintf("out of memory kills %s, throttled %s of %s periods, frozen %s", show(u.OOMKills, text.Count[uint64]),
		show(u.Throttled, text.Count[uint64]), show(u.Periods, text.Count[uint64]), show(u.Frozen, yesNo))
	print("\n" + st.wrap(events, 0) + "\n")
	return w.Flush()
}

// cell writes a reading for a table; what is not kept here is a dash.
func cell[T any](r reading.Of[T], write func(T) string) string {
	if !r.OK() && (r.State == reading.Absent || r.State == reading.NotRead) {
		return "-"
	}
	if !r.OK() {
		return unknownMark(r.How)
	}
	return write(r.Value)
}

// setBy says which cgroup sets the limit that binds.
func (lv *limitsView) setBy(e cgroup.Effective) string {
	above := ""
	if e.Above {
		above = ", as far as can be seen from here"
	}
	own := func(s cgroups.Setting) bool { return s.Path() == e.File }
	switch {
	case !e.Limit.OK():
		return "-"
	case e.Limit.Value.Unlimited:
		return "none" + above
	case slices.ContainsFunc(lv.files, own):
		return "itself" + above
	case e.Path == "":
		return "a cgroup above what can be seen from here"
	}
	return text.Sanitise(e.Path) + above
}

// cpuCores writes a quota as processors.
func cpuCores(u *cgroup.Usage) func(cgroup.Limit) string {
	return func(l cgroup.Limit) string {
		if !l.Unlimited && u.CPUPeriod.OK() && u.CPUPeriod.Value > 0 {
			l.Value = l.Value * 1000 / u.CPUPeriod.Value
		}
		return coreLimit(l)
	}
}

func weightName(u *cgroup.Usage) string {
	if u.CPUWeightIsShares {
		return "shares"
	}
	return "weight"
}

// ioValue is the value of a device's line: "8:0 rbps=1048576 …" on v2, on v1 with the file's own word for it.
func ioValue(s *cgroups.Setting) string {
	if name := filepath.Base(s.File); strings.HasPrefix(name, "blkio.throttle.") {
		kind := strings.TrimSuffix(strings.TrimPrefix(name, "blkio.throttle."), "_device")
		return text.Sanitise(strings.Replace(s.Old, " ", " "+kind+"=", 1))
	}
	return text.Sanitise(s.Old)
}

func limitsJSON(a *app, lv *limitsView) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		j.key("taken").decimal(float64(lv.Taken.UnixMicro())/1e6, 6)
		j.key("pid").int(lv.target.process.PID)
		j.text("comm", lv.target.process.Comm)
		if c := lv.target.process.Container; c != nil {
			j.key("container").open()
			j.text("key", c.Key)
			j.text("engine", c.Engine)
			j.text("id", c.ID)
			j.text("name", c.Name)
			j.close()
		} else {
			j.key("container").null()
		}
		j.usage(lv.usage)
		j.key("own_cgroup").bool(lv.shared == nil)
		j.key("limits").openArray()
		for i := range lv.files {
			s := &lv.files[i]
			j.elem().open()
			j.key("limit").string(s.Limit)
			j.text("file", s.Path())
			j.text("device", s.Device)
			j.text("value", s.Old)
			j.close()
		}
		j.closeArray()
	})
}
