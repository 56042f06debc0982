package sandbox

import (
	"errors"
	"strings"
	"testing"

	"cutaway/sandbox/limit"
)

// Each change of a valid Spec is refused with the name of its field and nothing else.
func TestValidate(t *testing.T) {
	amount := func(n int64) *limit.Amount { a := limit.Amount(n); return &a }
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name, field, says string
		change            func(*Spec)
	}{
		{"no version", "version", "only 1 to 1", func(s *Spec) { s.Version = 0 }},
		{"newer", "version", "newer cutaway", func(s *Spec) { s.Version = 2 }},
		{"preset", "preset", "isolated", func(s *Spec) { s.Preset = "secure" }},
		{"no command", "command", "there is none", func(s *Spec) { s.Command = nil }},
		{"empty command", "command", "there is none", func(s *Spec) { s.Command = []string{""} }},
		{"NUL in the command", "command", "NUL", func(s *Spec) { s.Command = []string{"a\x00b"} }},
		{"long word", "command", "131071", func(s *Spec) { s.Command = []string{"a", long} }},
		{"relative dir", "dir", "absolute", func(s *Spec) { s.Dir = "tmp" }},
		{"dir with dots", "dir", "absolute", func(s *Spec) { s.Dir = "/tmp/.." }},
		{"terminal", "terminal", "say auto, always or never", func(s *Spec) { s.Terminal = "yes" }},

		{"variable with =", "env.set", "no =", func(s *Spec) { s.Env.Set = map[string]string{"A=B": ""} }},
		{"variable without a name", "env.set", `""`, func(s *Spec) { s.Env.Set = map[string]string{"": "x"} }},
		{"NUL in a value", "env.set", "NUL", func(s *Spec) { s.Env.Set = map[string]string{"A": "x\x00"} }},
		{"long value", "env.set", "variable", func(s *Spec) { s.Env.Set = map[string]string{"A": long} }},
		{"star inside", "env.keep", "LC_*", func(s *Spec) { s.Env.Keep = []string{"L*C"} }},
		{"many names", "env.keep", "1000", func(s *Spec) { s.Env.Keep = make([]string, 1001) }},
		{"nobody", "user", "4294967295", func(s *Spec) { s.User.GID = noID }},
		{"many groups", "user.groups", "65536", func(s *Spec) { s.User.Groups = make([]uint32, 65537) }},

		{"source", "namespaces.net", "new, host, container:NAME", func(s *Spec) { s.Namespaces.Net = "private"; s.Sys = SysEmpty }},
		{"no target", "namespaces.net", "container:NAME", func(s *Spec) { s.Namespaces.Net = "container:"; s.Sys = SysEmpty }},
		{"no PID", "namespaces.ipc", "is not a PID", func(s *Spec) { s.Namespaces.IPC = "process:db" }},
		{"joined mnt with a root", "root", "brings its own", func(s *Spec) {
			*s = s.without()
			s.Namespaces.Mnt = "process:1"
			s.Root.Kind, s.Root.Path = RootDir, "/x"
		}},
		{"the host's name", "hostname", "new uts", func(s *Spec) { s.Namespaces.UTS = HostNamespace }},
		{"another's name", "hostname", "what is joined", func(s *Spec) { s.Namespaces.UTS = "container:db" }},
		{"escape in a name", "hostname", "letters", func(s *Spec) { s.Hostname = "a\x1b[2J" }},
		{"long name", "hostname", "64", func(s *Spec) { s.Hostname = strings.Repeat("x", 65) }},
		{"offsets", "time", "new time", func(s *Spec) { s.Namespaces.Time = HostNamespace; s.Time.Boottime = 1 }},
		{"great offset", "time", "146 years", func(s *Spec) { s.Time.Monotonic = -5e9 }},

		{"map without namespace", "uid_map", "new user", func(s *Spec) { s.Namespaces.User = HostNamespace; s.UIDMap = []IDMapping{{0, 1000, 1}} }},
		{"host root", "uid_map", "core_pattern", func(s *Spec) { s.UIDMap = []IDMapping{{0, 0, 1}} }},
		{"host root's group", "gid_map", "core_pattern", func(s *Spec) { s.GIDMap = []IDMapping{{0, 0, 65536}} }},
		{"empty range", "uid_map", "no range", func(s *Spec) { s.UIDMap = []IDMapping{{0, 1000, 1}, {1, 2000, 0}} }},
		{"beyond the last id", "uid_map", "no range", func(s *Spec) { s.UIDMap = []IDMapping{{0, 1000, 1}, {1, 4294967290, 6}} }},
		{"overlap inside", "uid_map", "overlaps", func(s *Spec) { s.UIDMap = []IDMapping{{0, 1000, 10}, {9, 2000, 1}} }},
		{"overlap outside", "gid_map", "overlaps", func(s *Spec) { s.GIDMap = []IDMapping{{0, 1000, 10}, {100, 1009, 1}} }},
		{"user not mapped", "uid_map", "does not map 33", func(s *Spec) { s.UIDMap = []IDMapping{{0, 1000, 10}}; s.User.UID = 33 }},
		{"group not mapped", "gid_map", "does not map 7", func(s *Spec) { s.GIDMap = []IDMapping{{0, 1000, 5}}; s.User.Groups = []uint32{7} }},
		{"many lines", "uid_map", "340", func(s *Spec) { s.UIDMap = make([]IDMapping, 341) }},

		{"kind", "root.kind", "image", func(s *Spec) { s.Root = Root{Kind: "zip", Switch: PivotRoot} }},
		{"switch", "root.switch", "pivot_root or chroot", func(s *Spec) { s.Root.Switch = "move" }},
		{"chroot nowhere", "root.switch", "no new root", func(s *Spec) { s.Root = Root{Kind: RootKeep, Switch: Chroot} }},
		{"no path", "root.path", "absolute", func(s *Spec) { s.Root = Root{Kind: RootDir, Switch: PivotRoot} }},
		{"path of the host", "root.path", "means nothing", func(s *Spec) { s.Root.Path = "/srv" }},
		{"ref of a tar", "root.ref", "manifests", func(s *Spec) { s.Root = Root{Kind: RootTar, Path: "/a", Ref: "v1", Switch: PivotRoot} }},
		{"host writable", "root.writable", "overlay", func(s *Spec) { s.Root.Writable = true }},
		{"tmp of a dir", "root.tmp", "use mounts", func(s *Spec) { s.Root = Root{Kind: RootDir, Path: "/a", Switch: PivotRoot, Tmp: []string{"/tmp"}} }},
		{"hide all", "root.hide", "below the root", func(s *Spec) { s.Root.Hide = []string{"/"} }},
		{"many hidden", "root.hide", "1000", func(s *Spec) { s.Root.Hide = make([]string, 1001) }},
		{"host's mounts", "root", "new mnt", func(s *Spec) { *s = s.without(); s.Root = Root{Kind: RootHost, Switch: PivotRoot} }},
		{"pivot for all", "root.switch", "everybody", func(s *Spec) {
			*s = s.without()
			s.Root = Root{Kind: RootDir, Path: "/a", Switch: PivotRoot, Writable: true}
		}},
		{"chroot into the cache", "root", "cache", func(s *Spec) {
			*s = s.without()
			s.Root = Root{Kind: RootTar, Path: "/a", Switch: Chroot, Writable: true}
		}},
		{"chroot read-only", "root.writable", "chroot alone", func(s *Spec) { *s = s.without(); s.Root = Root{Kind: RootDir, Path: "/a", Switch: Chroot} }},

		{"mounts of the host", "mounts", "the host's", func(s *Spec) { *s = s.without(); s.Mounts = []Mount{{Kind: TmpFS, Target: "/mnt"}} }},
		{"many mounts", "mounts", "200", func(s *Spec) { s.Mounts = make([]Mount, 201) }},
		{"mount kind", "mounts[0]", "tmpfs", func(s *Spec) { s.Mounts = []Mount{{Kind: "nfs", Target: "/mnt"}} }},
		{"mount over the root", "mounts[0]", "below the root", func(s *Spec) { s.Mounts = []Mount{{Kind: TmpFS, Target: "/"}} }},
		{"mount with dots", "mounts[0]", "below the root", func(s *Spec) { s.Mounts = []Mount{{Kind: TmpFS, Target: "/a/../b"}} }},
		{"bind of nothing", "mounts[0]", "source", func(s *Spec) { s.Mounts = []Mount{{Kind: BindRO, Target: "/mnt"}} }},
		{"relative bind", "mounts[0]", "source", func(s *Spec) { s.Mounts = []Mount{{Kind: BindRW, Source: "a", Target: "/mnt"}} }},
		{"tmpfs with a source", "mounts[0]", "a bind's", func(s *Spec) { s.Mounts = []Mount{{Kind: TmpFS, Source: "/a", Target: "/mnt"}} }},
		{"negative size", "mounts[0]", "bytes", func(s *Spec) { s.Mounts = []Mount{{Kind: TmpFS, Size: -1, Target: "/mnt"}} }},
		{"size of a bind", "mounts[0]", "bytes", func(s *Spec) { s.Mounts = []Mount{{Kind: BindRO, Source: "/a", Size: 1, Target: "/mnt"}} }},

		{"proc kind", "proc", "unmasked", func(s *Spec) { s.Proc = "" }},
		{"sys kind", "sys", "empty", func(s *Spec) { s.Sys = "ro" }},
		{"dev kind", "dev", "minimal", func(s *Spec) { s.Dev = "full" }},
		{"dev of the host", "dev", "on the host's", func(s *Spec) { *s = s.without(); s.Dev = DevMinimal }},
		{"processes of the host", "proc", "new pid", func(s *Spec) { s.Namespaces.PID = HostNamespace }},
		{"processes of another", "proc", "may not mount", func(s *Spec) { s.Namespaces.PID = "container:db" }},
		{"network of the host", "sys", "new net", func(s *Spec) { s.Namespaces.Net = HostNamespace }},
		{"queues of the host", "mounts[0]", "mqueue", func(s *Spec) { s.Namespaces.IPC = HostNamespace; s.Mounts = []Mount{{Kind: MQueue, Target: "/q"}} }},
		{"cgroups of the host", "mounts[0]", "cgroupfs", func(s *Spec) { s.Namespaces.Cgroup = HostNamespace; s.Mounts = []Mount{{Kind: CgroupFS, Target: "/c"}} }},
		{"veth of the host", "network.veth", "new net", func(s *Spec) {
			s.Namespaces.Net, s.Sys = HostNamespace, SysEmpty
			s.Network.Veth = &Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30"}
		}},
		{"veth without prefix", "network.veth", "10.77.0.1/30", func(s *Spec) { s.Network.Veth = &Veth{Host: "10.77.0.1", Inside: "10.77.0.2/30"} }},

		{"capability", "capabilities", "did you mean", func(s *Spec) { s.Capabilities = []string{"net_rew"} }},
		{"all and more", "capabilities", "alone", func(s *Spec) { s.Capabilities = []string{"all", "-sys_admin"} }},
		{"taken away", "capabilities", "no name", func(s *Spec) { s.Capabilities = []string{"-sys_admin"} }},
		{"two in one", "capabilities", "no name", func(s *Spec) { s.Capabilities = []string{"chown,kill"} }},
		{"none", "capabilities", "no name", func(s *Spec) { s.Capabilities = []string{"none"} }},
		{"filter", "seccomp", "docker, strict or off", func(s *Spec) { s.Seccomp = "" }},
		{"landlock without paths", "landlock", "no path", func(s *Spec) { s.Landlock = &Landlock{} }},
		{"landlock path", "landlock", "absolute", func(s *Spec) { s.Landlock = &Landlock{Read: []string{"usr"}} }},
		{"resource", "rlimits", "prlimit --help", func(s *Spec) { s.Rlimits = []Rlimit{{"files", 1, 1}} }},
		{"soft above hard", "rlimits", "above", func(s *Spec) { s.Rlimits = []Rlimit{{"nofile", 2, 1}} }},
		{"soft unlimited", "rlimits", "above", func(s *Spec) { s.Rlimits = []Rlimit{{"nofile", -1, 1}} }},
		{"negative", "rlimits", "unlimited", func(s *Spec) { s.Rlimits = []Rlimit{{"nofile", -2, -2}} }},
		{"twice", "rlimits", "twice", func(s *Spec) { s.Rlimits = []Rlimit{{"core", 0, 0}, {"core", 1, 1}} }},
		{"no memory", "limits", "leave nothing", func(s *Spec) { s.Limits.Memory = amount(0) }},
		{"little memory", "limits.memory", "no program starts", func(s *Spec) { s.Limits.Memory = amount(4096) }},
		{"cpus", "limits", "CPUs", func(s *Spec) { s.Limits.CPUs = new(-1.0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Default()
			c.change(&s)
			err := s.Validate()
			var field *FieldError
			if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Error(), c.says) {
				t.Fatalf("got %v\nwant one about %s that says %q", err, c.field, c.says)
			}
			if errs, ok := err.(interface{ Unwrap() []error }); ok && len(errs.Unwrap()) != 1 {
				for _, e := range errs.Unwrap() {
					if errors.As(e, &field) && field.Field != c.field {
						t.Errorf("complains also of %s", e)
					}
				}
			}
			if strings.ContainsAny(err.Error(), "\x00\x1b") || len(err.Error()) > 100_000 {
				t.Errorf("the message is not fit for a terminal: %.200q", err)
			}
		})
	}
}

