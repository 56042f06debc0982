package cli

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// inspectText prints the container, when one was named or the process is in one, and everything about the process.
func inspectText(a *app, v *view, t target, d *inspect.Detail, f inspectFlags) error {
	pg := &page{w: bufio.NewWriter(a.out), v: v, p: t.process, d: d, source: f.source}
	pg.print(v.st.bold(pg.title(t)) + "\n")
	if c := t.process.Container; c != nil {
		pg.container(c)
	}
	pg.process()
	pg.identity()
	pg.namespaces()
	pg.cgroup()
	pg.capabilities()
	pg.confinement()
	pg.idMaps()
	pg.limits()
	pg.mounts()
	pg.network()
	pg.files()
	pg.environ(f.reveal)
	pg.cgroupFiles()
	pg.cuts()
	return pg.w.Flush()
}

func (pg *page) title(t target) string {
	if c := t.container; c != nil {
		return text.Sanitise(c.Name) + "  " + text.Sanitise(c.Engine) + " container  " + text.Sanitise(text.ShortID(c.ID))
	}
	return processTitle(t.process)
}

// container prints what is known of the container, and why it is one.
func (pg *page) container(c *inspect.Container) {
	pg.section("container")
	pg.row("name", c.Name, "")
	pg.row("engine", c.Engine, "")
	pg.row("id", orNone(c.ID), "")
	if c.Image != "" {
		pg.row("image", c.Image, "")
	}
	if c.Runtime != "" {
		pg.row("runtime", c.Runtime, "")
	}
	if c.Rootless {
		pg.row("rootless", "yes: a user other than root made it", "")
	}
	if c.Pod.UID != "" || c.Pod.Name != "" {
		pg.row("pod", strings.Join(notEmpty(c.Pod.Namespace, c.Pod.Name, c.Pod.UID, c.Pod.QoS), "  "), "")
	}
	if around := pg.v.ContainerByKey(c.Parent); around != nil {
		pg.row("inside of", around.Name+"  "+around.Engine, "")
	}
	pg.row("first process", strconv.Itoa(c.Init), "")
	pg.row("processes", fmt.Sprintf("%d: %s", len(c.Members), joinInts(c.Members)), "")
	for i, e := range c.Evidence {
		label := "because"
		if i > 0 {
			label = ""
		}
		pg.row(label, e.Source+"  "+e.Text, "")
	}
}

// process prints what every process has.
func (pg *page) process() {
	p, f := pg.p, pg.p.Facts
	pg.section("process")
	pg.row("pid", strconv.Itoa(p.PID), "stat.pid")
	if !p.How.OK() {
		pg.row("stat", p.How.String(), "")
	} else {
		pg.row("comm", p.Comm, "comm")
		pg.row("parent", pg.parent(), "stat.ppid")
		pg.row("state", string(rune(p.State))+"  "+proc.StateName(p.State), "stat.state")
		pg.row("started", pg.started(), "stat.starttime")
		pg.row("threads", strconv.Itoa(p.Threads), "stat.num_threads")
		pg.row("cpu time", text.Duration(ticks(p.CPUTime))+"  "+cpuPercent(p.CPU)+"% since the start", "cpu")
		pg.row("memory", text.Bytes(p.RSS)+" resident", "stat.rss")
	}
	pg.row("pid inside", show(f.Status, func(s *proc.Status) string { return joinInts(s.NSpid) + pidChain(s.NSpid) }), "status.NSpid")
	pg.row("command", show(pg.d.Cmdline, commandLine), "cmdline")
	pg.row("executable", show(f.Exe, itself), "exe")
	pg.row("working directory", show(f.Cwd, itself), "cwd")
	pg.row("root", show(f.Root, itself), "root")
	pg.row("peak memory", show(f.Status, func(s *proc.Status) string { return show(s.VMHWM, text.Bytes) }), "status.VmHWM")
	pg.row("swapped out", show(f.Status, func(s *proc.Status) string { return show(s.VMSwap, text.Bytes) }), "status.VmSwap")
	pg.row("waited for a CPU", show(pg.d.CPUWait, text.Duration), "schedstat")
	pg.row("disk reads", show(pg.d.IO, func(io inspect.IO) string { return text.Bytes(io.ReadBytes) }), "io.read_bytes")
	pg.row("disk writes", show(pg.d.IO, func(io inspect.IO) string { return text.Bytes(io.WriteBytes) }), "io.write_bytes")
	pg.row("oom score", show(pg.d.OOMScore, decimal[int]), "oom_score")
	pg.row("oom score adjust", show(pg.d.OOMScoreAdj, decimal[int]), "oom_score_adj")
	if p.Kernel {
		pg.row("kind", "a thread of the kernel: it has no program and no memory of its own", "")
	}
}

