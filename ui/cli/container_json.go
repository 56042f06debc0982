package cli

import (
	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
)

// container writes the keys of one container.
func (j *jsonWriter) container(c *inspect.Container) {
	j.text("key", c.Key)
	j.text("engine", c.Engine)
	j.text("id", c.ID)
	j.text("name", c.Name)
	j.text("image", c.Image)
	j.text("runtime", c.Runtime)
	j.key("rootless").bool(c.Rootless)
	j.pod(c)
	j.text("parent", c.Parent)
	j.key("init").int(c.Init)
	ints(j, "members", c.Members)
	j.key("evidence").openArray()
	for _, e := range c.Evidence {
		j.elem().open()
		j.text("source", e.Source)
		j.text("text", e.Text)
		j.close()
	}
	j.closeArray()
	j.key("cpu_percent").decimal(c.CPU, 2)
	j.key("rss").uint(c.RSS)
	j.namespaces(c.NS)
	j.usage(c.Usage)
}

func (j *jsonWriter) pod(c *inspect.Container) {
	if c.Pod.UID == "" && c.Pod.Name == "" {
		j.key("pod").null()
		return
	}
	j.key("pod").open()
	j.text("uid", c.Pod.UID)
	j.text("name", c.Pod.Name)
	j.text("namespace", c.Pod.Namespace)
	j.text("qos", c.Pod.QoS)
	j.close()
}

// usage writes a cgroup's use and limits, with the kernel's words for cgroup v2 whichever version the values are from.
func (j *jsonWriter) usage(u *cgroup.Usage) {
	if u == nil {
		j.key("usage").null()
		return
	}
	number := func(key string, r reading.Of[uint64]) { known(j, key, r, j.uint) }
	limit := func(key string, r reading.Of[cgroup.Limit]) { known(j, key, r, j.limit) }
	seconds := func(key string, r reading.Of[uint64]) { known(j, key, r, j.microseconds) }
	j.key("usage").open()
	j.text("path", u.Path)
	number("memory_current", u.MemoryUsage)
	number("memory_working_set", u.MemoryWorking)
	number("memory_peak", u.MemoryPeak)
	limit("memory_max", u.MemoryLimit)
	number("memory_swap_current", u.MemorySwap)
	limit("memory_swap_max", u.SwapLimit)
	number("oom_kill", u.OOMKills)
	seconds("cpu_usage", u.CPUTime)
	known(j, "cpu_quota", u.CPUQuota, j.limitMicroseconds)
	seconds("cpu_period", u.CPUPeriod)
	if u.CPUWeightIsShares {
		number("cpu_shares", u.CPUWeight)
	} else {
		number("cpu_weight", u.CPUWeight)
	}
	number("cpuset_cpus", u.CPUs)
	number("nr_periods", u.Periods)
	number("nr_throttled", u.Throttled)
	seconds("throttled_time", u.ThrottledTime)
	number("pids_current", u.PIDs)
	limit("pids_max", u.PIDsLimit)
	number("io_rbytes", u.IORead)
	number("io_wbytes", u.IOWritten)
	known(j, "frozen", u.Frozen, j.bool)
	known(j, "populated", u.Populated, j.bool)
	known(j, "memory_pressure", u.MemoryPressure, j.pressure)
	known(j, "cpu_pressure", u.CPUPressure, j.pressure)
	known(j, "io_pressure", u.IOPressure, j.pressure)
	j.effective("effective_memory", u.EffectiveMemory, j.limit)
	j.effective("effective_cpu", u.EffectiveCPU, j.limitCores)
	j.effective("effective_pids", u.EffectivePIDs, j.limit)
	j.close()
}

// unlimited is the kernel's word for a limit that is not set.
const unlimited = "max"

func (j *jsonWriter) limit(l cgroup.Limit) {
	if l.Unlimited {
		j.string(unlimited)
		return
	}
	j.uint(l.Value)
}

func (j *jsonWriter) microseconds(us uint64) { j.decimal(float64(us)/1e6, 6) }

func (j *jsonWriter) limitMicroseconds(l cgroup.Limit) {
	if l.Unlimited {
		j.string(unlimited)
		return
	}
	j.microseconds(l.Value)
}

// limitCores writes thousandths of a core as cores.
func (j *jsonWriter) limitCores(l cgroup.Limit) {
	if l.Unlimited {
		j.string(unlimited)
		return
	}
	j.decimal(float64(l.Value)/1000, 3)
}

func (j *jsonWriter) pressure(p cgroup.Pressure) {
	j.open()
	for _, share := range []struct {
		key    string
		values [3]float64
	}{{"some", p.Some}, {"full", p.Full}} {
		j.key(share.key).open()
		for i, window := range [...]string{"avg10", "avg60", "avg300"} {
			j.key(window).decimal(share.values[i], 2)
		}
		j.close()
	}
	j.close()
}

func (j *jsonWriter) effective(key string, e cgroup.Effective, write func(cgroup.Limit)) {
	j.key(key).open()
	known(j, "limit", e.Limit, write)
	j.text("path", e.Path)
	j.text("file", e.File)
	j.key("above_unknown").bool(e.Above)
	j.close()
}