// without is a sandbox of nothing, which is valid.
func (s *Spec) without() Spec {
	bare := *s
	onlyCgroup(&bare)
	return bare
}

// All that is wrong is said at once.
func TestValidateSaysAll(t *testing.T) {
	s := Default()
	s.Command, s.Dir, s.Seccomp = nil, "", "x"
	err := s.Validate()
	for _, field := range []string{"command:", "dir:", "seccomp:"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%v\ndoes not name %s", err, field)
		}
	}
}

func TestWhatIsValid(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"default":             func(*Spec) {},
		"joined network":      func(s *Spec) { s.Namespaces.Net = "process:1"; s.Sys = SysEmpty },
		"joined user":         func(s *Spec) { s.Namespaces.User, s.UIDMap, s.GIDMap = "process:1", nil, nil },
		"joined mnt":          func(s *Spec) { *s = s.without(); s.Namespaces.Mnt = "process:1" },
		"joined time":         func(s *Spec) { s.Namespaces.Time = "container:db" },
		"joined processes":    func(s *Spec) { s.Namespaces.PID, s.Namespaces.User = "container:db", HostNamespace },
		"range":               func(s *Spec) { s.UIDMap = []IDMapping{{0, 100000, 65536}}; s.User.UID = 33 },
		"two lines":           func(s *Spec) { s.GIDMap = []IDMapping{{0, 1000, 1}, {1, 100000, 65536}}; s.User.Groups = []uint32{5} },
		"last ids":            func(s *Spec) { s.UIDMap = []IDMapping{{0, 4294967290, 5}} },
		"directory":           func(s *Spec) { s.Root = Root{Kind: RootDir, Path: "/srv/x y", Writable: true, Switch: Chroot} },
		"image":               func(s *Spec) { s.Root = Root{Kind: RootImage, Path: "/i.tar", Ref: "v1", Switch: PivotRoot} },
		"overlay with hidden": func(s *Spec) { s.Root = Root{Kind: RootOverlay, Switch: PivotRoot, Hide: []string{"/etc/shadow"}} },
		"offsets":             func(s *Spec) { s.Time = TimeOffsets{Monotonic: -100, Boottime: 86400} },
		"kept variables":      func(s *Spec) { s.Env.Keep = []string{"*", "LC_*", "A.B"} },
		"unlimited":           func(s *Spec) { s.Rlimits = []Rlimit{{"nofile", -1, -1}, {"core", 0, -1}} },
		"numbered capability": func(s *Spec) { s.Capabilities = []string{"cap_chown", "KILL", "40"} },
		"everything kept":     func(s *Spec) { s.Capabilities = []string{"all"} },
		"mounts":              func(s *Spec) { s.Mounts = []Mount{{Kind: MQueue, Target: "/q"}, {Kind: CgroupFS, Target: "/c"}} },
		"unlimited memory":    func(s *Spec) { s.Limits.Memory = new(limit.Max) },
	} {
		s := Default()
		change(&s)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
