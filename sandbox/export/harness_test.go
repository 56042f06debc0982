package export

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/sandbox/check"
)

// looks is a command that says where it is, and ends with a status of its own.
var looks = []string{"/bin/sh", "-c", `for n in mnt net pid ipc uts user cgroup time; do readlink /proc/self/ns/$n; done
grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/self/status
echo pid:$$ uid:$(id -u) cwd:$(pwd) variable:$EXPORTED home:$HOME secret:$SECRET
exit 3`}

// seen is what looks saw.
type seen struct {
	ns     map[string]string
	fields map[string]string
	status int
	errOut string
}

// needNamespaces skips where this user may not make user namespaces, which nothing here works without.
func needNamespaces(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 && exec.Command("unshare", "-Ur", "true").Run() != nil {
		livetest.Skip(t, "needs the right to make user namespaces")
	}
}

// presetSpec is a preset as this machine can have it, with a command that looks.
func presetSpec(t *testing.T, name string) *sandbox.Spec {
	t.Helper()
	m, err := check.Probe()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := sandbox.PresetNamed(name)
	s, _ := p.Spec(m)
	t.Setenv("EXPORTED", "yes")
	t.Setenv("SECRET", "told")
	s.Command, s.Terminal = looks, sandbox.TerminalNever
	s.Env.Keep = append(slices.Clone(s.Env.Keep), "EXPORTED")
	switch {
	case p.NeedsDir:
		s.Root.Path = busyboxRoot(t)
	case p.Target:
		livetest.NeedRoot(t)
		s.Namespaces.Net = sandbox.Source("process:" + holder(t))
	case name == "cgroup":
		livetest.NeedRoot(t)
	}
	return &s
}

// holder is the PID of a process with a network namespace of its own.
func holder(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("unshare", "--net", "sh", "-c", "echo ready; exec sleep 600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatalf("unshare: %v", err)
	}
	return itoa(cmd.Process.Pid)
}

// openDir is a temporary directory that others can reach: who is mapped must get there.
func openDir(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if os.Chmod(d, mode) != nil {
			break
		}
		mode = 0o755
	}
	return dir
}

// busyboxRoot is a directory that serves as a container's root.
func busyboxRoot(t *testing.T) string {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		livetest.Skip(t, "needs busybox (busybox-static)")
	}
	root := openDir(t, 0o755)
	for _, dir := range []string{"bin", "etc", "proc", "sys", "tmp", "dev", "root", "mnt"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("cp", busybox, filepath.Join(root, "bin/busybox")).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v %s", err, out)
	}
	for _, name := range []string{"sh", "cat", "grep", "id", "readlink", "touch", "rm", "ip", "ls", "env"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// script is a command that runs a script, with nothing of the test's own environment that could help it.
func script(t *testing.T, text string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command("bash", file)
}

// run runs a script and reads what looks printed. No directory and no cgroup is left.
func run(t *testing.T, cmd *exec.Cmd) seen {
	t.Helper()
	tmp := openDir(t, 0o777)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"), "TMPDIR="+tmp, "EXPORTED=yes", "SECRET=told", "HOME=/nowhere")
	err := cmd.Run()
	s := seen{ns: map[string]string{}, fields: map[string]string{}, status: cmd.ProcessState.ExitCode(), errOut: errOut.String()}
	if err != nil && s.status < 0 {
		t.Fatalf("%v\n%s", err, errOut.String())
	}
	for line := range strings.Lines(out.String()) {
		if name, inode, ok := strings.Cut(strings.TrimSpace(line), ":["); ok {
			s.ns[name] = inode
			continue
		}
		for word := range strings.FieldsSeq(strings.ReplaceAll(line, ":\t", ":")) {
			name, value, _ := strings.Cut(word, ":")
			s.fields[name] = value
		}
	}
	nothingLeft(t, tmp, cmd.Process.Pid)
	return s
}

// nothingLeft looks for what a script has made and not removed.
func nothingLeft(t *testing.T, tmp string, pid int) {
	t.Helper()
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	name := "cutaway-" + itoa(pid)
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == name {
			t.Errorf("left behind: %s", path)
		}
		return nil // cgroups of others come and go
	})
}

var names = regexp.MustCompile(`^(\w+):\[(\d+)\]$`)

// compare holds what was seen against the Spec; differs are types of namespaces that the tool has another way, with whether
// they are new.
func compare(t *testing.T, s *sandbox.Spec, got seen, differs map[string]bool) {
	t.Helper()
	if got.status != 3 || len(got.ns) < 6 {
		t.Fatalf("status %d: %v %s", got.status, got.ns, got.errOut)
	}
	for _, name := range sandbox.NamespaceTypes {
		link, _ := os.Readlink("/proc/self/ns/" + name)
		ours := names.FindStringSubmatch(link)
		inode, there := got.ns[name]
		if !there {
			continue
		}
		isNew := inode != ours[2]+"]"
		want, other := differs[name]
		if !other {
			want = *s.Namespaces.Of(name) != sandbox.HostNamespace
		}
		if isNew != want {
			t.Errorf("namespace %s: new %v, the Spec says %s", name, isNew, *s.Namespaces.Of(name))
		}
	}
	for field, want := range map[string]string{"variable": "yes", "cwd": s.Dir, "uid": itoa(int(s.User.UID))} {
		if field == "uid" && !s.Namespaces.User.IsNew() && os.Geteuid() != 0 {
			continue
		}
		if got.fields[field] != want {
			t.Errorf("%s is %q, want %q", field, got.fields[field], want)
		}
	}
	if !slices.Contains(s.Env.Keep, "*") && got.fields["secret"] != "" {
		t.Error("a variable of the caller's reached the command")
	}
}

// compareRights holds capabilities and no_new_privs against the Spec.
func compareRights(t *testing.T, s *sandbox.Spec, got seen) {
	t.Helper()
	if got.fields["NoNewPrivs"] == "1" != s.NoNewPrivs {
		t.Errorf("no_new_privs is %s", got.fields["NoNewPrivs"])
	}
	keep, all := s.Kept()
	if all || os.Geteuid() != 0 && !s.Namespaces.User.IsNew() {
		return
	}
	if s.User.UID != 0 {
		keep = 0 // only the bounding set outlives the change of the user
	}
	if got.fields["CapEff"] != keep.Hex() {
		t.Errorf("effective capabilities %s, want %s", got.fields["CapEff"], keep.Hex())
	}
}

var itoa = strconv.Itoa

func ownStatus(t *testing.T) proc.Status {
	t.Helper()
	var s proc.Status
	b, err := os.ReadFile("/proc/self/status")
	if err != nil || proc.ParseStatus(b, &s) != nil {
		t.Fatal("cannot read /proc/self/status")
	}
	return s
}
