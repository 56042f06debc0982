package export

import (
	"fmt"
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// start writes what becomes the first process: into the cgroup, a helper that writes the maps from outside, and unshare.
func (w *unshareWriter) start() []string {
	s := w.spec
	var lines []string
	helper := w.helper()
	if len(helper) > 0 || len(w.group.dirs) > 0 {
		lines = append(lines, ownPID)
	}
	for _, dir := range w.group.dirs {
		lines = append(lines, `echo "$PID" > `+dir+"/cgroup.procs")
	}
	if len(helper) > 0 {
		lines = append(lines, "{\n"+indent(helper, "  ")+"} &")
	}
	command := join(w.enter(), w.unshare())
	if command == "" && len(w.inside) == 0 {
		return append(lines, w.last()...)
	}
	if w.mountsProcOnly() && w.simpleLast() {
		return append(lines, "exec "+join(command, w.rightsAndVariables(), shell.Join(s.Command...)))
	}
	w.inside = append(w.inside, w.last()...)
	if command == "" {
		lines = append(lines, w.inside...)
		w.inside = nil
		return lines
	}
	lines = append(lines, "exec "+command+" "+w.bash())
	return lines
}

// simpleLast tells whether the command needs nothing before it.
func (w *unshareWriter) simpleLast() bool {
	return len(w.steps["rlimits"]) == 0 && !w.spec.Init && !w.mapsLate()
}

// pdeathsig is what unshare --kill-child has set and a change of the user clears: the child ends with its unshare.
const pdeathsig = " --pdeathsig=KILL"

// bash runs inside. Where the maps come from outside it waits for them, and is nobody until it makes itself root.
func (w *unshareWriter) bash() string {
	var files string
	if w.spec.Root.Kind == sandbox.RootTar {
		files = " 9< " + shell.Quote(w.spec.Root.Path)
	}
	if !w.mapsLate() {
		return `bash -euo pipefail -c "$inside"` + files
	}
	become := `bash -euo pipefail -c "$1"`
	for _, c := range w.commands("maps", "network") { // whichever is the launcher's last
		if options, ok := strings.CutPrefix(c, "exec setpriv "); ok {
			options = strings.TrimSuffix(options, " bash")
			if w.forks() {
				options += pdeathsig
			}
			become = "setpriv " + options + " " + become
		}
	}
	wait := `until read -r _ < /proc/self/uid_map; do sleep 0.01; done; exec ` + become
	return "bash -euc " + shell.Quote(wait) + ` bash "$inside"` + files
}

// enter is nsenter(1) for the namespaces that are joined.
func (w *unshareWriter) enter() string {
	words := joins(w.spec)
	if len(words) == 0 {
		return ""
	}
	if w.unshare() != "" {
		words = append(words, "--no-fork") // unshare forks
	}
	return "nsenter " + strings.Join(words, " ")
}

// unshare is unshare(1) for the namespaces that are new; "" without any.
func (w *unshareWriter) unshare() string {
	n := &w.spec.Namespaces
	var words []string
	if n.User.IsNew() {
		words = append(words, w.userWords())
	}
	for _, t := range []struct {
		source sandbox.Source
		word   string
	}{
		{n.Mnt, "--mount --propagation slave"},
		{n.Net, "--net"},
		{n.PID, "--pid"},
		{n.IPC, "--ipc"},
		{n.UTS, "--uts"},
		{n.Cgroup, "--cgroup"},
		{n.Time, "--time"},
	} {
		if t.source.IsNew() {
			words = append(words, t.word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	if t := w.spec.Time; t.Monotonic != 0 {
		words = append(words, fmt.Sprintf("--monotonic=%d", t.Monotonic))
	}
	if t := w.spec.Time; t.Boottime != 0 {
		words = append(words, fmt.Sprintf("--boottime=%d", t.Boottime))
	}
	if w.forks() {
		words = append(words, "--fork --kill-child")
	}
	if w.mountsProcOnly() {
		words = append(words, "--mount-proc")
		if w.simpleLast() {
			words = append(words, "--wd="+shell.Quote(w.spec.Dir))
		}
	}
	return "unshare " + strings.Join(words, " ")
}

// forks tells whether unshare stays, and its child is what goes on: who unshares a PID or time namespace is not in there itself.
func (w *unshareWriter) forks() bool {
	n := &w.spec.Namespaces
	return isJoined(n.PID) || n.PID.IsNew() || n.Time.IsNew()
}

// mapsLate tells whether somebody outside writes the maps: unshare(1) itself maps one id only, its caller's.
func (w *unshareWriter) mapsLate() bool {
	one := w.plan.Unprivileged && len(w.plan.UIDMap) == 1 && w.plan.UIDMap[0].Count == 1 && len(w.plan.GIDMap) == 1 && w.plan.GIDMap[0].Count == 1
	return w.spec.Namespaces.User.IsNew() && !one
}

func (w *unshareWriter) userWords() string {
	switch u, g := w.plan.UIDMap[0].Inside, w.plan.GIDMap[0].Inside; {
	case w.mapsLate():
		return "--user --keep-caps"
	case u == 0 && g == 0:
		return "--user --map-root-user"
	default:
		return fmt.Sprintf("--user --keep-caps --map-user=%d --map-group=%d", u, g)
	}
}

// helper is what another process does from outside, once the first one is in its new namespaces.
func (w *unshareWriter) helper() []string {
	maps, veth := w.mapsLate(), w.spec.Network.Veth != nil
	if !maps && !veth {
		return nil
	}
	kind := "user"
	if !maps {
		kind = "net"
	}
	lines := []string{fmt.Sprintf(`while [ "$(readlink "/proc/$PID/ns/%s")" = "$(readlink /proc/self/ns/%s)" ]; do sleep 0.01; done`, kind, kind)}
	var work []string
	for _, name := range []string{"maps", "network"} {
		for _, c := range w.steps[name] {
			// The rest is for the first process, or says which terminal to type into.
			if !strings.HasPrefix(c, "#") && !strings.HasPrefix(c, "exec ") && c != "ip link set lo up" {
				work = append(work, c)
			}
		}
	}
	if veth && maps { // the user namespace is there first, but unshare makes all at once
		lines = append(lines, `until [ "$(readlink "/proc/$PID/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done`)
	}
	lines = append(lines, `kill -0 "$PID" 2>/dev/null || exit 0`)
	return append(lines, strings.Join(work, " &&\n")+` || kill "$PID"`)
}
