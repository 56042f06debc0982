package sandbox

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/caps"
	"cutaway/sandbox/check"
)

// A preset that separates little says so, and one that separates much does not cry wolf.
func TestPresetsWarn(t *testing.T) {
	for _, p := range Presets() {
		s, _ := p.Spec(nil)
		bare := s.Root.Kind == RootKeep || s.Root.Switch == Chroot
		_, joins := s.Namespaces.Net.Joined()
		if (p.Warning != "") != (bare || joins) {
			t.Errorf("%s warns %q", p.Name, p.Warning)
		}
		if p.Title == "" || !strings.HasSuffix(p.Sentence, ".") || strings.Contains(p.Warning, "\n") {
			t.Errorf("%s is not described: %q %q", p.Name, p.Title, p.Sentence)
		}
		if found, ok := PresetNamed(p.Name); !ok || found.Title != p.Title {
			t.Errorf("%s is not found by its name", p.Name)
		}
	}
	if _, ok := PresetNamed("none"); ok {
		t.Error("found a preset that there is not")
	}
}

// refusing is a machine that refuses launches with some property.
func refusing(reasons ...func(*check.Need) bool) func(check.Need) []check.Finding {
	return func(n check.Need) (found []check.Finding) {
		for _, refuses := range reasons {
			if refuses(&n) {
				found = append(found, check.Finding{Health: check.Refused})
			}
		}
		return found
	}
}

func TestFit(t *testing.T) {
	const mnt, user, cgroup, time = 0, 5, 6, 7 // places in NamespaceTypes
	noCgroups := func(n *check.Need) bool { return n.Cgroup }
	for _, c := range []struct {
		name, preset string
		root         bool
		reasons      []func(*check.Need) bool
		change       func(*Spec)
		notes        []string
	}{
		{name: "all is allowed", preset: "isolated", root: true, change: func(*Spec) {}},
		{
			name: "no cgroups", preset: "isolated", reasons: []func(*check.Need) bool{noCgroups},
			change: func(s *Spec) { s.Limits.Memory, s.Limits.PIDs, s.Limits.CPUs = nil, nil, nil },
			notes:  []string{"without the preset's limits"},
		},
		{
			name: "no time namespaces", preset: "isolated", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.New[time] }},
			change: func(s *Spec) { s.Namespaces.Time = HostNamespace },
			notes:  []string{"time namespace"},
		},
		{
			name: "masked /sys", preset: "isolated", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.Sys }},
			change: func(s *Spec) { s.Sys = SysEmpty },
			notes:  []string{"empty /sys"},
		},
		{
			name: "no cgroup mounts", preset: "docker", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.Cgroups }},
			change: func(s *Spec) { s.leaveOut(CgroupFS) },
			notes:  []string{"/sys/fs/cgroup"},
		},
		{
			name: "no cgroup namespaces", preset: "docker", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.New[cgroup] }},
			change: func(s *Spec) { s.Namespaces.Cgroup = HostNamespace; s.leaveOut(CgroupFS) },
			notes:  []string{"cgroup namespace"},
		},
		{
			name: "no user namespaces are a refusal", preset: "isolated", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.New[user] }},
			change: func(*Spec) {},
		},
		{
			name: "no mount namespaces are a refusal", preset: "pid", root: true, reasons: []func(*check.Need) bool{func(n *check.Need) bool { return n.New[mnt] }},
			change: func(*Spec) {},
		},
		{
			name: "a user's PID namespace", preset: "pid", change: func(s *Spec) { s.Namespaces.User = NewNamespace },
			notes: []string{"user namespace"},
		},
		{
			name: "a user's chroot", preset: "chroot", change: func(s *Spec) { s.Namespaces.User = NewNamespace },
			notes: []string{"user namespace"},
		},
		{name: "a user without capabilities", preset: "nocaps", change: func(*Spec) {}},
		{
			name: "a cgroup and nothing else", preset: "cgroup", reasons: []func(*check.Need) bool{noCgroups},
			change: func(*Spec) {}, notes: nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := PresetNamed(c.preset)
			want, _ := p.Spec(nil)
			c.change(&want)
			got, _ := p.Spec(nil)
			notes := got.fit(c.root, refusing(c.reasons...))
			if diff := cmp.Diff(string(want.JSON()), string(got.JSON())); diff != "" {
				t.Error(diff)
			}
			if len(notes) != len(c.notes) {
				t.Fatalf("notes %v, want some with %q", notes, c.notes)
			}
			for i, want := range c.notes {
				if !strings.Contains(notes[i].Text, want) {
					t.Errorf("note %q does not say %q", notes[i].Text, want)
				}
			}
		})
	}
}

