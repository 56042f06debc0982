package steps

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/sandbox/stage"
)

// writer turns a launch into shell commands, stage by stage.
type writer struct {
	*Launch
	pid   string // of the sandbox's first process, or a variable
	quote func(string) string
	and   string // between commands of which each needs the one before
	root  string // where the new root is while it is being built: `$ROOT`, or "" for the shell's own
	steps []Step

	outside bool // the last commands were for another terminal
}

func newWriter(l *Launch, pid int, quote func(string) string) *writer {
	w := &writer{Launch: l, pid: "$PID", quote: quote, and: " && "}
	if pid != 0 {
		w.pid = strconv.Itoa(pid)
	}
	return w
}

func (w *writer) begin(name string) { w.steps = append(w.steps, Step{Stage: name}) }

func (w *writer) add(format string, args ...any) {
	last := &w.steps[len(w.steps)-1]
	last.Commands = append(last.Commands, fmt.Sprintf(format, args...))
}

// chain adds commands of which each needs the one before.
func (w *writer) chain(commands ...string) { w.add("%s", strings.Join(commands, w.and)) }

// launcher writes the stages that are the launcher's.
func (w *writer) launcher() {
	w.begin("clone")
	if w.Cloned != "" {
		w.makeCgroups()
		w.add("echo $$ > %s", w.quote(w.Cloned+"/cgroup.procs"))
	}
	w.clone()
	if w.Clone&unix.CLONE_NEWUSER != 0 {
		w.begin("maps")
		w.maps()
	}
	if w.Veth != nil {
		w.begin("network")
		w.veth()
	}
}

func (w *writer) makeCgroups() {
	for _, dir := range w.Cgroups {
		w.add("mkdir %s", w.quote(dir))
	}
	for _, l := range w.Limits {
		w.add("echo %s > %s", w.quote(l.Value), w.quote(l.Path))
	}
}

// cloneFlags are unshare(1)'s words for clone(2)'s flags.
var cloneFlags = []struct {
	flag uint64
	word string
}{
	{unix.CLONE_NEWUSER, "--user --keep-caps"},
	{unix.CLONE_NEWNS, "--mount --propagation unchanged"},
	{unix.CLONE_NEWPID, "--pid"},
	{unix.CLONE_NEWNET, "--net"},
	{unix.CLONE_NEWIPC, "--ipc"},
	{unix.CLONE_NEWUTS, "--uts"},
	{unix.CLONE_NEWTIME, "--time"},
}

func (w *writer) clone() {
	var enter, unshare []string
	for _, file := range w.Joins {
		enter = append(enter, fmt.Sprintf("--%s=%s", enterWord(path.Base(file)), w.quote(file)))
	}
	for _, f := range cloneFlags {
		if w.Clone&f.flag != 0 {
			unshare = append(unshare, f.word)
		}
	}
	if w.Offsets != "" {
		unshare = append(unshare, "--time"+w.offsets(w.Offsets))
	}
	words := "bash"
	if len(unshare) > 0 {
		words = "unshare " + strings.Join(unshare, " ") + " --fork bash"
	}
	if len(enter) > 0 {
		words = "nsenter " + strings.Join(enter, " ") + " " + words
	}
	w.add("%s", words)
}

// enterWord is nsenter(1)'s word for a kind of namespace.
func enterWord(kind string) string {
	if kind == "mnt" {
		return "mount"
	}
	return kind
}

// maps are written from outside: the process itself may not (user_namespaces(7)).
func (w *writer) maps() {
	w.elsewhere()
	if w.Unprivileged && (many(w.UIDMap) || many(w.GIDMap)) {
		w.add("newuidmap %s %s", w.pid, mapArguments(w.UIDMap))
		w.add("newgidmap %s %s", w.pid, mapArguments(w.GIDMap))
		return
	}
	if w.Unprivileged {
		w.add("echo deny > /proc/%s/setgroups", w.pid)
	}
	w.add("%s > /proc/%s/gid_map", writesMap(w.GIDMap), w.pid)
	w.add("%s > /proc/%s/uid_map", writesMap(w.UIDMap), w.pid)
}

// elsewhere says that the commands that follow are not for the shell inside.
func (w *writer) elsewhere() {
	w.add("# in another terminal; %s is the shell inside", w.pid)
	w.outside = true
}

func many(m []proc.IDMapping) bool { return len(m) > 1 || len(m) == 1 && m[0].Count > 1 }

func mapArguments(maps []proc.IDMapping) string {
	return strings.ReplaceAll(mapText(maps), ",", "")
}

// writesMap is a command that writes a map at once: the kernel takes one write alone. bash's own printf writes each line by
// itself, printf(1) all of them together.
func writesMap(maps []proc.IDMapping) string {
	lines := "printf '" + strings.ReplaceAll(mapText(maps), ", ", `\n`) + `\n'`
	if len(maps) > 1 {
		return "env " + lines
	}
	return lines
}

