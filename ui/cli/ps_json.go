package cli

import (
	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// psJSON prints the host, the containers and the kept processes.
func psJSON(a *app, v *view, o inspect.TreeOptions) error {
	j := newJSONWriter(a.out)
	p := processWriter{jsonWriter: j, v: v, cgroups: map[*cgroup.Membership][]byte{}}
	return j.document(func() {
		j.host(v)
		j.key("containers").openArray()
		for _, c := range v.Containers {
			j.elem().open()
			j.container(c)
			j.close()
			j.newline()
		}
		j.closeArray()
		j.key("processes").openArray()
		for _, process := range sorted(v.Snapshot, o) {
			j.elem().open()
			p.process(process)
			j.close()
			j.newline()
		}
		j.closeArray()
	})
}

// host writes what is true of the machine, and when it was looked at.
func (j *jsonWriter) host(v *view) {
	h := v.Host
	j.key("taken").decimal(float64(v.Taken.UnixMicro())/1e6, 6)
	j.key("host").open()
	j.text("name", h.Name)
	j.text("kernel", h.Kernel)
	j.key("cgroup_mode").string(h.CgroupMode.String())
	j.key("cpus").int(h.CPUs)
	j.key("memory").uint(h.Memory)
	j.key("euid").int(h.UID)
	j.key("init_seen").bool(h.InitSeen)
	j.namespaces(h.NS)
	j.key("denied_processes").int(v.Denied)
	j.close()
	j.newline()
}

// processWriter writes processes, and keeps what many of them share in its written form.
type processWriter struct {
	*jsonWriter
	v       *view
	cgroups map[*cgroup.Membership][]byte
}

// process writes the keys of one process.
func (j *processWriter) process(p *inspect.Process) {
	j.key("pid").int(p.PID)
	j.stat(p)
	f := p.Facts
	j.cmdline(p)
	j.status(f.Status)
	j.namespaces(f.NS)
	j.cgroup(f.Cgroup)
	j.label(f.Label)
	knownText(j.jsonWriter, "exe", f.Exe)
	knownText(j.jsonWriter, "cwd", f.Cwd)
	knownText(j.jsonWriter, "root", f.Root)
	j.containerRef(p.Container)
}

// stat writes what every look at a process reads; where even that is refused (hidepid), only the PID is known.
func (j *processWriter) stat(p *inspect.Process) {
	if !p.How.OK() {
		for _, key := range []string{"ppid", "starttime", "state", "comm", "kernel_thread", "threads", "cpu_time", "cpu_percent", "rss"} {
			j.missing(key, p.How)
		}
		return
	}
	j.key("ppid").int(p.PPID)
	j.key("starttime").ticks(p.Start)
	j.key("state").string(string(rune(p.State)))
	j.text("comm", p.Comm)
	j.key("kernel_thread").bool(p.Kernel)
	j.key("threads").int(p.Threads)
	j.key("cpu_time").ticks(p.CPUTime)
	if p.CPU < 0 {
		j.missing("cpu_percent", reading.How{})
	} else {
		j.key("cpu_percent").decimal(p.CPU, 2)
	}
	j.key("rss").uint(p.RSS)
}

// ticks writes USER_HZ as seconds, exactly: identity rests on start times.
func (j *jsonWriter) ticks(n uint64) {
	j.uint(n / 100)
	if n %= 100; n > 0 {
		j.buf = append(j.buf, '.', '0'+byte(n/10), '0'+byte(n%10))
	}
}

func (j *processWriter) cmdline(p *inspect.Process) {
	c := p.Facts.Cmdline
	if !c.OK() {
		j.missing("cmdline", c.How)
		return
	}
	j.texts("cmdline", proc.ParseCmdline([]byte(c.Value)))
}

// statusKeys are the keys that status fills in, for when it is refused.
var statusKeys = []string{
	"uid", "gid", "user", "groups", "nspid", "cap_inh", "cap_prm", "cap_eff", "cap_bnd", "cap_amb",
	"no_new_privs", "seccomp", "seccomp_filters",
}

func (j *processWriter) status(r reading.Of[*proc.Status]) {
	if !r.OK() {
		for _, key := range statusKeys {
			j.missing(key, r.How)
		}
		return
	}
	s := r.Value
	j.ids("uid", s.UID)
	j.ids("gid", s.GID)
	j.text("user", j.v.user(s.UID[1]))
	ints(j.jsonWriter, "groups", s.Groups)
	ints(j.jsonWriter, "nspid", s.NSpid)
	j.key("cap_inh").mask(s.CapInh)
	j.key("cap_prm").mask(s.CapPrm)
	j.key("cap_eff").mask(s.CapEff)
	known(j.jsonWriter, "cap_bnd", s.CapBnd, j.mask)
	known(j.jsonWriter, "cap_amb", s.CapAmb, j.mask)
	known(j.jsonWriter, "no_new_privs", s.NoNewPrivs, j.bool)
	known(j.jsonWriter, "seccomp", s.Seccomp, func(mode uint8) { j.string(security.SeccompMode(mode)) })
	known(j.jsonWriter, "seccomp_filters", s.SeccompFilters, func(n uint32) { j.uint(uint64(n)) })
}

// ids writes the four ids of a Uid or Gid line.
func (j *jsonWriter) ids(key string, ids [4]uint32) {
	j.key(key).open()
	for i, name := range [...]string{"real", "effective", "saved", "fs"} {
		j.key(name).uint(uint64(ids[i]))
	}
	j.close()
}

// namespaces writes the inodes of the ten links.
func (j *jsonWriter) namespaces(ns *proc.Namespaces) {
	if ns == nil {
		j.missing("ns", reading.How{})
		return
	}
	j.key("ns").open()
	for link := range proc.NSLink(proc.NSLinks) {
		if ns.How[link].OK() {
			j.key(proc.NSLinkName(link)).uint(ns.Ino[link])
		} else {
			j.missing(proc.NSLinkName(link), ns.How[link])
		}
	}
	j.close()
}

// cgroup writes the one path that stands for the membership, and every line of /proc/PID/cgroup.
func (j *processWriter) cgroup(r reading.Of[*cgroup.Membership]) {
	if !r.OK() {
		j.missing("cgroup", r.How)
		j.missing("cgroups", r.How)
		return
	}
	written, ok := j.cgroups[r.Value]
	if !ok {
		from := len(j.buf)
		j.membership(r.Value)
		written = append(written, j.buf[from:]...)
		j.cgroups[r.Value] = written
		return
	}
	j.buf = append(j.buf, written...)
}

func (j *jsonWriter) membership(m *cgroup.Membership) {
	j.text("cgroup", m.Path())
	j.key("cgroups").openArray()
	for _, line := range m.Lines {
		j.elem().open()
		j.key("hierarchy").int(line.Hierarchy)
		j.texts("controllers", line.Controllers)
		j.text("path", line.Path)
		j.key("deleted").bool(line.Deleted)
		j.close()
	}
	j.closeArray()
}

func (j *jsonWriter) label(r reading.Of[security.Label]) {
	if !r.OK() {
		j.missing("label", r.How)
		return
	}
	j.key("label").open()
	j.key("lsm").string(r.Value.LSM)
	j.text("profile", r.Value.Profile)
	j.text("mode", r.Value.Mode)
	j.text("raw", r.Value.Raw)
	j.close()
}

// containerRef says in which container a process is; null without a reason is the host.
func (j *jsonWriter) containerRef(c *inspect.Container) {
	if c == nil {
		j.key("container").null()
		return
	}
	j.key("container").open()
	j.text("key", c.Key)
	j.text("engine", c.Engine)
	j.text("id", c.ID)
	j.text("name", c.Name)
	j.close()
}
