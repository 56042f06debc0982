package sandbox

import (
	std "cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/limit"
)

// dockerRecord is what `docker inspect` says that a Spec says too.
type dockerRecord struct {
	Path   string
	Args   []string
	Config struct {
		User, Hostname, WorkingDir string
		Env                        []string
	}
	HostConfig struct {
		Memory, MemorySwap, NanoCpus, CpuShares int64
		PidsLimit                               *int64
		CpusetCpus                              string
		CapAdd, CapDrop, SecurityOpt            []string
		ReadonlyRootfs                          bool
		NetworkMode, PidMode, IpcMode, UTSMode  string
		Tmpfs                                   map[string]string
		Ulimits                                 []struct {
			Name       string
			Soft, Hard int64
		}
	}
	Mounts []dockerMount
}

type dockerMount struct {
	Source, Destination string
	RW                  bool
}

// limits are the container's limits as a Spec has them.
func (d *dockerRecord) limits() (s limit.Set) {
	h := &d.HostConfig
	amount := func(n int64) *limit.Amount {
		if n <= 0 {
			return nil
		}
		return new(limit.Amount(n))
	}
	s.Memory, s.CPUSet = amount(h.Memory), h.CpusetCpus
	if h.MemorySwap > 0 {
		s.Swap = new(limit.Amount(h.MemorySwap - h.Memory))
	}
	if h.PidsLimit != nil {
		s.PIDs = amount(*h.PidsLimit)
	}
	if h.NanoCpus > 0 {
		s.CPUs = new(float64(h.NanoCpus) / 1e9)
	}
	if h.CpuShares > 0 {
		s.Weight = new(limit.WeightOf(uint64(h.CpuShares)))
	}
	return s
}

// capabilities are the container's by the rules of docker run(1).
func (d *dockerRecord) capabilities() caps.Set {
	set := caps.DockerDefault
	if slices.Contains(d.HostConfig.CapDrop, "ALL") {
		set = 0
	}
	change := func(names []string, f func(caps.Set)) {
		for _, name := range names {
			if one, err := caps.Encode(name); name != "ALL" && err == nil {
				f(one)
			}
		}
	}
	change(d.HostConfig.CapDrop, func(one caps.Set) { set &^= one })
	change(d.HostConfig.CapAdd, func(one caps.Set) { set |= one })
	return set
}

// expect is what the Spec says by Docker's record, line by line.
func (d *dockerRecord) expect() []string {
	h := &d.HostConfig
	source := func(mode string) Source {
		if mode == "host" {
			return HostNamespace
		}
		return NewNamespace
	}
	seccomp := SeccompDocker
	if slices.Contains(h.SecurityOpt, "seccomp=unconfined") || slices.Contains(h.SecurityOpt, "seccomp:unconfined") {
		seccomp = SeccompOff
	}
	network := NewNamespace // the tests' Docker has a network of its own, which it takes for the host's
	hostname := d.Config.Hostname
	if h.UTSMode == "host" {
		hostname = ""
	}
	lines := []string{
		fmt.Sprint("command ", append([]string{d.Path}, d.Args...)),
		fmt.Sprint("hostname ", hostname),
		fmt.Sprint("net ", network, ", pid ", source(h.PidMode), ", ipc ", source(h.IpcMode), ", uts ", source(h.UTSMode)),
		fmt.Sprint("capabilities ", d.capabilities()),
		fmt.Sprint("no_new_privs ", slices.Contains(h.SecurityOpt, "no-new-privileges")),
		fmt.Sprint("seccomp ", seccomp),
		fmt.Sprint("dir ", std.Or(d.Config.WorkingDir, "/")),
		"limits " + string((&Spec{Limits: d.limits()}).JSON()),
	}
	slices.SortFunc(d.Mounts, func(a, b dockerMount) int { return strings.Compare(a.Destination, b.Destination) })
	for _, m := range d.Mounts {
		kind := BindRO
		if m.RW {
			kind = BindRW
		}
		lines = append(lines, fmt.Sprint(kind, " ", m.Source, " ", m.Destination))
	}
	for _, target := range slices.Sorted(maps.Keys(h.Tmpfs)) {
		lines = append(lines, "tmpfs "+target+" "+h.Tmpfs[target])
	}
	if h.IpcMode == "host" {
		lines = append(lines, "tmpfs /dev/shm size=0") // of the tests' Docker
	}
	for _, u := range h.Ulimits {
		lines = append(lines, fmt.Sprint(u.Name, " ", u.Soft, ":", u.Hard))
	}
	return lines
}

