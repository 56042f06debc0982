package cli

import (
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/secret"
)

// inspectJSON prints the container, if there is one, and everything about the process.
func inspectJSON(a *app, v *view, t target, d *inspect.Detail, reveal bool) error {
	j := detailWriter{
		processWriter: processWriter{jsonWriter: newJSONWriter(a.out), v: v, cgroups: map[*cgroup.Membership][]byte{}},
		d:             d,
	}
	return j.document(func() {
		j.host(v)
		if c := t.process.Container; c != nil {
			j.key("container").open()
			j.container(c)
			j.close()
		} else {
			j.key("container").null()
		}
		j.newline()
		j.key("process").open()
		j.process(t.process)
		j.detail(t.process, reveal)
		j.close()
	})
}

// detailWriter writes what is read of one process only.
type detailWriter struct {
	processWriter
	d *inspect.Detail
}

// array writes a reading of a list, each item an object that write fills.
func array[T any](j *jsonWriter, key string, r reading.Of[[]T], write func(T)) {
	known(j, key, r, func(items []T) {
		j.openArray()
		for _, item := range items {
			j.elem().open()
			write(item)
			j.close()
		}
		j.closeArray()
		j.newline()
	})
}

func (j *detailWriter) detail(p *inspect.Process, reveal bool) {
	d := j.d
	known(j.jsonWriter, "oom_score", d.OOMScore, j.int)
	known(j.jsonWriter, "oom_score_adj", d.OOMScoreAdj, j.int)
	j.statusRest(p)
	j.namespaceDetails()
	j.capsOver(p)
	array(j.jsonWriter, "uid_map", d.Maps.UID, j.mapping)
	array(j.jsonWriter, "gid_map", d.Maps.GID, j.mapping)
	knownText(j.jsonWriter, "setgroups", d.Maps.Setgroups)
	array(j.jsonWriter, "timens_offsets", d.TimeOffsets, func(o proc.TimeOffset) {
		j.text("clock", o.Clock)
		j.key("offset").decimal(o.Offset.Seconds(), 9)
	})
	known(j.jsonWriter, "io", d.IO, j.io)
	known(j.jsonWriter, "cpu_wait", d.CPUWait, func(wait time.Duration) { j.decimal(wait.Seconds(), 9) })
	j.usage(d.Cgroup)
	array(j.jsonWriter, "cgroup_files", reading.Value(d.CgroupFiles), j.cgroupFile)
	array(j.jsonWriter, "limits", d.Limits, j.resourceLimit)
	array(j.jsonWriter, "mounts", d.Mounts, j.mount)
	array(j.jsonWriter, "interfaces", d.Interfaces, j.netInterface)
	array(j.jsonWriter, "listening", d.Listening, j.listener)
	array(j.jsonWriter, "files", d.Files, j.file)
	array(j.jsonWriter, "environ", d.Environ, func(e proc.EnvVar) { j.variable(e, reveal) })
	j.texts("cut", d.Cut)
}

// statusRest writes the lines of status that only a look at one process needs.
func (j *detailWriter) statusRest(p *inspect.Process) {
	if !p.Facts.Status.OK() {
		for _, key := range []string{"umask", "tracer_pid", "sig_pnd", "shd_pnd", "sig_blk", "sig_ign", "sig_cgt", "vm_hwm", "vm_swap"} {
			j.missing(key, p.Facts.Status.How)
		}
		return
	}
	s := p.Facts.Status.Value
	known(j.jsonWriter, "umask", s.Umask, func(m uint32) { j.uint(uint64(m)) })
	j.key("tracer_pid").int(s.TracerPID)
	j.key("sig_pnd").mask(s.SigPending)
	j.key("shd_pnd").mask(s.ShdPending)
	j.key("sig_blk").mask(s.SigBlocked)
	j.key("sig_ign").mask(s.SigIgnored)
	j.key("sig_cgt").mask(s.SigCaught)
	known(j.jsonWriter, "vm_hwm", s.VMHWM, j.uint)
	known(j.jsonWriter, "vm_swap", s.VMSwap, j.uint)
}

// namespaceDetails writes who owns the namespace behind each link, and which one it was made in.
func (j *detailWriter) namespaceDetails() {
	j.key("namespaces").openArray()
	for link, n := range j.d.Namespaces {
		j.elem().open()
		j.key("link").string(proc.NSLinkName(proc.NSLink(link)))
		known(j.jsonWriter, "inode", n.Ino, j.uint)
		known(j.jsonWriter, "owner", n.Owner, j.uint)
		kind := proc.NSLinkKind(proc.NSLink(link))
		if kind == proc.PID || kind == proc.User {
			known(j.jsonWriter, "parent", n.Parent, j.uint)
		}
		if kind == proc.User {
			known(j.jsonWriter, "creator_uid", n.OwnerUID, func(uid uint32) { j.uint(uint64(uid)) })
		}
		j.close()
	}
	j.closeArray()
	j.newline()
}

