package cli

import (
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
	"cutaway/sandbox/export"
	"cutaway/sandbox/limit"
)

// oddities are values that a shell must not take apart.
var oddities = []string{"/a b", "/it's", "/$x;`y`", "/-e", "/é", "/a=b", "/x\ny", "/*"}

// mutations each change something in a Spec. Not every combination is valid.
var mutations = []func(s *sandbox.Spec, r *rand.Rand){
	func(s *sandbox.Spec, r *rand.Rand) {
		name := sandbox.NamespaceTypes[r.IntN(8)]
		*s.Namespaces.Of(name) = []sandbox.Source{"new", "host", "container:db", "process:42"}[r.IntN(4)]
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Namespaces.Net, s.Sys = sandbox.HostNamespace, sandbox.SysEmpty },
	func(s *sandbox.Spec, _ *rand.Rand) { s.Namespaces.UTS, s.Hostname = sandbox.HostNamespace, "" },
	func(s *sandbox.Spec, r *rand.Rand) { s.Hostname = []string{"", "web", "a-b.c"}[r.IntN(3)] },
	func(s *sandbox.Spec, _ *rand.Rand) { s.Network.Loopback = !s.Network.Loopback },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Network.Veth = &sandbox.Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30", Gateway: r.IntN(2) == 0}
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Time = sandbox.TimeOffsets{Boottime: r.Int64N(9) - 4, Monotonic: r.Int64N(3)}
	},
	func(s *sandbox.Spec, _ *rand.Rand) {
		s.UIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 1000, Count: 2}, {Inside: 5, Outside: 9000, Count: 60000}}
	},
	func(s *sandbox.Spec, _ *rand.Rand) {
		s.GIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 1000, Count: 60000}}
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Root = sandbox.Root{
			Kind:     []sandbox.RootKind{"keep", "host", "overlay", "dir", "tar", "image"}[r.IntN(6)],
			Switch:   []sandbox.Switch{sandbox.PivotRoot, sandbox.Chroot}[r.IntN(2)],
			Writable: r.IntN(2) == 0,
		}
		if k := s.Root.Kind; k == sandbox.RootDir || k == sandbox.RootTar || k == sandbox.RootImage {
			s.Root.Path = oddities[r.IntN(len(oddities))]
		}
	},
	func(s *sandbox.Spec, r *rand.Rand) { s.Root.Ref = "v" + string(rune('1'+r.IntN(3))) },
	func(s *sandbox.Spec, r *rand.Rand) { s.Root.Tmp = oddities[:r.IntN(4)] },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Root.Hide = append(slices.Clone(s.Root.Hide), oddities[r.IntN(len(oddities))])
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		kind := []sandbox.MountKind{sandbox.BindRO, sandbox.BindRW, sandbox.TmpFS, sandbox.MQueue, sandbox.CgroupFS}[r.IntN(5)]
		m := sandbox.Mount{Kind: kind, Target: oddities[r.IntN(len(oddities))]}
		switch kind {
		case sandbox.BindRO, sandbox.BindRW:
			m.Source, m.Dev = oddities[r.IntN(len(oddities))], r.IntN(2) == 0
		case sandbox.TmpFS:
			m.Size = r.Int64N(3) * 1000
		}
		s.Mounts = append(slices.Clone(s.Mounts), m)
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Mounts = nil },
	func(s *sandbox.Spec, r *rand.Rand) { s.Proc = []sandbox.Proc{"new", "unmasked", "keep"}[r.IntN(3)] },
	func(s *sandbox.Spec, r *rand.Rand) { s.Sys = []sandbox.Sys{"new", "empty", "keep"}[r.IntN(3)] },
	func(s *sandbox.Spec, r *rand.Rand) { s.Dev = []sandbox.Dev{"minimal", "keep"}[r.IntN(2)] },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Capabilities = [][]string{nil, {"all"}, {"cap_chown"}, {"cap_chown", "cap_sys_admin"}}[r.IntN(4)]
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.NoNewPrivs = !s.NoNewPrivs },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Seccomp = []sandbox.Seccomp{"docker", "strict", "off"}[r.IntN(3)]
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Landlock = &sandbox.Landlock{Read: oddities[:1+r.IntN(3)], Write: oddities[4 : 4+r.IntN(2)]}
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: r.Int64N(9), Hard: -1}, {Name: "core"}}
	},
	func(s *sandbox.Spec, r *rand.Rand) { s.Limits.Memory = new(limit.Amount(1<<20 + r.Int64N(1<<30))) },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Limits.Swap, s.Limits.CPUs = new(limit.Amount(r.Int64N(9999))), new(0.25)
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Limits = limit.Set{} },
	func(s *sandbox.Spec, _ *rand.Rand) {
		s.Limits.IO = []limit.IO{{Device: "8:0", ReadBPS: 1000, WriteIOPS: 5}, {Device: "/dev/sda", ReadIOPS: limit.Max, WriteBPS: 1 << 20}}
		s.Limits.CPUSet, s.Limits.Weight = "0-3,5", new(uint64(7))
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Cgroup = !s.Cgroup },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Env.Keep = append(slices.Clone(s.Env.Keep), []string{"TOKEN", "HOME", "LC_*", "*"}[r.IntN(4)])
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Env.Set = map[string]string{"A": oddities[r.IntN(len(oddities))], "HOME": "/root", "PATH": ""}
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Env = sandbox.Env{} },
	func(s *sandbox.Spec, r *rand.Rand) { s.Dir = oddities[r.IntN(len(oddities))] },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.User = sandbox.User{UID: r.Uint32N(3), GID: r.Uint32N(3), Groups: []uint32{7, 8}[:r.IntN(3)]}
	},
	func(s *sandbox.Spec, _ *rand.Rand) { s.Init = !s.Init },
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Terminal = []sandbox.Terminal{"auto", "always", "never"}[r.IntN(3)]
	},
	func(s *sandbox.Spec, r *rand.Rand) {
		s.Command = append([]string{"/bin/sh", "--net=host"}, oddities[:r.IntN(5)]...)
	},
}