// said is the same of a Spec.
func said(s *Spec) []string {
	set, _ := caps.Encode(s.Capabilities...)
	lines := []string{
		fmt.Sprint("command ", s.Command),
		fmt.Sprint("hostname ", s.Hostname),
		fmt.Sprint("net ", s.Namespaces.Net, ", pid ", s.Namespaces.PID, ", ipc ", s.Namespaces.IPC, ", uts ", s.Namespaces.UTS),
		fmt.Sprint("capabilities ", set),
		fmt.Sprint("no_new_privs ", s.NoNewPrivs),
		fmt.Sprint("seccomp ", s.Seccomp),
		fmt.Sprint("dir ", s.Dir),
		"limits " + string((&Spec{Limits: s.Limits}).JSON()),
	}
	var binds, tmpfs []string
	for _, m := range s.Mounts {
		switch m.Kind {
		case BindRO, BindRW:
			if !slices.Contains([]string{"/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/proc", "/sys"}, m.Target) { // Docker's own
				binds = append(binds, fmt.Sprint(m.Kind, " ", m.Source, " ", m.Target))
			}
		case TmpFS:
			tmpfs = append(tmpfs, fmt.Sprint("tmpfs ", m.Target, " size=", limit.Amount(m.Size).Bytes()))
		}
	}
	lines = append(append(lines, binds...), tmpfs...)
	for _, r := range s.Rlimits {
		lines = append(lines, fmt.Sprint(r.Name, " ", r.Soft, ":", r.Hard))
	}
	return lines
}

