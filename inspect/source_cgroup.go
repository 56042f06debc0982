package inspect

import (
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
)

// usageRow tells of one field of cgroup.Usage. Where it is kept, the cgroup package knows.
type usageRow struct {
	name    string // in cgroup.Usage
	title   string
	meaning string
}

// usageTable follows Documentation/admin-guide/cgroup-v2.rst and cgroup-v1.
var usageTable = []usageRow{
	{"MemoryUsage", "memory used", "All memory that is charged to the cgroup, the page cache of its files included: the kernel takes that back when it needs to."},
	{"MemoryWorking", "working set", "Memory used less inactive_file, the part of the page cache that the kernel would drop first. docker stats and the kubelet show this number."},
	{"MemoryPeak", "most memory used", "The most memory that was charged to the cgroup since it was made or the number was reset (memory.peak needs Linux 5.19)."},
	{"MemoryLimit", "memory limit", "The cgroup's own limit; \"max\", or v1's largest number, is none. At the limit the kernel reclaims, and when that does not help it kills. An ancestor's limit may be smaller."},
	{"MemorySwap", "swap used", "How much of the cgroup's memory is swapped out."},
	{"SwapLimit", "swap limit", "How much may be swapped out. v1 limits memory and swap together; this is that limit less the memory limit."},
	{"OOMKills", "OOM kills", "How many processes of the cgroup the kernel has killed for want of memory; v2 counts the cgroups below too."},
	{"CPUTime", "cpu time", "Time that the cgroup's processes, and those below it, have spent on CPUs: microseconds on v2, nanoseconds on v1."},
	{"CPUQuota", "cpu quota", "Microseconds of CPU time that the cgroup may use in each period; \"max\" or -1 is no limit. When they are used up, it waits for the next period."},
	{"CPUPeriod", "cpu period", "The length in microseconds of the period that the quota counts for."},
	{"CPUWeight", "cpu weight", "The cgroup's share of CPU time beside its siblings when there is not enough for all: 100 (v2) or 1024 (v1, shares) is the ordinary one."},
	{"CPUs", "cpus", "The CPUs that the cgroup may use, its ancestors' cpusets considered."},
	{"Periods", "periods", "In how many periods the cgroup had work to do while a quota was set."},
	{"Throttled", "throttled periods", "In how many periods the quota was used up and the cgroup had to wait."},
	{"ThrottledTime", "throttled time", "How long it had to wait for that: microseconds on v2, nanoseconds on v1."},
	{"PIDs", "tasks", "Processes and threads in the cgroup and below it."},
	{"PIDsLimit", "task limit", "How many processes and threads there may be; beyond it fork and clone fail with EAGAIN."},
	{"IORead", "read", "Bytes read from block devices by the cgroup and below it."},
	{"IOWritten", "written", "Bytes written to block devices by the cgroup and below it."},
	{"Frozen", "frozen", "Whether all processes in it are stopped by the freezer (cgroup.freeze, docker pause)."},
	{"Populated", "populated", "Whether there are processes in the cgroup or below it."},
	{"MemoryPressure", "memory pressure", "The share of time in which some, or all (full), of its tasks waited for memory, over 10, 60 and 300 seconds (Documentation/accounting/psi.rst)."},
	{"CPUPressure", "cpu pressure", "The share of time in which some, or all (full), of its tasks waited for a CPU, over 10, 60 and 300 seconds (Documentation/accounting/psi.rst)."},
	{"IOPressure", "io pressure", "The share of time in which some, or all (full), of its tasks waited for storage, over 10, 60 and 300 seconds (Documentation/accounting/psi.rst)."},
	{"EffectiveMemory", "memory limit that binds", "The smallest of the limits of the cgroup and its ancestors: it takes effect first."},
	{"EffectiveCPU", "cpu limit that binds", "The smallest quota, in relation to its period, of the cgroup and its ancestors: it takes effect first."},
	{"EffectivePIDs", "task limit that binds", "The smallest of the limits of the cgroup and its ancestors: it takes effect first."},
}

// usage is the source of a field of the process's own cgroup.
func (o *origin) usage(field Field, name string) Source {
	var u *cgroup.Usage
	var entries []cgroup.Entry
	if o.d != nil {
		u, entries = o.d.Cgroup, o.d.CgroupFiles
	}
	if !o.p.Facts.Cgroup.OK() {
		return Source{Field: field, Raw: reading.Of[string]{How: o.p.Facts.Cgroup.How}}
	}
	return o.s.CgroupSource(o.p.Facts.Cgroup.Value, u, entries, name)
}

