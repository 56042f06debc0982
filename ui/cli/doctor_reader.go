package cli

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

// The checks of who looks and how far that reaches.

// checkTable is the one check without which nothing works.
func checkTable(p *patient) []finding {
	f := finding{name: "process table", essential: true}
	if p.broken != nil {
		f.health, f.value = missing, p.broken.Error()
		f.advice = "Mount it (mount -t proc proc /proc), or name another place with --proc DIR."
		return []finding{f}
	}
	f.value = fmt.Sprintf("%d processes in %d containers, read in %s", len(p.view.Procs), len(p.view.Containers), p.view.Took.Round(1e5))
	return []finding{f}
}

func checkUser(*patient) []finding {
	uid, euid := os.Getuid(), os.Geteuid()
	f := finding{name: "user", value: fmt.Sprintf("uid %d, euid %d (%s)", uid, euid, userName(euid))}
	if euid != 0 {
		f.health = limited
		f.meaning = "Of other users' processes only what everybody may see can be read: not their namespaces, environment, descriptors or links."
		f.advice = "Run as root to see everything: sudo cutaway"
	}
	return []finding{f}
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "no name"
}

// lookingCaps are what reading of other users' processes needs: PTRACE_MODE_READ (ptrace(2)) and the way to the files.
var lookingCaps = mustEncode("sys_ptrace", "dac_read_search")

func mustEncode(names ...string) caps.Set {
	set, err := caps.Encode(names...)
	if err != nil {
		panic(err) // a name in this file is wrong
	}
	return set
}

func checkCaps(p *patient) []finding {
	last := caps.Last(p.inspect.Proc)
	bits := finding{name: "cap_last_cap"}
	switch {
	case !last.OK():
		bits.health, bits.value = limited, last.How.String()
		bits.meaning = fmt.Sprintf("%d is taken for this kernel's last capability.", caps.LastKnown())
	case last.Value > caps.LastKnown():
		bits.health, bits.value = limited, last.Value.String()
		bits.meaning = "This kernel has capabilities that are newer than cutaway; they appear by number."
	default:
		bits.value = fmt.Sprintf("%d (%s)", last.Value, last.Value)
	}
	f := finding{name: "capabilities"}
	if p.self == nil {
		f.health, f.value = limited, "/proc/self/status could not be read"
		return []finding{f, bits}
	}
	set := caps.Set(p.self.CapEff)
	f.value = set.Hex() + "  " + caps.Summary(set, p.lastCap())
	if lacking := lookingCaps &^ set; lacking != 0 {
		f.health = limited
		f.meaning = "Without " + strings.Join(lacking.Names(), " and ") + ", processes of other users keep most of their files to themselves."
	}
	return []finding{f, bits}
}

// checkUserNamespace tells root in a container from root: only the first user namespace maps every id to itself, and a
// child that does the same is told by its parent's answer (user_namespaces(7)).
func checkUserNamespace(*patient) []finding {
	f := finding{name: "user namespace"}
	b, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		f.value = "this kernel has none, or hides it: " + reading.FromError(err).String()
		return []finding{f}
	}
	f.value = "uid_map " + strings.Join(strings.Fields(string(b)), " ")
	maps, err := proc.ParseIDMap(b)
	const everyID = 1<<32 - 1
	if err != nil || len(maps) != 1 || maps[0] != (proc.IDMapping{Count: everyID}) {
		f.health = limited
		f.meaning = "cutaway runs in a user namespace of its own: being root here is not being root on the host."
		f.advice = "Run it on the host to see processes of users that are not mapped here."
	}
	return []finding{f}
}

func checkPIDNamespace(p *patient) []finding {
	f := finding{name: "PID namespace", value: "processes of this PID namespace and those below it"}
	if p.self != nil && len(p.self.NSpid) > 1 {
		f.value = "this proc file system belongs to a PID namespace above ours"
	}
	link, err := os.Readlink(p.inspect.Proc + "/self")
	if err != nil || link == "" {
		f.health, f.value = limited, p.inspect.Proc+" belongs to another PID namespace than ours, or is a copy: self is not there"
		f.meaning = "PIDs are those of that namespace; TARGET self does not work."
	}
	return []finding{f}
}

// checkHost says whether "the host's namespaces" are the host's.
func checkHost(p *patient) []finding {
	if p.view == nil {
		return nil
	}
	f := finding{name: "host's namespaces", value: "read of process 1 or of a kernel thread"}
	if !p.view.Host.InitSeen {
		f.health, f.value = limited, "cannot be read: what is marked as the host's is cutaway's own"
		f.meaning = "Reading those of process 1 takes root with CAP_SYS_PTRACE over it (ptrace(2), PTRACE_MODE_READ)."
	}
	return []finding{f}
}

func checkHidePID(p *patient) []finding {
	f := finding{name: "hidepid"}
	m := security.HidePID(p.mounts, p.inspect.Proc)
	if !m.OK() {
		f.value = "no proc is mounted at " + p.inspect.Proc + ": a copy, or a part of one"
		return []finding{f}
	}
	f.value, f.meaning = m.Value.HidePID, m.Value.Meaning()
	if m.Value.Hides() || m.Value.PIDOnly {
		f.health = limited
		f.advice = "mount -o remount,hidepid=0 " + p.inspect.Proc
		if os.Geteuid() != 0 {
			f.advice = "As root: " + f.advice + ", or run cutaway as root."
		}
	}
	return []finding{f}
}

// checkDenied counts what was refused.
func checkDenied(p *patient) []finding {
	if p.view == nil {
		return nil
	}
	f := finding{name: "refused values", value: "none"}
	if p.view.Denied == 0 {
		return []finding{f}
	}
	f.health = limited
	f.value = fmt.Sprintf("of %d of %d processes: %s", p.view.Denied, len(p.view.Procs), strings.Join(deniedFiles(p.view.Snapshot), ", "))
	f.meaning = "They are shown as ?, and as null in JSON."
	return []finding{f}
}

// deniedFiles counts how often each file was refused, most first.
func deniedFiles(s *inspect.Snapshot) []string {
	counts := map[string]int{}
	for i := range s.Procs {
		f := s.Procs[i].Facts
		note := func(file string, how reading.How) {
			if how.State == reading.Denied {
				counts[file]++
			}
		}
		note("stat", s.Procs[i].How)
		note("status", f.Status.How)
		note("cgroup", f.Cgroup.How)
		note("attr/current", f.Label.How)
		note("cmdline", f.Cmdline.How)
		note("exe", f.Exe.How)
		note("cwd", f.Cwd.How)
		note("root", f.Root.How)
		if f.NS != nil {
			note("ns/*", worst(f.NS))
		}
	}
	files := make([]string, 0, len(counts))
	for file := range counts {
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, file := range files {
		files[i] = fmt.Sprintf("%s %d", file, counts[file])
	}
	return files
}

// worst is the reading of the first link that was refused, or a known one.
func worst(ns *proc.Namespaces) reading.How {
	for _, how := range ns.How {
		if how.State == reading.Denied {
			return how
		}
	}
	return reading.How{State: reading.Known}
}
