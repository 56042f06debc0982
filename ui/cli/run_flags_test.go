package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/limit"
)

// specOf is what a command line of run, without `cutaway run`, makes where nothing is known of the machine.
func specOf(args ...string) (*sandbox.Spec, []string, error) {
	flags := &runFlags{}
	var s *sandbox.Spec
	var notes []string
	c := &cobra.Command{Use: "run", SilenceErrors: true, SilenceUsage: true, RunE: func(c *cobra.Command, command []string) (err error) {
		flags.probe = func() (*check.Machine, error) { return nil, nil }
		s, notes, err = flags.spec(c, command)
		return err
	}}
	c.Flags().SetInterspersed(false)
	flags.register(c)
	c.SetArgs(args)
	err := c.Execute()
	return s, notes, err
}

func TestRunFlags(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("SHELL", "/bin/sh")
	amount := func(n int64) *limit.Amount { return new(limit.Amount(n)) }
	for _, c := range []struct {
		args   string
		change func(*sandbox.Spec)
	}{
		{"", func(*sandbox.Spec) {}},
		{"-- ls -l", func(s *sandbox.Spec) { s.Command = []string{"ls", "-l"} }},
		{"ls --net=host", func(s *sandbox.Spec) { s.Command = []string{"ls", "--net=host"} }},
		{"-it --rm sh", func(s *sandbox.Spec) { s.Command, s.Terminal = []string{"sh"}, sandbox.TerminalAlways }},
		{"--tty=auto", func(*sandbox.Spec) {}},
		{"--terminal never", func(s *sandbox.Spec) { s.Terminal = sandbox.TerminalNever }},

		{"--net host", func(s *sandbox.Spec) {
			s.Namespaces.Net, s.Network, s.Sys = sandbox.HostNamespace, sandbox.Network{}, sandbox.SysEmpty
		}},
		{"--network none", func(*sandbox.Spec) {}},
		{"--net host --sys-mount keep", func(s *sandbox.Spec) {
			s.Namespaces.Net, s.Network, s.Sys = sandbox.HostNamespace, sandbox.Network{}, sandbox.SysKeep
		}},
		{"--net container:db", func(s *sandbox.Spec) {
			s.Namespaces.Net, s.Network, s.Sys = "container:db", sandbox.Network{}, sandbox.SysEmpty
		}},
		{"--uts host", func(s *sandbox.Spec) { s.Namespaces.UTS, s.Hostname = sandbox.HostNamespace, "" }},
		{"--pid host", func(s *sandbox.Spec) { s.Namespaces.PID, s.Proc = sandbox.HostNamespace, sandbox.ProcKeep }},
		{"--timens host --userns host --cgroupns host", func(s *sandbox.Spec) {
			s.Namespaces.Time, s.Namespaces.User, s.Namespaces.Cgroup = sandbox.HostNamespace, sandbox.HostNamespace, sandbox.HostNamespace
		}},
		{"--host ipc,time", func(s *sandbox.Spec) {
			s.Namespaces.IPC, s.Namespaces.Time = sandbox.HostNamespace, sandbox.HostNamespace
		}},
		{"--net new --new mnt,pid", func(s *sandbox.Spec) {
			h := sandbox.HostNamespace
			s.Namespaces = sandbox.Namespaces{Mnt: "new", Net: "new", PID: "new", IPC: h, UTS: h, User: h, Cgroup: h, Time: h}
			s.Hostname = ""
		}},
		{"--mnt host --pid host", func(s *sandbox.Spec) {
			s.Namespaces.Mnt, s.Namespaces.PID = sandbox.HostNamespace, sandbox.HostNamespace
			s.Root = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}
			s.Proc, s.Sys, s.Dev, s.Dir = sandbox.ProcKeep, sandbox.SysKeep, sandbox.DevKeep, dir
		}},
		{"--uid-map 0:100000:65536 --gid-map 0:100000:10 --gid-map 10:200000:1", func(s *sandbox.Spec) {
			s.UIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 100000, Count: 65536}}
			s.GIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 100000, Count: 10}, {Inside: 10, Outside: 200000, Count: 1}}
		}},
		{"--hostname web --loopback=false", func(s *sandbox.Spec) { s.Hostname, s.Network.Loopback = "web", false }},
		{"--veth 10.77.0.1/30,10.77.0.2/30", func(s *sandbox.Spec) {
			s.Network.Veth = &sandbox.Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30", Gateway: true}
		}},
		{"--boottime 86400 --monotonic -5", func(s *sandbox.Spec) { s.Time = sandbox.TimeOffsets{Boottime: 86400, Monotonic: -5} }},

		{"--root keep --writable=false", func(s *sandbox.Spec) {
			s.Root, s.Dir = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}, dir
		}},
		{"--root . --writable --chroot", func(s *sandbox.Spec) {
			s.Root, s.Command = sandbox.Root{Kind: sandbox.RootDir, Path: dir, Writable: true, Switch: sandbox.Chroot}, []string{"/bin/sh"}
		}},
		{"--root image:x.tar --image-ref v1", func(s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootImage, Path: filepath.Join(dir, "x.tar"), Ref: "v1", Switch: sandbox.PivotRoot}
		}},
		{"--overlay", func(s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootOverlay, Hide: s.Root.Hide, Switch: sandbox.PivotRoot}
		}},
		{"--tmp /srv --hide none --hide /secret", func(s *sandbox.Spec) {
			s.Root.Tmp, s.Root.Hide = append(s.Root.Tmp, "/srv"), []string{"/secret"}
		}},
		{"--ro-bind /usr --tmpfs /usr/share:1M --bind .:/work -v /a:/b:ro --dev-bind /dev/fuse --mqueue /q --cgroupfs /c", func(s *sandbox.Spec) {
			s.Mounts = []sandbox.Mount{
				{Kind: sandbox.BindRO, Source: "/usr", Target: "/usr"},
				{Kind: sandbox.TmpFS, Target: "/usr/share", Size: 1 << 20},
				{Kind: sandbox.BindRW, Source: dir, Target: "/work"},
				{Kind: sandbox.BindRO, Source: "/a", Target: "/b"},
				{Kind: sandbox.BindRW, Source: "/dev/fuse", Target: "/dev/fuse", Dev: true},
				{Kind: sandbox.MQueue, Target: "/q"},
				{Kind: sandbox.CgroupFS, Target: "/c"},
			}
		}},
		{"--proc-mount unmasked --dev-mount keep", func(s *sandbox.Spec) { s.Proc, s.Dev = sandbox.ProcUnmasked, sandbox.DevKeep }},

		{"--cap-add net_raw --cap-drop all", func(s *sandbox.Spec) { s.Capabilities = []string{"cap_net_raw"} }},
		{"--cap-add all", func(s *sandbox.Spec) { s.Capabilities = []string{"all"} }},
		{"--cap-keep chown,KILL", func(s *sandbox.Spec) { s.Capabilities = []string{"cap_chown", "cap_kill"} }},
		{"--no-new-privs=false --seccomp unconfined", func(s *sandbox.Spec) { s.NoNewPrivs, s.Seccomp = false, sandbox.SeccompOff }},
		{"--landlock-ro /usr --landlock-rw /tmp --landlock-ro /lib", func(s *sandbox.Spec) {
			s.Landlock = &sandbox.Landlock{Read: []string{"/usr", "/lib"}, Write: []string{"/tmp"}}
		}},
		{"--ulimit nofile=10:20 --rlimit core=0 --rlimit nofile=unlimited", func(s *sandbox.Spec) {
			s.Rlimits = []sandbox.Rlimit{{Name: "core"}, {Name: "nofile", Soft: -1, Hard: -1}}
		}},
		{"-m 64M --swap 0 --cpus 0.5 --pids-limit 16 --weight 50 --io 8:0,rbps=1M --cpuset-cpus 1,0 --memset 0", func(s *sandbox.Spec) {
			s.Limits = limit.Set{
				Memory: amount(64 << 20), Swap: amount(0), CPUs: new(0.5), PIDs: amount(16), Weight: new(uint64(50)),
				IO: []limit.IO{{Device: "8:0", ReadBPS: 1 << 20}}, CPUSet: "0-1", MemSet: "0",
			}
		}},
		{"--memory max --cpus max", func(s *sandbox.Spec) { s.Limits.Memory, s.Limits.CPUs = nil, nil }},
		{"--pids 5 --no-limits --own-cgroup", func(s *sandbox.Spec) { s.Limits, s.Cgroup = limit.Set{PIDs: amount(5)}, true }},

		{"-e A=b=c -e TOKEN -e EMPTY=", func(s *sandbox.Spec) {
			s.Env.Keep = append(s.Env.Keep, "TOKEN")
			s.Env.Set["A"], s.Env.Set["EMPTY"] = "b=c", ""
		}},
		{"-e HOME --clear-env", func(s *sandbox.Spec) { s.Env = sandbox.Env{Keep: []string{"HOME"}} }},
		{"-e HOME", func(s *sandbox.Spec) { s.Env.Keep = append(s.Env.Keep, "HOME"); delete(s.Env.Set, "HOME") }},
		{"-w /srv -u 33 --group-add 5 --no-init", func(s *sandbox.Spec) {
			s.Dir, s.User, s.Init = "/srv", sandbox.User{UID: 33, GID: 33, Groups: []uint32{5}}, false
		}},
		{"--user 33:44", func(s *sandbox.Spec) { s.User = sandbox.User{UID: 33, GID: 44} }},
	} {
		t.Run(c.args, func(t *testing.T) {
			want := sandbox.Default()
			want.Command = []string{"/bin/sh"}
			c.change(&want)
			got, _, err := specOf(strings.Fields(c.args)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Flags that ask for something bring what it needs, and the notes say so.
func TestRunFlagsBringNamespaces(t *testing.T) {
	for _, c := range []struct{ args, kind, note string }{
		{"--preset cgroup --bind /usr:/mnt", "mnt", "for what is mounted"},
		{"--preset cgroup --hostname box", "uts", "for the name"},
		{"--preset cgroup --veth 10.77.0.1/30,10.77.0.2/30", "net", "for the pair"},
		{"--preset cgroup --boottime 5", "time", "for the clocks"},
		{"--preset cgroup --uid-map 0:1000:1 --gid-map 0:1000:1", "user", "for the map"},
		{"--preset chroot --root tar:/srv/root.tar", "mnt", "what is unpacked"},
	} {
		s, notes, err := specOf(strings.Fields(c.args)...)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if !s.Namespaces.Of(c.kind).IsNew() || !strings.Contains(strings.Join(notes, "\n"), c.note) {
			t.Errorf("%s: %s is %s, notes %q", c.args, c.kind, *s.Namespaces.Of(c.kind), notes)
		}
	}
}

func TestRunFlagsAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(file, []byte(`{"seccomp":"none"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"--preset secure":                    "isolated, docker, pid",
		"--preset chroot":                    "needs --root DIR",
		"--preset sharenet":                  "needs --net container:NAME",
		"--preset pid --spec x":              "give one",
		"--spec /no/such/file":               "no such file",
		"--spec " + file:                     "docker, strict or off",
		"--print yaml":                       "unshare, bwrap",
		"--new net,foo":                      `"foo" is no type`,
		"--net private:x":                    "container:NAME",
		"--uid-map 0:1000":                   "INSIDE:OUTSIDE:COUNT",
		"--uid-map 0:0:1":                    "core_pattern",
		"--hostname a/b":                     "letters",
		"--uts host --hostname box":          "new uts namespace",
		"--mnt host --pid host --bind /a:/b": "new mnt namespace",
		"--loopback=maybe":                   "neither true nor false",
		"--veth 10.0.0.1/30":                 "HOST,INSIDE",
		"--boottime soon":                    "seconds",
		"--root /no/such/root":               "docker save",
		"--root host --writable":             "overlay",
		"--bind :/x":                         "no SRC",
		"--bind /a:/b:rx":                    "neither ro nor rw",
		"--tmpfs /x:many":                    "is no size",
		"--proc-mount none":                  "new, unmasked or keep",
		"--cap-add sys_everything":           "unknown capability",
		"--cap-keep net_rew":                 "did you mean",
		"--seccomp none":                     "docker, strict or off",
		"--rlimit nofile":                    "NAME=SOFT",
		"--rlimit files=1":                   "prlimit --help",
		"--memory 64X":                       "is no size",
		"--memory 4K":                        "no program starts",
		"--cpus many":                        "number of CPUs",
		"--pids 1k":                          "whole one",
		"--cpuset a":                         "list of processors",
		"-e =x":                              "no name",
		"--user root":                        "in numbers",
		"--workdir tmp":                      "absolute",
		"--terminal yes":                     "auto, always or never",
		"--memory 1X --cpus many":            "--cpus",
	} {
		_, _, err := specOf(strings.Fields(args)...)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, which does not say %q", args, err, says)
		}
	}
}