// Each preset on this machine is launched and looked at from inside: namespaces, rights and root are as it says.
func TestPresetsLaunched(t *testing.T) {
	m, err := check.Probe()
	if err != nil {
		t.Fatal(err)
	}
	root := busyboxRoot(t)
	for _, p := range Presets() {
		t.Run(p.Name, func(t *testing.T) {
			if p.Name == "cgroup" {
				needRoot(t)
			}
			s, notes := p.Spec(m)
			t.Logf("notes: %q", notes)
			if p.NeedsDir {
				s.Root.Path = root
			}
			if p.Target {
				needRoot(t)
				s.Namespaces.Net = "process:1"
			}
			s.Terminal = TerminalNever
			s.Command = []string{"/bin/sh", "-c", `for n in mnt net pid ipc uts user cgroup time; do readlink /proc/self/ns/$n; done
				grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; echo pid $$; ls /etc | grep -c .; hostname`}
			if s.Root.Switch == Chroot { // its /proc is empty
				s.Command[2] = "ls /; test -d /../bin && echo closed"
			}
			r := run(t, &s, Options{Environ: os.Environ(), Resolve: func(string) (int, uint64, error) {
				return os.Getpid(), startTime(os.Getpid()), nil
			}})
			if s.Root.Switch == Chroot {
				if !strings.Contains(r.out, "bin\n") || !strings.Contains(r.out, "closed") || strings.Contains(r.out, "home") {
					t.Errorf("the root inside: %q %q", r.out, r.errOut)
				}
				return
			}
			look(t, &s, lines(r.out), r.errOut)
		})
	}
}

// look compares what a command saw with the Spec.
func look(t *testing.T, s *Spec, out []string, errOut string) {
	t.Helper()
	if len(out) < 14 {
		t.Fatalf("saw too little: %q %q", out, errOut)
	}
	for i, name := range NamespaceTypes {
		ours, _ := os.Readlink("/proc/self/ns/" + name)
		if source := *s.Namespaces.Of(name); (out[i] != ours) != source.IsNew() {
			t.Errorf("%s is %s inside and %s outside, where the Spec says %s", name, out[i], ours, source)
		}
	}
	field := func(name string) string {
		for _, l := range out {
			if value, ok := strings.CutPrefix(l, name+":"); ok {
				return strings.TrimSpace(value)
			}
		}
		return "none"
	}
	keep, all := s.Kept()
	if got := field("CapEff"); !all && got != keep.Hex() && (os.Geteuid() == 0 || s.Namespaces.User.IsNew()) {
		t.Errorf("effective capabilities %s, not %s", got, keep.Hex())
	}
	if got := field("NoNewPrivs"); (got == "1") != s.NoNewPrivs {
		t.Errorf("no_new_privs is %s", got)
	}
	if got := field("Seccomp"); (got == "2") != (s.Seccomp != SeccompOff) {
		t.Errorf("seccomp is %s", got)
	}
	if s.Namespaces.PID.IsNew() {
		want := "pid 1"
		if got := slices.Contains(out, want); got == s.Init {
			t.Errorf("the command is %s with init %v", out[12], s.Init)
		}
	}
	if host, _ := os.Hostname(); s.Hostname != "" && (out[len(out)-1] != s.Hostname || host == s.Hostname) {
		t.Errorf("hostname %s", out[len(out)-1])
	}
}

func TestLikeDockerKeepsDockersCapabilities(t *testing.T) {
	p, _ := PresetNamed("docker")
	s, _ := p.Spec(nil)
	if keep, all := s.Kept(); all || keep != caps.DockerDefault {
		t.Errorf("keeps %s", keep.Hex())
	}
}
