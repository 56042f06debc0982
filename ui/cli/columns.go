package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

// psColumn is one column that `cutaway ps -o` knows.
type psColumn struct {
	name string
	help string
	column
	cell  func(v *view, p *inspect.Process) string
	group func(v *view, n *inspect.Node) string // for the lines of groups in a tree; nil leaves them empty
}

// psColumns is the one table of columns: -o, its help and its completion come from it. The names are those of ps(1)
// where ps has the column.
var psColumns = []psColumn{
	{"name", "name the kernel keeps (comm)", column{head: "NAME", flex: true}, cellName, groupName},
	{"pid", "PID as the reader sees it", number("PID"), func(_ *view, p *inspect.Process) string { return strconv.Itoa(p.PID) }, nil},
	{"ppid", "PID of the parent, 0 when it is not visible", number("PPID"), func(_ *view, p *inspect.Process) string { return strconv.Itoa(p.PPID) }, nil},
	{"inside", "PID in the process's own PID namespace", number("INSIDE"), cellInside, nil},
	{"nspid", "PID in every PID namespace, outermost first", column{head: "NSPID"}, cellNSpid, nil},
	{"user", "effective user", column{head: "USER"}, cellUser, nil},
	{"uid", "effective user's number", number("UID"), ofStatus(func(s *proc.Status) string { return strconv.FormatUint(uint64(s.UID[1]), 10) }), nil},
	{"gid", "effective group's number", number("GID"), ofStatus(func(s *proc.Status) string { return strconv.FormatUint(uint64(s.GID[1]), 10) }), nil},
	{"state", "state: R S D Z T t I", column{head: "S"}, func(_ *view, p *inspect.Process) string { return string(rune(p.State)) }, nil},
	{"threads", "threads", number("THREADS"), func(_ *view, p *inspect.Process) string { return strconv.Itoa(p.Threads) }, nil},
	{"cpu", "percent of one core since the process started", number("CPU%"), func(_ *view, p *inspect.Process) string { return cpuPercent(p.CPU) }, func(_ *view, n *inspect.Node) string { return cpuPercent(n.CPU) }},
	{"mem", "resident memory", number("MEM"), func(_ *view, p *inspect.Process) string { return text.Bytes(p.RSS) }, func(_ *view, n *inspect.Node) string { return text.Bytes(n.RSS) }},
	{"time", "CPU time used", number("TIME"), func(_ *view, p *inspect.Process) string { return text.Duration(ticks(p.CPUTime)) }, nil},
	{"elapsed", "time since the start", number("ELAPSED"), cellElapsed, nil},
	{"ns", "namespaces: the host's, its own, or a letter for shared ones", column{head: fingerprintHead}, cellFingerprint, groupFingerprint},
	{"container", "container's name", column{head: "CONTAINER", flex: true}, ofContainer(func(c *inspect.Container) string { return c.Name }), nil},
	{"id", "container's id", column{head: "ID"}, ofContainer(func(c *inspect.Container) string { return text.ShortID(c.ID) }), nil},
	{"engine", "container's engine", column{head: "ENGINE"}, ofContainer(func(c *inspect.Container) string { return c.Engine }), nil},
	{"pod", "pod's name or uid", column{head: "POD", flex: true}, ofContainer(func(c *inspect.Container) string { return podName(c) }), nil},
	{"cgroup", "cgroup's path", column{head: "CGROUP", flex: true}, cellCgroup, nil},
	{"caps", "effective capabilities", column{head: "EFFECTIVE"}, ofStatus(func(s *proc.Status) string { return maskText(s.CapEff) }), nil},
	{"seccomp", "seccomp: off, strict, filter", column{head: "SECCOMP"}, cellSeccomp, nil},
	{"nnp", "no_new_privs", column{head: "NNP"}, cellNoNewPrivs, nil},
	{"label", "security label (AppArmor, SELinux)", column{head: "LABEL", flex: true}, cellLabel, nil},
	{"args", "command line", column{head: "COMMAND", flex: true}, cellArgs, nil},
	{"exe", "executable", column{head: "EXE", flex: true}, ofText(func(f *inspect.Facts) reading.Of[string] { return f.Exe }), nil},
	{"cwd", "working directory", column{head: "CWD", flex: true}, ofText(func(f *inspect.Facts) reading.Of[string] { return f.Cwd }), nil},
	{"root", "root directory", column{head: "ROOT", flex: true}, ofText(func(f *inspect.Facts) reading.Of[string] { return f.Root }), nil},
	{"mntns", "mount namespace", number("MNTNS"), ofNamespace(proc.Mnt), nil},
	{"netns", "network namespace", number("NETNS"), ofNamespace(proc.Net), nil},
	{"pidns", "PID namespace", number("PIDNS"), ofNamespace(proc.PID), nil},
	{"ipcns", "IPC namespace", number("IPCNS"), ofNamespace(proc.IPC), nil},
	{"utsns", "UTS namespace", number("UTSNS"), ofNamespace(proc.UTS), nil},
	{"userns", "user namespace", number("USERNS"), ofNamespace(proc.User), nil},
	{"cgroupns", "cgroup namespace", number("CGROUPNS"), ofNamespace(proc.Cgroup), nil},
	{"timens", "time namespace", number("TIMENS"), ofNamespace(proc.Time), nil},
}