func (pg *page) parent() string {
	ppid := strconv.Itoa(pg.p.PPID)
	switch parent := pg.v.ByPID(pg.p.PPID); {
	case parent != nil:
		return ppid + "  " + parent.Comm
	case pg.p.PPID == 0:
		return ppid + "  none, or outside of this PID namespace"
	default:
		return ppid
	}
}

func (pg *page) started() string {
	if pg.v.uptime == 0 {
		return text.Duration(ticks(pg.p.Start)) + " after boot"
	}
	age := max(pg.v.uptime-ticks(pg.p.Start), 0)
	return pg.v.Taken.Add(-age).Format(time.DateTime) + "  " + text.Duration(age) + " ago"
}

// pidChain explains a chain of several PIDs.
func pidChain(pids []int) string {
	if len(pids) < 2 {
		return ""
	}
	return "  outermost first"
}

// identity prints whom the process acts as.
func (pg *page) identity() {
	pg.section("user")
	r := pg.p.Facts.Status
	if !r.OK() {
		pg.row("uid", r.How.String(), "status.Uid")
		return
	}
	s := r.Value
	user := func(uid uint32) string { return withName(uid, pg.v.names.User, pg.v.names.SubUID) }
	group := func(gid uint32) string { return withName(gid, pg.v.names.Group, pg.v.names.SubGID) }
	pg.row("uid", fourIDs(s.UID, user), "status.Uid")
	pg.row("gid", fourIDs(s.GID, group), "status.Gid")
	groups := make([]string, len(s.Groups))
	for i, gid := range s.Groups {
		groups[i] = group(gid)
	}
	pg.row("groups", orNone(strings.Join(groups, ", ")), "status.Groups")
}

// withName writes an id with its name, or with whose subordinate id it is.
func withName[S fmt.Stringer](id uint32, name func(uint32) (string, bool), subordinate func(uint32) (S, bool)) string {
	number := strconv.FormatUint(uint64(id), 10)
	if n, ok := name(id); ok {
		return number + " (" + n + ")"
	}
	if s, ok := subordinate(id); ok {
		return number + " (" + s.String() + ")"
	}
	return number
}

// fourIDs writes a Uid or Gid line: one id when all are the same.
func fourIDs(ids [4]uint32, write func(uint32) string) string {
	if ids == [4]uint32{ids[0], ids[0], ids[0], ids[0]} {
		return write(ids[0])
	}
	return fmt.Sprintf("real %s, effective %s, saved %s, fs %s", write(ids[0]), write(ids[1]), write(ids[2]), write(ids[3]))
}

func commandLine(cmdline string) string {
	if cmdline == "" {
		return "none"
	}
	return text.ShellJoin(proc.ParseCmdline([]byte(cmdline))...)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func notEmpty(words ...string) []string {
	var kept []string
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

func joinInts(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " ")
}

// cuts names the files of which only the beginning was read.
func (pg *page) cuts() {
	if len(pg.d.Cut) > 0 {
		pg.section("not whole")
		pg.row("cut short", strings.Join(pg.d.Cut, ", "), "")
	}
}

// notRead is the state of what nobody looked at.
var notRead = reading.How{}
