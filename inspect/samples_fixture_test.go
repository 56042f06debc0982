package inspect

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/proc"
)

// recording holds the files of one process of a real machine, by name: those of /proc/PID, its cgroup's as "cg_…",
// where its links pointed (ns.txt, links.txt), who its ancestors were, and what its engine said (inspect.json).
type recording map[string]string

// readRecording reads files that stand in one, each after a line "-- name --". A command line's NULs stand there as
// line ends.
func readRecording(t *testing.T, name string) recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "samples", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	r, file := recording{}, ""
	for line := range strings.Lines(string(text)) {
		if head, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(head, " --\n") {
			file = strings.TrimSuffix(head, " --\n")
			r[file] = ""
			continue
		}
		r[file] += line
	}
	if cmdline, ok := r["cmdline"]; ok {
		r["cmdline"] = strings.ReplaceAll(cmdline, "\n", "\x00")
	}
	return r
}

// links are where the process's links pointed. links.txt has root, exe and cwd.
func (r recording) links() map[string]string {
	links := r.namespaces()
	for i, target := range strings.Split(strings.TrimSuffix(r["links.txt"], "\n"), "\n") {
		if target != "" {
			links[[...]string{"root", "exe", "cwd"}[i]] = target
		}
	}
	return links
}

func (r recording) namespaces() map[string]string {
	links := map[string]string{}
	for line := range strings.Lines(r["ns.txt"]) {
		link, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		links["ns/"+link] = target
	}
	return links
}

// A recordedMachine is a fixture of a machine on which processes were recorded: its proc file system, its cgroup file systems
// and, at first, its process 1.
type recordedMachine struct {
	fixture
	host    recording
	cgroups string       // stands for /sys/fs/cgroup
	mounts  []proc.Mount // of the cgroup file systems, at their places below cgroups
}

// newRecordedMachine makes the machine of a recorded process of the host. v2 tells whether to mount cgroup2 where it was.
func newRecordedMachine(t *testing.T, host string, v2 bool) recordedMachine {
	t.Helper()
	m := recordedMachine{fixture: newFixture(t), host: readRecording(t, host)}
	var err error
	if m.cgroups, err = filepath.EvalSymlinks(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	mountinfo := m.mountCgroups(v2)
	m.process(1, 0, "init", 1, m.unconfined(map[string]string{
		"cgroup": m.rootCgroup(), "mountinfo": mountinfo, "uid_map": m.host["uid_map"], "gid_map": m.host["gid_map"],
	}))
	m.links(filepath.Join(m.dir, "1"), m.host.namespaces())
	return m
}

// unconfined adds the label that the host's own processes have, where there are labels.
func (m *recordedMachine) unconfined(files map[string]string) map[string]string {
	files["attr/current"] = ""
	if m.host["attr_current"] != "" {
		files["attr/current"], files["attr/apparmor/current"] = "unconfined\n", "unconfined\n"
	}
	return files
}

// mountCgroups makes the cgroup file systems that the host's mountinfo (or its /proc/mounts) names, and tells them as
// mountinfo does.
func (m *recordedMachine) mountCgroups(v2 bool) (mountinfo string) {
	m.t.Helper()
	text := m.host["mountinfo"]
	for i, line := range strings.Split(strings.TrimSpace(m.host["mounts"]), "\n") {
		if f := strings.Fields(line); len(f) >= 4 {
			text += fmt.Sprintf("%d 31 0:%d / %s rw - %s %s %s\n", 32+i, 29+i, f[1], f[2], f[0], f[3])
		}
	}
	for line := range strings.Lines(text) {
		if !strings.Contains(line, " - cgroup") || !v2 && strings.Contains(line, " - cgroup2") {
			continue
		}
		line = strings.Replace(line, "/sys/fs/cgroup", m.cgroups, 1)
		mountinfo += line
		mounts, err := proc.ParseMountinfo([]byte(line))
		if err != nil {
			m.t.Fatal(err)
		}
		m.mounts = append(m.mounts, mounts...)
		// What only the root has tells it from a part of the hierarchy.
		if isV2(mounts[0]) {
			m.write(mounts[0].MountPoint, "cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n")
		} else {
			m.write(mounts[0].MountPoint, "release_agent", "\n")
		}
		m.write(mounts[0].MountPoint, "cgroup.procs", "1\n")
	}
	return mountinfo
}

func isV2(m proc.Mount) bool { return m.FSType == "cgroup2" }

// rootCgroup is the membership of a process that stands at the root of every hierarchy.
func (m *recordedMachine) rootCgroup() string {
	var text strings.Builder
	for i, mount := range m.mounts {
		controllers := strings.TrimPrefix(mount.SuperOptions, "rw,")
		if isV2(mount) {
			text.WriteString("0::/\n")
		} else {
			fmt.Fprintf(&text, "%d:%s:/\n", i+1, strings.TrimPrefix(controllers, "xattr,"))
		}
	}
	return text.String()
}

func (f fixture) write(dir, name, text string) {
	f.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// add puts a recorded process on the machine, with its ancestors and its cgroup, and returns its PID.
func (m recordedMachine) add(r recording) int {
	m.t.Helper()
	st := proc.Stat{PID: 4242, PPID: 1, Comm: []byte("recorded"), StartTime: 4242} // where only its cgroup was recorded
	if text, ok := r["stat"]; ok {
		if err := proc.ParseStat([]byte(text), &st); err != nil {
			m.t.Fatal(err)
		}
	}
	files := map[string]string{"attr/current": ""}
	for name, text := range r {
		switch {
		case name == "attr_current" || name == "attr_apparmor_current":
			files[recordedAs(name)] = text
		case !strings.Contains(name, ".") && !strings.HasPrefix(name, "cg_"):
			files[name] = text
		}
	}
	m.process(st.PID, st.PPID, string(st.Comm), int(st.StartTime), files)
	m.links(m.path(st.PID), m.host.namespaces())
	m.links(m.path(st.PID), r.links())
	m.addAncestors(r, st.PPID)
	m.addCgroup(st.PID, r)
	return st.PID
}

func (m recordedMachine) path(pid int) string { return filepath.Join(m.dir, strconv.Itoa(pid)) }

// addAncestors adds what ancestors.txt lists, the nearest first, as "PID comm command line". They are the host's, but for
// a sandbox's own first process, which runs with its outer one's command line and was not recorded by itself.
func (m recordedMachine) addAncestors(r recording, ppid int) {
	m.t.Helper()
	lines := strings.Split(strings.TrimSpace(r["ancestors.txt"]), "\n")
	for i, line := range lines {
		pid, comm, cmdline := ancestor(line)
		if _, err := os.Stat(m.path(pid)); pid <= 1 || err == nil {
			continue
		}
		above, ns := 1, m.host
		if i+1 < len(lines) {
			next, _, same := ancestor(lines[i+1])
			above = next
			if cmdline != "" && same == cmdline {
				ns = r
			}
		}
		m.process(pid, above, comm, pid, m.unconfined(map[string]string{"cmdline": cmdline, "cgroup": m.host["cgroup"]}))
		m.links(m.path(pid), ns.namespaces())
		if exe, _, _ := strings.Cut(cmdline, "\x00"); path.IsAbs(exe) {
			m.links(m.path(pid), map[string]string{"exe": exe})
		}
	}
}

func ancestor(line string) (pid int, comm, cmdline string) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return 0, "", ""
	}
	pid, _ = strconv.Atoi(fields[0])
	if len(fields) > 2 {
		cmdline = strings.Join(fields[2:], "\x00") + "\x00"
	}
	if _, title, ok := strings.Cut(line, " ["); ok { // a title that the process gave itself is one piece
		cmdline = "[" + title
	}
	return pid, fields[1], cmdline
}

