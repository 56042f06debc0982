package export

import (
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/steps"
)

// isThere tells what a path of the host's is; tests have their own host.
var isThere = func(path string) (there, dir bool) {
	info, err := os.Stat(path)
	return err == nil, err == nil && info.IsDir()
}

// masked are the paths that the launch would cover with something empty, without those that a Spec hides by name.
func masked(s *sandbox.Spec, o *steps.Launch) (list []string) {
	for i := range o.Ops {
		if o.Ops[i].Verb == stage.Mask && !hides(s, o.Ops[i].Target) {
			list = append(list, o.Ops[i].Target)
		}
	}
	return list
}

func hides(s *sandbox.Spec, path string) bool {
	for _, p := range s.Root.Hide {
		if p == path {
			return true
		}
	}
	return false
}

// readOnlyPaths are the paths that the launch would make read-only in place.
func readOnlyPaths(o *steps.Launch) (list []string) {
	for i := range o.Ops {
		if o.Ops[i].Verb == stage.ReadOnly && strings.HasPrefix(o.Ops[i].Target, "/proc/") {
			list = append(list, o.Ops[i].Target)
		}
	}
	return list
}

// tmpMode is the mode of a tmpfs in a place, as the launch would make it.
func tmpMode(target string) string {
	switch {
	case target == "/tmp", target == "/var/tmp", target == "/dev/shm":
		return "1777"
	case target == "/root":
		return "0700"
	}
	return "0755"
}

// rlimitValue is a resource limit with its number -1 as prlimit(1) has it.
func rlimitValue(n int64) string {
	if n == -1 {
		return "unlimited"
	}
	return strconv.FormatInt(n, 10)
}

// pidOf is the process behind "container:NAME" or "process:PID", as a word of a shell.
func pidOf(source sandbox.Source) string {
	target, _ := source.Joined()
	if strings.HasPrefix(string(source), "container:") {
		return `"$(docker inspect --format '{{.State.Pid}}' -- ` + shell.Quote(target) + `)"`
	}
	return shell.Quote(target)
}

// joins are nsenter(1)'s options for the namespaces that are joined.
func joins(s *sandbox.Spec) (words []string) {
	for _, name := range sandbox.NamespaceTypes {
		if source := *s.Namespaces.Of(name); isJoined(source) {
			option := name
			if name == "mnt" {
				option = "mount"
			}
			words = append(words, "--"+option+"=/proc/"+pidOf(source)+"/ns/"+name)
		}
	}
	return words
}

// lackOfTools is for a tool that is started in the mounts that are joined.
func (l *lacks) lackOfTools(s *sandbox.Spec, tools string) {
	l.lackIf(isJoined(s.Namespaces.Mnt), "the joined mounts without %s in them: cutaway brings itself along", tools)
}

// lackOfNames is for a tool that is told PIDs, which Docker is asked for.
func (l *lacks) lackOfNames(s *sandbox.Spec) {
	for _, name := range sandbox.NamespaceTypes {
		source := string(*s.Namespaces.Of(name))
		l.lackIf(strings.HasPrefix(source, "container:"), "a container of another engine: its PID instead of what docker inspect says")
	}
}

func isJoined(source sandbox.Source) bool {
	_, joined := source.Joined()
	return joined
}

// everything is what a command keeps that keeps all capabilities: over a new user namespace this kernel's, else what the
// caller has.
func everything(s *sandbox.Spec) caps.Set {
	set := caps.UpTo(caps.LastKnown())
	if last := caps.Last("/proc"); last.OK() {
		set = caps.UpTo(min(last.Value, caps.LastKnown()))
	}
	var own proc.Status
	if b, err := os.ReadFile("/proc/self/status"); err == nil && proc.ParseStatus(b, &own) == nil && !s.Namespaces.User.IsNew() {
		set &= caps.Set(own.CapPrm)
	}
	return set
}

// deviceNumbers are a block device's, given by its path or by its numbers.
func deviceNumbers(device string) (major, minor int64, ok bool) {
	if strings.HasPrefix(device, "/") {
		var st unix.Stat_t
		if unix.Stat(device, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
			return 0, 0, false
		}
		return int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev)), true
	}
	first, second, _ := strings.Cut(device, ":")
	major, err1 := strconv.ParseInt(first, 10, 64)
	minor, err2 := strconv.ParseInt(second, 10, 64)
	return major, minor, err1 == nil && err2 == nil
}

// lackOfOwners is for a tool that maps ids but not the owners of files of the host's.
func (l *lacks) lackOfOwners(s *sandbox.Spec, plan *steps.Launch, how string) {
	is := s.Root.Kind == sandbox.RootDir || s.Root.Kind == sandbox.RootImage
	for _, m := range s.Mounts {
		is = is || m.Kind == sandbox.BindRW
	}
	l.lackIf(is && s.Namespaces.User.IsNew() && !plan.Unprivileged, "owners as inside: the host's files belong to nobody there (%s)", how)
}

// lackOfAll are what no tool but cutaway has, or what no tool can be told.
func (l *lacks) lackOfAll(s *sandbox.Spec, tool string) {
	l.lackIf(s.Landlock != nil, "landlock: %s has none", tool)
	l.lackIf(s.Network.Veth != nil, "the veth pair to the host: make it by ip link from outside")
	l.lackIf(s.Namespaces.Net.IsNew() && !s.Network.Loopback, "a network whose lo is down")
	l.lackIf(s.Root.Switch == sandbox.Chroot && s.Root.Kind != sandbox.RootKeep, "chroot(2) alone: %s takes pivot_root(2)", tool)
}

// base is the last element of a path, for a name that is made of it.
func base(name string) string {
	b := strings.ToLower(path.Base(name))
	b, _, _ = strings.Cut(b, ".")
	b = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, b)
	if b == "" {
		return "root"
	}
	return b
}