// fingerprintHead has one letter for each kind of namespace, in the order of the cells.
const fingerprintHead = "mnpiuUct"

// The columns when -o does not say: in a tree the group's own line has the container.
const (
	listColumns = "name,pid,inside,user,cpu,mem,ns,container,engine"
	treeColumns = "name,pid,inside,user,cpu,mem,ns"
)

func number(head string) column { return column{head: head, right: true} }

// parseColumns reads the value of -o.
func parseColumns(list string) ([]psColumn, error) {
	var cols []psColumn
	for name := range strings.SplitSeq(list, ",") {
		c, ok := psColumnNamed(strings.ToLower(strings.TrimSpace(name)))
		if !ok {
			return nil, usagef("unknown column %q in -o: known are %s", name, strings.Join(psColumnNames(), ", "))
		}
		cols = append(cols, c)
	}
	return cols, nil
}

func psColumnNamed(name string) (psColumn, bool) {
	for _, c := range psColumns {
		if c.name == name {
			return c, true
		}
	}
	return psColumn{}, false
}

func psColumnNames() []string {
	names := make([]string, len(psColumns))
	for i, c := range psColumns {
		names[i] = c.name
	}
	return names
}

// columnHelp lists the columns for the help of ps.
func columnHelp() string {
	var b strings.Builder
	for _, c := range psColumns {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.help)
	}
	return b.String()
}

// The marks for values that are not known; they look different from each other and from every value.
func unknownMark(how reading.How) string {
	switch how.State {
	case reading.NotRead:
		return "…"
	case reading.Denied:
		return "?"
	case reading.Absent, reading.Gone:
		return "-"
	default:
		return "!"
	}
}

// unknownHelp explains the marks.
const unknownHelp = "A value that was refused is ?, one that is not there -, one that failed !, one not read yet ….\n"

func ofStatus(show func(*proc.Status) string) func(*view, *inspect.Process) string {
	return func(_ *view, p *inspect.Process) string {
		if !p.Facts.Status.OK() {
			return unknownMark(p.Facts.Status.How)
		}
		return show(p.Facts.Status.Value)
	}
}

func ofContainer(show func(*inspect.Container) string) func(*view, *inspect.Process) string {
	return func(_ *view, p *inspect.Process) string {
		if p.Container == nil {
			return ""
		}
		return text.Sanitise(show(p.Container))
	}
}

func ofText(get func(*inspect.Facts) reading.Of[string]) func(*view, *inspect.Process) string {
	return func(_ *view, p *inspect.Process) string {
		r := get(p.Facts)
		if !r.OK() {
			return unknownMark(r.How)
		}
		return text.Sanitise(r.Value)
	}
}

func ofNamespace(kind proc.NSKind) func(*view, *inspect.Process) string {
	return func(_ *view, p *inspect.Process) string {
		ns := p.Facts.NS
		switch {
		case ns == nil:
			return unknownMark(reading.How{})
		case !ns.How[kind].OK():
			return unknownMark(ns.How[kind])
		}
		return strconv.FormatUint(ns.Ino[kind], 10)
	}
}

