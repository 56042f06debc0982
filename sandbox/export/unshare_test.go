package export

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

// Each preset's script is run, and looked at from inside.
func TestUnshareScriptsOfPresets(t *testing.T) {
	livetest.NeedTools(t, "bash", "unshare", "setpriv", "ip", "prlimit", "findmnt")
	needNamespaces(t)
	for _, name := range sandbox.PresetNames() {
		t.Run(name, func(t *testing.T) {
			s := presetSpec(t, name)
			if name == "chroot" { // there is no /proc to look at
				s.Command = []string{"/bin/sh", "-c", "[ -e /bin/busybox ] && [ ! -e /usr ] && exit 3"}
			}
			text, err := Unshare(s)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, script(t, text.Text))
			if name == "chroot" {
				if got.status != 3 {
					t.Errorf("status %d: %s\n%s", got.status, got.errOut, text.Text)
				}
				return
			}
			compare(t, s, got, nil)
			compareRights(t, s, got)
			if pid1 := got.fields["pid"] == "1"; s.Namespaces.PID.IsNew() && pid1 == s.Init {
				t.Errorf("the command is process %s with init %v", got.fields["pid"], s.Init)
			}
			if t.Failed() {
				t.Logf("%s\n%s", text.Text, got.errOut)
			}
		})
	}
}