// What `--print run` writes makes the same Spec again, for whatever Spec.
func TestRunLineMakesTheSpecAgain(t *testing.T) {
	livetest.NeedTools(t, "bash")
	const seed = 20
	r := rand.New(rand.NewPCG(seed, seed))
	presets := sandbox.Presets()
	tried := 0
	for range 1500 {
		s, _ := presets[r.IntN(len(presets))].Spec(nil)
		if s.Preset == "chroot" {
			s.Root.Path = "/srv"
		}
		for range r.IntN(7) {
			mutations[r.IntN(len(mutations))](&s, r)
		}
		if s.Validate() != nil {
			continue
		}
		tried++
		again(t, &s)
		if t.Failed() {
			return
		}
	}
	if tried < 200 {
		t.Errorf("only %d Specs were valid", tried)
	}
}

// again writes the Spec as a command line, has a shell take it apart, and reads the flags.
func again(t *testing.T, s *sandbox.Spec) {
	t.Helper()
	script, err := export.CutawayRun(s)
	if err != nil || len(script.Missing) > 0 {
		t.Fatalf("%v %q\n%s", err, script.Missing, s.JSON())
	}
	words, err := exec.Command("bash", "-c", "cutaway() { printf '%s\\0' \"$@\"; }\n"+script.Text).Output()
	if err != nil {
		t.Fatalf("bash: %v\n%s", err, script.Text)
	}
	args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
	got, _, err := specOf(args[1:]...)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script.Text, s.JSON())
	}
	if diff := cmp.Diff(string(canonical(s).JSON()), string(canonical(got).JSON())); diff != "" {
		t.Fatalf("%s\n%s", script.Text, diff)
	}
}

// canonical writes in one way what can be said in several.
func canonical(s *sandbox.Spec) *sandbox.Spec {
	c := *s
	c.Preset = ""
	for _, name := range sandbox.NamespaceTypes {
		if source := c.Namespaces.Of(name); *source == "" {
			*source = sandbox.HostNamespace
		}
	}
	if keep, all := c.Kept(); !all {
		c.Capabilities = append([]string{}, keep.Names()...)
	}
	return &c
}