func cellName(_ *view, p *inspect.Process) string {
	name := text.Sanitise(p.Comm)
	switch {
	case p.Kernel:
		return "[" + name + "]"
	case p.State == 'Z':
		return name + " <defunct>" // ps(1)'s word for a zombie
	}
	return name
}

func cellInside(_ *view, p *inspect.Process) string {
	if !p.Facts.Status.OK() {
		return unknownMark(p.Facts.Status.How)
	}
	if pids := p.Facts.Status.Value.NSpid; len(pids) > 0 {
		return strconv.Itoa(pids[len(pids)-1])
	}
	return unknownMark(reading.How{State: reading.Absent})
}

func cellNSpid(_ *view, p *inspect.Process) string {
	if !p.Facts.Status.OK() {
		return unknownMark(p.Facts.Status.How)
	}
	pids := make([]string, len(p.Facts.Status.Value.NSpid))
	for i, pid := range p.Facts.Status.Value.NSpid {
		pids[i] = strconv.Itoa(pid)
	}
	return strings.Join(pids, " ")
}

func cellUser(v *view, p *inspect.Process) string {
	if !p.Facts.Status.OK() {
		return unknownMark(p.Facts.Status.How)
	}
	return text.Sanitise(v.user(p.Facts.Status.Value.UID[1]))
}

func cellElapsed(v *view, p *inspect.Process) string {
	if v.uptime == 0 {
		return unknownMark(reading.How{})
	}
	return text.Duration(max(v.uptime-ticks(p.Start), 0))
}

func cellCgroup(_ *view, p *inspect.Process) string {
	if !p.Facts.Cgroup.OK() {
		return unknownMark(p.Facts.Cgroup.How)
	}
	return text.Sanitise(p.Facts.Cgroup.Value.Path())
}

func cellSeccomp(_ *view, p *inspect.Process) string {
	s := p.Facts.Status
	switch {
	case !s.OK():
		return unknownMark(s.How)
	case !s.Value.Seccomp.OK():
		return unknownMark(s.Value.Seccomp.How)
	}
	return security.SeccompMode(s.Value.Seccomp.Value)
}

func cellNoNewPrivs(_ *view, p *inspect.Process) string {
	s := p.Facts.Status
	switch {
	case !s.OK():
		return unknownMark(s.How)
	case !s.Value.NoNewPrivs.OK():
		return unknownMark(s.Value.NoNewPrivs.How)
	}
	return onOff(s.Value.NoNewPrivs.Value)
}

func cellLabel(_ *view, p *inspect.Process) string {
	l := p.Facts.Label
	if !l.OK() {
		return unknownMark(l.How)
	}
	return text.Sanitise(labelText(l.Value))
}

// cellArgs shows the command line as a person would type it; processes that have none, such as kernel threads and
// zombies, show their name in brackets as ps(1) does.
func cellArgs(_ *view, p *inspect.Process) string {
	c := p.Facts.Cmdline
	switch {
	case !c.OK():
		return unknownMark(c.How)
	case c.Value == "":
		return "[" + text.Sanitise(p.Comm) + "]"
	}
	return text.Sanitise(strings.ReplaceAll(strings.TrimRight(c.Value, "\x00"), "\x00", " "))
}

func cellFingerprint(v *view, p *inspect.Process) string {
	return v.fingerprint(p.Facts.NS)
}

// ticks turns USER_HZ, which is 100 for every program (proc_pid_stat(5), sysconf(_SC_CLK_TCK)), into time.
func ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / 100) }

// cpuPercent writes a percentage without its sign, which the head of the column has.
func cpuPercent(v float64) string {
	return strings.TrimSuffix(text.Percent(v), "%")
}

func maskText(mask uint64) string { return fmt.Sprintf("%016x", mask) }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func podName(c *inspect.Container) string {
	if c.Pod.Name != "" {
		return c.Pod.Name
	}
	return c.Pod.UID
}

// labelText writes a security label as ps(1) does: AppArmor's mode after its profile.
func labelText(l security.Label) string {
	if l.Mode != "" && l.Mode != l.Profile {
		return l.Profile + " (" + l.Mode + ")"
	}
	return l.Profile
}