// What a preset does not have, one by one.
func TestUnshareScripts(t *testing.T) {
	livetest.NeedTools(t, "bash", "unshare", "setpriv", "ip", "prlimit", "findmnt", "tar")
	needNamespaces(t)
	for _, c := range []struct {
		name   string
		root   bool // it takes root
		change func(t *testing.T, s *sandbox.Spec)
		test   string // in the sandbox
	}{
		{name: "directory", change: func(t *testing.T, s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootDir, Path: busyboxRoot(t), Switch: sandbox.PivotRoot}
		}, test: `[ -e /bin/busybox ] && [ ! -e /usr ] && ! touch /etc/x 2>/dev/null && [ -z "${OLDPWD-}" ]`},
		{name: "directory, chroot", root: true, change: func(t *testing.T, s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootDir, Path: busyboxRoot(t), Switch: sandbox.Chroot}
			s.Capabilities, s.NoNewPrivs, s.Dir = []string{"all"}, false, "/mnt"
		}, test: "[ -e /bin/busybox ] && [ ! -e /usr ]"},
		{name: "tar", change: func(t *testing.T, s *sandbox.Spec) {
			archive := filepath.Join(t.TempDir(), "it's a root.tar.gz")
			if out, err := exec.Command("tar", "-C", busyboxRoot(t), "--owner=0", "--group=0", "-czf", archive, ".").CombinedOutput(); err != nil {
				t.Fatalf("tar: %v %s", err, out)
			}
			s.Root = sandbox.Root{Kind: sandbox.RootTar, Path: archive, Switch: sandbox.PivotRoot}
		}, test: "[ -e /bin/busybox ] && [ ! -e /usr ] && touch /etc/x"},
		{name: "image", change: func(t *testing.T, s *sandbox.Spec) {
			t.Setenv("ROOTFS", busyboxRoot(t))
			s.Root = sandbox.Root{Kind: sandbox.RootImage, Path: "/image.tar", Switch: sandbox.PivotRoot}
			s.Namespaces.User, s.Capabilities = sandbox.HostNamespace, []string{"all"}
		}, root: true, test: "[ -e /bin/busybox ] && [ ! -e /usr ] && touch /etc/x"},
		{name: "overlay", root: true, change: func(_ *testing.T, s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootOverlay, Switch: sandbox.PivotRoot}
			s.Namespaces.User = sandbox.HostNamespace
		}, test: "echo x > /etc/cutaway-export-test && [ -s /etc/cutaway-export-test ]"},
		{name: "host, chroot", change: func(_ *testing.T, s *sandbox.Spec) { s.Root.Switch = sandbox.Chroot }, test: "! touch /etc/x 2>/dev/null"},
		{name: "mounts", change: func(t *testing.T, s *sandbox.Spec) {
			dir := filepath.Join(openDir(t, 0o755), "it's $(here)")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			s.Mounts = []sandbox.Mount{
				{Kind: sandbox.BindRO, Source: dir, Target: "/tmp/a b"},
				{Kind: sandbox.TmpFS, Target: "/tmp/t", Size: 1 << 20},
				{Kind: sandbox.MQueue, Target: "/dev/mqueue"},
				{Kind: sandbox.BindRO, Source: filepath.Join(dir, "f"), Target: "/tmp/file"},
			}
		}, test: `[ -e "/tmp/a b/f" ] && ! touch "/tmp/a b/g" 2>/dev/null && touch /tmp/t/x && [ -e /tmp/file ] && grep -q ' /dev/mqueue ' /proc/self/mounts`},
		{name: "user and limits", root: true, change: func(_ *testing.T, s *sandbox.Spec) {
			s.User = sandbox.User{UID: 1000, GID: 1000, Groups: []uint32{5}}
			s.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: 100, Hard: 200}}
			s.Capabilities, s.Dir = []string{"cap_kill"}, "/usr"
		}, test: "[ $(ulimit -n) = 100 ] && [ \"$(id -G)\" = '1000 5' ]"},
		{name: "names and clocks", change: func(_ *testing.T, s *sandbox.Spec) {
			s.Hostname = "box-1"
			s.Time.Boottime = 1_000_000_000
		}, test: "[ $(hostname) = box-1 ] && [ $(cut -d. -f1 /proc/uptime) -gt 999999999 ]"},
		{name: "maps", root: true, change: func(_ *testing.T, s *sandbox.Spec) {
			s.UIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 100000, Count: 1}, {Inside: 1, Outside: 200000, Count: 9}}
			s.GIDMap = []sandbox.IDMapping{{Inside: 0, Outside: 100000, Count: 10}}
		}, test: "[ $(wc -l < /proc/self/uid_map) = 2 ] && grep -q '100000 *10' /proc/self/gid_map"},
		{name: "own maps", change: func(t *testing.T, s *sandbox.Spec) {
			if os.Getuid() == 0 {
				t.Skip("needs a normal user")
			}
			s.UIDMap = []sandbox.IDMapping{{Inside: 7, Outside: uint32(os.Getuid()), Count: 1}}
			s.GIDMap = []sandbox.IDMapping{{Inside: 8, Outside: uint32(os.Getgid()), Count: 1}}
			s.User = sandbox.User{UID: 7, GID: 8}
		}, test: "[ $(id -u):$(id -g) = 7:8 ]"},
		{name: "a user's PATH", change: func(t *testing.T, _ *sandbox.Spec) { t.Setenv("PATH", "/usr/bin:/bin") }, test: "true"},
		{name: "environment", change: func(_ *testing.T, s *sandbox.Spec) {
			s.Env.Set = map[string]string{"HOME": "/it's $(home)", "PATH": "/usr/bin:/bin", "NL": "a\nb"}
		}, test: `[ "$HOME" = '/it'"'"'s $(home)' ] && [ "$NL" = 'a
b' ]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				livetest.NeedRoot(t)
			}
			s := presetSpec(t, "isolated")
			c.change(t, s)
			s.Command = []string{"/bin/sh", "-c", "{ " + c.test + "; } || { echo inside: it is not so >&2; exit 9; }\n" + looks[2]}
			text, err := Unshare(s)
			if err != nil {
				t.Fatal(err)
			}
			cmd := script(t, text.Text)
			cmd.Env = []string{"ROOTFS=" + os.Getenv("ROOTFS")}
			got := run(t, cmd)
			if got.status != 3 {
				t.Fatalf("status %d: %s\n%s", got.status, got.errOut, text.Text)
			}
			compare(t, s, got, nil)
			compareRights(t, s, got)
		})
	}
	if _, err := os.Stat("/etc/cutaway-export-test"); err == nil {
		t.Error("the overlay's write reached the host")
	}
}

// The pair of interfaces is made in a network of the test's own.
func TestUnshareScriptWithVeth(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "bash", "unshare", "ip")
	s := presetSpec(t, "isolated")
	s.Network.Veth = &sandbox.Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30", Gateway: true}
	s.Command = []string{"/bin/sh", "-c", "ip -o address show dev eth0; ip route; exit 3"}
	text, err := Unshare(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := script(t, text.Text)
	cmd.Args = append([]string{"unshare", "--net"}, cmd.Args...)
	if cmd.Path, err = exec.LookPath("unshare"); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout = &out
	cmd.Stderr = &out
	_ = cmd.Run()
	if cmd.ProcessState.ExitCode() != 3 || !strings.Contains(out.String(), "10.77.0.2/30") || !strings.Contains(out.String(), "default via 10.77.0.1") {
		t.Errorf("status %d: %s\n%s", cmd.ProcessState.ExitCode(), out.String(), text.Text)
	}
}

// A first process that cannot be made ends the script, and nothing is left.
func TestUnshareScriptThatFails(t *testing.T) {
	livetest.NeedTools(t, "bash", "unshare")
	needNamespaces(t)
	s := presetSpec(t, "isolated")
	s.Mounts = []sandbox.Mount{{Kind: sandbox.BindRO, Source: "/no/such", Target: "/tmp/x"}}
	text, err := Unshare(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, script(t, text.Text)); got.status == 3 || got.status == 0 {
		t.Errorf("status %d", got.status)
	}
}

// Whichever command fails, the sandbox is not entered with less than it is to have, and nothing is left.
func TestScriptsFailClosed(t *testing.T) {
	livetest.NeedTools(t, "bash", "unshare", "bwrap", "setpriv", "ip", "findmnt")
	needNamespaces(t)
	for _, c := range []struct {
		write    func(*sandbox.Spec) (Script, error)
		name     string
		patterns []string // of command lines that fail
	}{
		{Unshare, "unshare", []string{
			"findmnt *", "mount --make-rslave *", "mount --rbind / *", "mount -o remount,bind,ro,nosuid *", "mount --bind /dev/null *shadow",
			"mkdir -p */proc", "mount -t proc *", "mount -o remount,bind,nosuid,noexec *",
			"mount --rbind */proc/sys *", "mount -o remount,bind,ro,*/proc/sys", "mkdir -p /tmp/*mnt", "hostname *", "ip *", "pivot_root *", "mktemp *", "setpriv *",
		}},
		{Bwrap, "bwrap", []string{"bwrap *", "mkdir *cutaway-*"}},
	} {
		for _, pattern := range c.patterns {
			t.Run(c.name+"/"+pattern, func(t *testing.T) {
				s := presetSpec(t, "isolated")
				if strings.HasPrefix(pattern, "setpriv") {
					livetest.NeedRoot(t) // else it runs in the new root, where the one that fails is not
				}
				if strings.Contains(pattern, "cutaway-") && s.Limits.Empty() {
					t.Skip("needs the right to make cgroups")
				}
				s.Mounts = []sandbox.Mount{{Kind: sandbox.TmpFS, Target: "/tmp/x y/mnt"}}
				text, err := c.write(s)
				if err != nil {
					t.Fatal(err)
				}
				cmd := script(t, text.Text)
				cmd.Env = []string{"FAILS=" + pattern}
				t.Setenv("PATH", failing(t)+":"+os.Getenv("PATH"))
				if got := run(t, cmd); got.status == 3 || got.status == 0 || len(got.fields) > 0 {
					t.Errorf("status %d, %v: %s\n%s", got.status, got.fields, got.errOut, text.Text)
				} else if !strings.Contains(got.errOut, "made to fail") {
					t.Errorf("nothing failed: %s\n%s", got.errOut, text.Text)
				}
			})
		}
	}
}

// failing is a directory with tools that fail when their command lines match $FAILS.
func failing(t *testing.T) string {
	t.Helper()
	dir := openDir(t, 0o755)
	for _, name := range []string{"findmnt", "mount", "mkdir", "hostname", "ip", "pivot_root", "mktemp", "setpriv", "bwrap"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		text := "#!/bin/bash\ncase \"" + name + " $*\" in ${FAILS// /\\ }) echo made to fail >&2; exit 9;; esac\nexec " + path + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A script that is ended takes its sandbox along, and what it made.
func TestScriptsThatAreEnded(t *testing.T) {
	livetest.NeedTools(t, "bash", "unshare", "bwrap", "setpriv")
	needNamespaces(t)
	for _, name := range []string{"isolated", "rootless", "cgroup", "without init"} {
		for tool, write := range map[string]func(*sandbox.Spec) (Script, error){"unshare": Unshare, "bwrap": Bwrap} {
			if tool == "bwrap" && name == "rootless" {
				continue // one bwrap, and no script around it
			}
			t.Run(tool+"/"+name, func(t *testing.T) {
				s := presetSpec(t, strings.Replace(name, "without init", "isolated", 1))
				s.Init = name != "without init"
				s.Command = []string{"/bin/sh", "-c", "echo started; exec sleep 600"}
				text, err := write(s)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(text.Text, "trap ") {
					t.Skip("needs the right to make cgroups")
				}
				tmp := openDir(t, 0o777)
				cmd := script(t, text.Text)
				cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if n, err := out.Read(make([]byte, 8)); n != 8 {
					t.Errorf("it did not start: %v", err)
				}
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Error(err)
				}
				ended := make(chan error, 1)
				go func() { // the pipe ends with the last process that has it
					_, err := out.Read(make([]byte, 1))
					ended <- err
				}()
				select {
				case <-ended:
				case <-time.After(20 * time.Second):
					t.Error("the sandbox is still there")
				}
				_ = cmd.Wait()
				nothingLeft(t, tmp, cmd.Process.Pid)
			})
		}
	}
}