// CgroupSource tells where a field of a cgroup's usage (such as Container.Cgroup and Container.Usage) comes from.
// entries may hold the texts of its files (cgroup.Hierarchies.Entries); u and they may be nil when they were not read.
func (s *Snapshot) CgroupSource(m *cgroup.Membership, u *cgroup.Usage, entries []cgroup.Entry, name string) Source {
	row := findUsage(name)
	src := Source{Field: "cgroup." + Field(name), Raw: reading.Missing[string](reading.Absent)}
	if row == nil || m == nil {
		return src
	}
	src.Title, src.Meaning = row.title, row.meaning
	src.Raw = howOf(u, name)
	if effective, ok := effectiveOf(u, name); ok {
		src.File = effective.File
		src.Meaning += bindingMeaning(effective)
	} else {
		src.File, src.Key = s.CgroupFile(m, name)
	}
	if src.File == "" {
		return src
	}
	if raw, ok := entryText(entries, src.File, src.Key); ok {
		src.Raw = raw
	}
	src.Command = s.usageCommand(m, u, name, src.File, src.Key)
	return src
}

// v1SwapFile holds v1's limit of memory and swap together.
const v1SwapFile = "memory.memsw.limit_in_bytes"

// usageCommand shows what a file and a key hold, or the difference that the field is.
func (s *Snapshot) usageCommand(m *cgroup.Membership, u *cgroup.Usage, name, file, key string) string {
	show := cgroup.Command(file, key)
	switch {
	case name == "MemoryWorking":
		used, _ := s.CgroupFile(m, "MemoryUsage")
		return difference(cgroup.Command(used, ""), show)
	case filepath.Base(file) == v1SwapFile && (u == nil || !u.SwapLimit.Value.Unlimited):
		memory, _ := s.CgroupFile(m, "MemoryLimit")
		return difference(show, cgroup.Command(memory, ""))
	}
	return show
}

func difference(a, b string) string { return "echo $(($(" + a + ") - $(" + b + ")))" }

func findUsage(name string) *usageRow {
	for i := range usageTable {
		if usageTable[i].name == name {
			return &usageTable[i]
		}
	}
	return nil
}

// howOf tells how reading a field of Usage went. The text itself is not kept there.
func howOf(u *cgroup.Usage, name string) reading.Of[string] {
	var raw reading.Of[string]
	if u == nil {
		return raw
	}
	v := reflect.ValueOf(u).Elem().FieldByName(name)
	if limit := v.FieldByName("Limit"); limit.IsValid() {
		v = limit
	}
	if how := v.FieldByName("How"); how.IsValid() && how.Interface().(reading.How).State != reading.Known {
		raw.How = how.Interface().(reading.How)
	}
	return raw
}

func effectiveOf(u *cgroup.Usage, name string) (cgroup.Effective, bool) {
	if u == nil {
		return cgroup.Effective{}, strings.HasPrefix(name, "Effective")
	}
	switch name {
	case "EffectiveMemory":
		return u.EffectiveMemory, true
	case "EffectiveCPU":
		return u.EffectiveCPU, true
	case "EffectivePIDs":
		return u.EffectivePIDs, true
	}
	return cgroup.Effective{}, false
}

// bindingMeaning says which cgroup sets the limit.
func bindingMeaning(e cgroup.Effective) string {
	meaning := ""
	switch {
	case e.Limit.OK() && e.Limit.Value.Unlimited:
		meaning = " None of them sets one."
	case e.Path != "":
		meaning = " Here it is that of " + e.Path + "."
	}
	if e.Above {
		meaning += " Not all ancestors can be seen from here: a smaller one may stand above."
	}
	return meaning
}

// entryText finds a file's text, or what a key (see cgroup.Hierarchies.SourceOf) takes out of it, among a cgroup's entries.
func entryText(entries []cgroup.Entry, file, key string) (reading.Of[string], bool) {
	var lines []string
	for _, e := range entries {
		if e.File != file {
			continue
		}
		_, name, keyed := strings.Cut(e.Name, " ")
		switch {
		case !e.Raw.OK() || !keyed && key == "":
			return e.Raw, true
		case keyed && name == key:
			return e.Raw, true
		case !keyed:
			return wordAt(e.Raw.Value, key), true
		case key == "":
			lines = append(lines, name+" "+e.Raw.Value)
		}
	}
	return reading.Value(strings.Join(lines, "\n")), len(lines) > 0
}

// wordAt takes the word that a key such as "$2" names.
func wordAt(text, key string) reading.Of[string] {
	n, err := strconv.Atoi(strings.TrimPrefix(key, "$"))
	words := strings.Fields(text)
	if err != nil || n < 1 || n > len(words) {
		return reading.Missing[string](reading.Absent)
	}
	return reading.Value(words[n-1])
}