func (w *writer) veth() {
	host := "cw" + w.pid
	enter := "nsenter --target " + w.pid + " --net ip "
	w.elsewhere()
	w.add("ip link add %s type veth peer name eth0 netns %s", host, w.pid)
	w.add("echo 0 > /proc/sys/net/ipv6/conf/%s/accept_ra", host)
	at := ""
	if w.Veth.Host.Addr().Is6() {
		at = " nodad"
	} else {
		w.add("echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6", host)
	}
	w.add("ip address add %s dev %s%s", w.Veth.Host, host, at)
	w.add("ip link set %s up", host)
	w.add("%saddress add %s dev eth0%s", enter, w.Veth.Inside, at)
	w.add("%slink set eth0 up", enter)
	if w.Veth.Gateway {
		w.add("%sroute add default via %s", enter, w.Veth.Host.Addr())
	}
}

// operations writes the first of some operations, with those after it that are one command with it, and returns how many
// these are.
func (w *writer) operations(ops []stage.Op) int {
	o := &ops[0]
	n := 1
	if w.outside && o.Verb != stage.Begin {
		w.add("# in the first terminal")
		w.outside = false
	}
	switch o.Verb {
	case stage.Begin:
		w.begin(o.Data)
		if o.Data == "cgroup" && w.Cloned == "" {
			w.makeCgroups()
		}
	case stage.Guard:
		w.add("# prctl(PR_SET_DUMPABLE, 0): no command of the shell does this")
	case stage.WriteFD:
		w.add("echo %s > %s", w.quote(o.Data), w.quote(o.Path))
	case stage.Setns:
		w.add("exec nsenter %s bash", w.quote("--"+enterWord(path.Base(o.Path))+"="+o.Path))
	case stage.ChrootFD:
		w.add("exec chroot %s bash", w.quote(o.Path))
	case stage.WriteFile:
		w.add("printf %%s %s > %s", w.quote(o.Data), w.quote(o.Path))
	case stage.Unshare:
		if o.Flags == unix.CLONE_NEWCGROUP {
			w.add("exec unshare --cgroup bash")
		} else {
			w.add("# unshare(2) with the flags %#x", o.Flags)
		}
	case stage.Hostname:
		w.add("hostname %s", w.quote(o.Data))
	case stage.Loopback:
		w.add("ip link set lo up")
	case stage.Rlimit:
		w.add("prlimit --pid $$ %s", w.quote("--"+o.Data+"="+limitWord(o.Flags)+":"+limitWord(o.Attr)))
	case stage.OpenTerminal:
		w.add("exec script --quiet --command bash /dev/null")
	case stage.Chdir:
		w.add("cd %s", w.quote(o.Target))
	case stage.Exec:
		w.exec(o)
	case stage.BecomeRoot, stage.Bounding, stage.User, stage.Capset, stage.ParentDeath:
		n = w.setpriv(ops)
	case stage.NoNewPrivs:
		w.add("exec setpriv --no-new-privs bash")
	case stage.Landlock:
		w.landlock(o)
	case stage.Seccomp:
		w.add("# a filter of %d instructions: seccomp(2) has no command. The nearest are\n"+
			"#   setpriv --seccomp-filter FILE (recent util-linux)\n"+
			"#   bwrap --seccomp FD\n"+
			"#   docker run --security-opt seccomp=FILE", len(o.Data)/8)
	default:
		n = w.mountOperations(ops)
	}
	return n
}

// offsets are unshare(1)'s options for the lines of timens_offsets, "monotonic 100 0" (time_namespaces(7)).
func (w *writer) offsets(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 && f[1] != "0" {
			b.WriteString(" " + w.quote("--"+f[0]+"="+f[1]))
		}
	}
	return b.String()
}

// limitWord is a resource limit for prlimit(1).
func limitWord(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

// exec writes the command. Variables that are the launcher's own are named: their values may be secrets.
func (w *writer) exec(o *stage.Op) {
	if w.Init {
		w.add("# the tiny init stays, as with docker run --init, and starts")
	}
	own, names := map[string]bool{}, map[string]bool{}
	for _, v := range o.More {
		name, _, _ := strings.Cut(v, "=")
		names[name] = true
	}
	all := true // of the launcher's variables are the command's, if not with the same values
	for _, v := range w.Environ {
		name, _, _ := strings.Cut(v, "=")
		own[v] = true
		all = all && names[name]
	}
	words := []string{"exec", "env"}
	if !all {
		words = append(words, "-i")
	}
	for _, v := range o.More {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case own[v] && all:
		case own[v] && isName(name):
			words = append(words, name+`="$`+name+`"`)
		default:
			words = append(words, w.quote(v))
		}
	}
	if all && len(words) == 2 {
		words = words[:1]
	}
	for _, arg := range o.List {
		words = append(words, w.quote(arg))
	}
	w.add("%s", strings.Join(words, " "))
}

// isName tells whether a shell has a variable of that name.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