// addCgroup makes the directories of a process's cgroup with the files that were recorded.
func (m recordedMachine) addCgroup(pid int, r recording) {
	m.t.Helper()
	lines, err := proc.ParseCgroup([]byte(r["cgroup"]))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, line := range lines {
		for _, mount := range m.mounts {
			if !stands(line, mount) || line.Path == "/" {
				continue
			}
			m.makeCgroup(mount, line.Path)
			dir := filepath.Join(mount.MountPoint, line.Path)
			m.write(dir, "cgroup.procs", strconv.Itoa(pid)+"\n")
			for name, text := range r {
				if file, ok := strings.CutPrefix(name, "cg_"); ok && m.belongs(file, mount) {
					m.write(dir, file, text)
				}
			}
		}
	}
}

// stands tells whether a line of /proc/PID/cgroup is about a mounted hierarchy.
func stands(line proc.CgroupLine, mount proc.Mount) bool {
	if len(line.Controllers) == 0 || isV2(mount) {
		return len(line.Controllers) == 0 && isV2(mount)
	}
	return slices.Contains(strings.Split(mount.SuperOptions, ","), line.Controllers[0])
}

// makeCgroup makes a cgroup and those above it, with the files that tell them from a root.
func (m recordedMachine) makeCgroup(mount proc.Mount, cgroup string) {
	for at := cgroup; at != "/"; at = path.Dir(at) {
		dir := filepath.Join(mount.MountPoint, at)
		m.write(dir, "cgroup.procs", "")
		if isV2(mount) {
			m.write(dir, "cgroup.events", "populated 1\nfrozen 0\n")
		}
	}
}

// belongs tells whether a file of a cgroup stands in a hierarchy: on v1 where its controller is, and on v2, where there is
// nothing else.
func (m recordedMachine) belongs(file string, mount proc.Mount) bool {
	if isV2(mount) {
		return !slices.ContainsFunc(m.mounts, func(other proc.Mount) bool { return !isV2(other) })
	}
	controller, _, _ := strings.Cut(file, ".")
	return slices.Contains(strings.Split(mount.SuperOptions, ","), controller)
}

// scan looks at the machine once. Its engines' state is not part of it.
func (m recordedMachine) scan() *Snapshot {
	m.t.Helper()
	return scan(m.t, m.scanner(Options{Cgroup: m.cgroups}))
}