// capsOver names the effective capabilities and says over which user namespace they count.
func (j *detailWriter) capsOver(p *inspect.Process) {
	if s := p.Facts.Status; s.OK() {
		j.capNames("cap_eff_names", caps.Set(s.Value.CapEff))
	} else {
		j.missing("cap_eff_names", s.How)
	}
	j.userNamespace(j.v, p)
}

func (j *detailWriter) mapping(m proc.IDMapping) {
	j.key("inside").uint(uint64(m.Inside))
	j.key("outside").uint(uint64(m.Outside))
	j.key("count").uint(uint64(m.Count))
}

func (j *detailWriter) io(io inspect.IO) {
	j.open()
	j.key("rchar").uint(io.ReadChars)
	j.key("wchar").uint(io.WriteChars)
	j.key("read_bytes").uint(io.ReadBytes)
	j.key("write_bytes").uint(io.WriteBytes)
	j.close()
}

func (j *detailWriter) cgroupFile(e cgroup.Entry) {
	j.key("controller").string(e.Controller)
	j.text("name", e.Name)
	j.text("file", e.File)
	knownText(j.jsonWriter, "raw", e.Raw)
}

func (j *detailWriter) resourceLimit(l proc.ResourceLimit) {
	value := func(key string, v proc.LimitValue) {
		if v.Unlimited {
			j.key(key).string("unlimited")
		} else {
			j.key(key).uint(v.N)
		}
	}
	j.text("name", l.Name)
	value("soft", l.Soft)
	value("hard", l.Hard)
	j.text("unit", l.Unit)
}

func (j *detailWriter) mount(m proc.Mount) {
	j.key("id").int(m.ID)
	j.key("parent").int(m.Parent)
	j.key("major").uint(uint64(m.Major))
	j.key("minor").uint(uint64(m.Minor))
	j.text("root", m.Root)
	j.text("mount_point", m.MountPoint)
	j.text("options", m.Options)
	j.texts("propagation", m.Propagation)
	j.text("fs_type", m.FSType)
	j.text("source", m.Source)
	j.text("super_options", m.SuperOptions)
}

func (j *detailWriter) netInterface(i proc.Interface) {
	j.text("name", i.Name)
	j.key("rx_bytes").uint(i.RxBytes)
	j.key("tx_bytes").uint(i.TxBytes)
	j.key("rx_packets").uint(i.RxPackets)
	j.key("tx_packets").uint(i.TxPackets)
	j.key("rx_errors").uint(i.RxErrors)
	j.key("tx_errors").uint(i.TxErrors)
	j.key("rx_dropped").uint(i.RxDropped)
	j.key("tx_dropped").uint(i.TxDropped)
}

func (j *detailWriter) listener(l inspect.Listener) {
	j.key("proto").string(l.Proto)
	if l.Proto == "unix" {
		j.text("path", l.Path)
	} else {
		j.key("address").string(l.Local.Addr().String())
		j.key("port").uint(uint64(l.Local.Port()))
	}
	j.key("state").string(l.State)
	j.key("inode").uint(l.Inode)
	if l.Own() {
		j.key("fd").int(l.FD)
	} else {
		j.key("fd").null()
	}
}

func (j *detailWriter) file(f inspect.OpenFile) {
	j.key("fd").int(f.FD)
	j.key("kind").string(string(f.Kind))
	j.text("target", f.Target)
	j.key("deleted").bool(f.Link.Deleted)
	j.text("about", f.About)
	if !f.Info.OK() {
		j.missing("flags", f.Info.How)
		j.missing("pos", f.Info.How)
		return
	}
	j.key("flags").string(proc.FDFlagNames(f.Info.Value.Flags))
	j.key("pos").int(int(f.Info.Value.Pos))
}

// variable writes one variable of the environment; a masked value is null, and so is that of an entry without "=".
func (j *detailWriter) variable(e proc.EnvVar, reveal bool) {
	masked := !reveal && secret.Looks(e.Name, e.Value)
	j.text("name", e.Name)
	switch {
	case masked, e.Bare:
		j.key("value").null()
	default:
		j.text("value", e.Value)
	}
	j.key("masked").bool(masked)
}
