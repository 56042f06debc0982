package inspect

import (
	"slices"
	"strconv"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// Thread is one thread of a process. Namespaces, credentials, seccomp and (on v1, or threaded on v2) cgroups belong to
// threads: those of the process are its main thread's, and others may differ (pthreads(7), "C library/kernel differences").
type Thread struct {
	TID     int
	Comm    string
	State   byte
	CPUTime uint64  // user and system time, clock ticks
	Differs []Field // what is not as in the main thread: "ns.net", "status.CapEff", "cgroup", …
}

// maxDetailThreads caps the threads that are compared; a hundred take about 10 ms.
const maxDetailThreads = 512

// threadList are the threads of a process.
type threadList struct {
	list []Thread
	cut  bool
}

// readThreads reads the threads and compares them with the main one. A thread that ends meanwhile is left out.
func readThreads(pid int) func(*procDir) (threadList, error) {
	return func(dir *procDir) (threadList, error) {
		tids, cut, err := dir.numbers("task", maxDetailThreads)
		if err != nil {
			return threadList{}, err
		}
		threads := threadList{cut: cut}
		leader := readTraits(dir, pid)
		for _, tid := range tids {
			text, _, err := dir.read(taskPath(tid, "stat"), maxSmall)
			var st proc.Stat
			if err != nil || proc.ParseStat(text, &st) != nil {
				continue
			}
			t := Thread{TID: tid, Comm: string(st.Comm), State: st.State, CPUTime: st.UTime + st.STime}
			if tid != pid {
				t.Differs = leader.differences(readTraits(dir, tid))
			}
			threads.list = append(threads.list, t)
		}
		return threads, nil
	}
}

func taskPath(tid int, name string) string { return "task/" + strconv.Itoa(tid) + "/" + name }

// traits are what can differ between threads.
type traits struct {
	links  [proc.NSLinks]string
	cgroup string
	status reading.Of[proc.Status]
}

func readTraits(dir *procDir, tid int) traits {
	var t traits
	for _, link := range threadLinks {
		t.links[link], _ = dir.link(taskPath(tid, nsLinkPaths[link]))
	}
	t.cgroup = dir.text(taskPath(tid, "cgroup")).Value
	text, _, err := dir.read(taskPath(tid, "status"), maxSmall)
	t.status.How = reading.FromError(err)
	if err == nil && proc.ParseStatus(text, &t.status.Value) != nil {
		t.status.State = reading.Failed
	}
	return t
}

// differences lists the fields in which another thread differs. What could not be read of one of them is no difference.
func (t *traits) differences(other traits) []Field {
	var list []Field
	add := func(field Field, differs bool) {
		if differs {
			list = append(list, field)
		}
	}
	for _, link := range threadLinks {
		a, b := t.links[link], other.links[link]
		add(Field("ns."+proc.NSLinkName(link)), a != b && a != "" && b != "")
	}
	add("cgroup", t.cgroup != other.cgroup && t.cgroup != "" && other.cgroup != "")
	if !t.status.OK() || !other.status.OK() {
		return list
	}
	a, b := &t.status.Value, &other.status.Value
	add("status.Uid", a.UID != b.UID)
	add("status.Gid", a.GID != b.GID)
	add("status.Groups", !slices.Equal(a.Groups, b.Groups))
	sets := [...]bool{
		caps.Inheritable: a.CapInh != b.CapInh, caps.Permitted: a.CapPrm != b.CapPrm, caps.Effective: a.CapEff != b.CapEff,
		caps.Bounding: a.CapBnd != b.CapBnd, caps.Ambient: a.CapAmb != b.CapAmb,
	}
	for _, k := range caps.Kinds() {
		add(Field("status."+k.Field()), sets[k])
	}
	add("status.NoNewPrivs", a.NoNewPrivs != b.NoNewPrivs)
	add("status.Seccomp", a.Seccomp != b.Seccomp)
	add("status.Seccomp_filters", a.SeccompFilters != b.SeccompFilters)
	return list
}

func (d *Detail) setThreads(threads threadList, err error) {
	d.Threads = asReading(threads.list, err)
	if threads.cut {
		d.Cut = append(d.Cut, "task")
	}
}