// What the kernel tells of a container is what Docker says of it.
func TestLiveLikeOfDocker(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	volume := t.TempDir()
	m := machineOf(t)
	for _, c := range []struct {
		options []string
		marks   []string // "field: words" that are there, beside those of every container
		look    func(t *testing.T, s *Spec)
	}{
		{},
		{options: []string{"--memory=128m", "--cpus=0.5", "--pids-limit=64"}},
		{options: []string{"--memory=64m", "--memory-swap=64m", "--cpu-shares=512", "--cpuset-cpus=0"}},
		{options: []string{"--cap-drop=ALL", "--cap-add=NET_RAW"}},
		{options: []string{"--cap-drop=ALL"}, look: func(t *testing.T, s *Spec) {
			if s.Capabilities != nil {
				t.Errorf("capabilities %q", s.Capabilities)
			}
		}},
		{options: []string{"--read-only", "--tmpfs", "/tmp:size=8M"}, look: func(t *testing.T, s *Spec) {
			if s.Root.Kind != RootHost {
				t.Errorf("the root is %+v", s.Root)
			}
		}},
		{options: []string{"--user", "1234:1235", "--group-add", "7"}, look: func(t *testing.T, s *Spec) {
			if s.User.UID != 1234 || s.User.GID != 1235 || !slices.Equal(s.User.Groups, []uint32{7}) {
				t.Errorf("the user is %+v", s.User)
			}
		}},
		{options: []string{"-v", volume + ":/data", "-v", volume + ":/look:ro"}, marks: []string{"mounts: the process's too"}},
		{options: []string{"--net=host"}, marks: []string{"namespaces.net: it may share"}},
		{options: []string{"--pid=host"}, marks: []string{"proc: the host's own"}, look: func(t *testing.T, s *Spec) {
			if s.Proc != ProcKeep {
				t.Errorf("/proc is %s", s.Proc)
			}
		}},
		{options: []string{"--ipc=host", "--uts=host"}},
		{options: []string{"--security-opt", "no-new-privileges"}},
		{options: []string{"--security-opt", "seccomp=unconfined"}},
		{options: []string{"--ulimit", "nofile=100:200", "--ulimit", "core=0:0", "-w", "/tmp"}},
		{
			options: []string{"-e", "COLOUR=blue", "-e", "DB_PASSWORD=hunter2"},
			marks:   []string{"env: its own files"},
			look: func(t *testing.T, s *Spec) {
				if text := string(s.JSON()); strings.Contains(text, "hunter2") || strings.Contains(text, "blue") {
					t.Errorf("the host's programs would have its variables: %v", s.Env)
				}
			},
		},
	} {
		t.Run(strings.ReplaceAll(strings.Join(c.options, " "), "/", "_"), func(t *testing.T) {
			container := d.Run(t, c.options...)
			var record dockerRecord
			container.Decode(t, &record)
			for target, options := range record.HostConfig.Tmpfs {
				size, _ := limit.ParseBytes(strings.TrimPrefix(options, "size="))
				record.HostConfig.Tmpfs[target] = "size=" + size.Bytes()
			}
			l := likeOf(t, container.PID, nil)
			if diff := cmp.Diff(record.expect(), said(&l.Spec)); diff != "" {
				t.Errorf("Docker says otherwise:\n%s\nmarks %q", diff, l.marks())
			}
			for _, want := range append(c.marks, "root: docker export", "landlock: ") {
				field, words, _ := strings.Cut(want, ": ")
				if !l.marked(field, true, words) && !l.marked(field, false, words) {
					t.Errorf("no mark of %s with %q among %q", field, words, l.marks())
				}
			}
			if l.Spec.Seccomp == SeccompDocker && !l.marked("seccomp", false, "stands in") {
				t.Errorf("the filter is taken for known: %q", l.marks())
			}
			if c.look != nil {
				c.look(t, &l.Spec)
			}
			relaunch(t, likeOf(t, container.PID, m))
		})
	}
	t.Run("shared network", func(t *testing.T) {
		db := d.Run(t)
		l := likeOf(t, d.Run(t, "--net=container:"+db.ID).PID, nil)
		if !l.marked("namespaces.net", true, fmt.Sprintf("process %d", db.PID)) {
			t.Errorf("marks %q", l.marks())
		}
	})
	t.Run("init", func(t *testing.T) {
		l := likeOf(t, d.Run(t, "--init").PID, nil)
		if !l.Spec.Init || filepath.Base(l.Spec.Command[0]) != "sleep" {
			t.Errorf("init %v, command %q", l.Spec.Init, l.Spec.Command)
		}
	})
}

// The files of a container whose root is mounted here are its root.
func TestLiveLikeOfVisibleRoot(t *testing.T) {
	livetest.NeedRoot(t)
	for name, start := range map[string]func() *livetest.Container{
		"chroot": func() *livetest.Container { return livetest.Chroot(t) },
		"bwrap": func() *livetest.Container {
			return livetest.Bwrap(t, "--unshare-all", "--tmpfs", "/tmp", "--setenv", "COLOUR", "blue")
		},
		"nspawn": func() *livetest.Container { return livetest.Nspawn(t, "cutaway-like-n") },
	} {
		t.Run(name, func(t *testing.T) {
			c := start()
			l := likeOf(t, c.PID, machineOf(t))
			if _, err := os.Stat(filepath.Join(l.Spec.Root.Path, "bin/busybox")); l.Spec.Root.Kind != RootDir || err != nil {
				t.Errorf("the root is %+v, marks %q", l.Spec.Root, l.marks())
			}
			relaunch(t, l)
			t.Logf("%s%q", l.Spec.JSON(), l.marks())
		})
	}
}
