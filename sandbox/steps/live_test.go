package steps_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/steps"
	"cutaway/ui/text"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if childDir != "" {
		os.RemoveAll(childDir)
	}
	os.Exit(status)
}

var childDir string

// child is the program that launches re-execute, built once, without cgo as cutaway is.
var child = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cutaway-child-")
	if err != nil {
		return "", err
	}
	childDir = dir
	path := filepath.Join(dir, "child")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "cutaway/sandbox/testdata/child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// isolated is a sandbox with everything on that a machine without cgroups of its own can give.
func isolated(command ...string) *sandbox.Spec {
	s := sandbox.Default()
	s.Command, s.Terminal = command, sandbox.TerminalNever
	s.Limits.Memory, s.Limits.PIDs, s.Limits.CPUs = nil, nil, nil
	s.Rlimits = []sandbox.Rlimit{{Name: "nofile", Soft: 256, Hard: 512}}
	return &s
}

// stop is a look before a stage.
type stop struct {
	at   sandbox.Stage
	view steps.View
}

// watch launches a Spec and looks before each stage, and once when the command runs. The command must wait for its input to
// end.
func watch(t *testing.T, s *sandbox.Spec) (plan *steps.Launch, pid int, stops []stop) {
	t.Helper()
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	opts := sandbox.Options{
		Exe: exe, Stdin: in, Stderr: os.Stderr,
		Planned: func(l *steps.Launch) { plan = l },
		Before: func(at sandbox.Stage, pid int) error {
			if pid == 0 {
				pid = os.Getpid()
			}
			stops = append(stops, stop{at, steps.Look(pid)})
			return nil
		},
	}
	box, err := sandbox.Start(ctx, s, opts)
	if err != nil {
		hold.Close()
		t.Fatal(err)
	}
	stops = append(stops, stop{"", steps.Look(box.PID)})
	hold.Close()
	if _, err := box.Wait(); err != nil {
		t.Error(err)
	}
	return plan, box.PID, stops
}

// What each stage is known to change, in the words of Compare; the numbers are other ones each time.
func TestStagesShowWhatTheyDid(t *testing.T) {
	livetest.NeedTools(t, "unshare")
	if os.Geteuid() != 0 && exec.Command("unshare", "-Ur", "true").Run() != nil {
		t.Skip("needs the right to make user namespaces")
	}
	plan, pid, stops := watch(t, isolated("cat"))
	want := map[sandbox.Stage][]string{
		sandbox.StageClone:        {"a new process, PID", "PID namespace of its own", "mnt namespace N → N: another one", "user ids are not mapped yet"},
		sandbox.StageMaps:         {"user ids are mapped: 0"},
		sandbox.StageCgroup:       {"cgroup namespace N → N: another one"},
		sandbox.StageMounts:       {"mount added: / type "},
		sandbox.StageProc:         {"mount added: /proc type proc (rw,nosuid,nodev,noexec,relatime)"},
		sandbox.StageRoot:         {"mount removed: / type "},
		sandbox.StageNetwork:      {"network address"},
		sandbox.StageRlimits:      {"→ soft N, hard N"},
		sandbox.StageCapabilities: {"CapBnd", "none is left"},
		sandbox.StageNoNewPrivs:   {"no_new_privs is set"},
		sandbox.StageSeccomp:      {"seccomp off → filter"},
	}
	number := regexp.MustCompile(`[0-9]{2,}`)
	var names []string
	for i, s := range stops[:len(stops)-1] {
		names = append(names, string(s.at))
		var all strings.Builder
		for _, c := range steps.Compare(s.view, stops[i+1].view) {
			all.WriteString(number.ReplaceAllString(c.Text, "N") + "\n")
			if c.What == "unread" {
				t.Errorf("%s: %s: %s", s.at, c.File, c.Text)
			}
		}
		for _, text := range want[s.at] {
			if !strings.Contains(all.String(), text) {
				t.Errorf("%s: no %q in what changed:\n%s", s.at, text, all.String())
			}
		}
		delete(want, s.at)
	}
	for at := range want {
		t.Errorf("no stage %s", at)
	}
	var planned []string
	for _, step := range plan.Steps(pid, text.ShellQuote) {
		planned = append(planned, step.Stage)
		if steps.Explain(step.Stage) == "" || len(step.Commands) == 0 {
			t.Errorf("%s has no explanation, or no command", step.Stage)
		}
	}
	if !slices.Equal(planned, names) {
		t.Errorf("planned %v, and it was %v", planned, names)
	}
}

// Every stage that package sandbox has is explained.
func TestEveryStageIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../stages.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		value, ok := node.(*ast.ValueSpec)
		if !ok || len(value.Values) != 1 {
			return true
		}
		if literal, ok := value.Values[0].(*ast.BasicLit); ok {
			n++
			name, err := strconv.Unquote(literal.Value)
			if err != nil || steps.Explain(name) == "" {
				t.Errorf("%s has no explanation (%v)", literal.Value, err)
			}
		}
		return true
	})
	if n < 17 {
		t.Errorf("only %d stages were found", n)
	}
	if got := steps.Explain("no such stage"); got != "" {
		t.Errorf("explains what is no stage: %q", got)
	}
}

// The commands of every preset can be typed.
func TestPresetsAreShell(t *testing.T) {
	if os.Geteuid() != 0 && exec.Command("unshare", "-Ur", "true").Run() != nil {
		t.Skip("needs the right to make user namespaces")
	}
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := check.Probe()
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("seen enough")
	for _, preset := range sandbox.Presets() {
		if preset.Target {
			continue // needs a container
		}
		spec, _ := preset.Spec(machine)
		if preset.NeedsDir {
			spec.Root.Path = "/usr"
		}
		var plan *steps.Launch
		_, err := sandbox.Start(t.Context(), &spec, sandbox.Options{
			Exe: exe, Planned: func(l *steps.Launch) { plan = l }, Before: func(sandbox.Stage, int) error { return stopped },
		})
		if plan == nil {
			t.Logf("%s: %v", preset.Name, err) // this machine does not allow it
			continue
		}
		if !errors.Is(err, stopped) {
			t.Errorf("%s: %v", preset.Name, err)
		}
		for _, step := range plan.Steps(4711, text.ShellQuote) {
			for _, command := range step.Commands {
				if out, err := exec.Command("sh", "-n", "-c", command).CombinedOutput(); err != nil {
					t.Errorf("%s, %s: %v\n%s\n%s", preset.Name, step.Stage, err, command, out)
				}
			}
		}
	}
}

// report is what a command sees of itself.
const report = `hostname; pwd; id; ulimit -Sn; ulimit -Hn; env | sort; ls -l /dev /dev/shm | sed 's/[A-Z][a-z][a-z] .*:.. //'
grep -E 'Cap|NoNew' /proc/self/status; cut -d: -f1 /proc/net/dev; cat /proc/self/cgroup; echo $(($(cut -d. -f1 /proc/uptime) / 1000000))
echo mounts; cat /proc/self/mountinfo`

// The commands that are printed, typed one after the other, make the same sandbox. They run in namespaces of their own, so
// that one that goes wrong cannot reach the machine.
func TestCommandsDoTheSame(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "bash", "unshare", "setpriv", "findmnt", "pivot_root", "ip", "hostname", "prlimit")
	for name, change := range map[string]func(s *sandbox.Spec){
		"binds": func(s *sandbox.Spec) {
			s.Time.Boottime = 7000000
			s.Mounts = []sandbox.Mount{
				{Kind: sandbox.BindRO, Source: "/etc", Target: "/run/etc of the host"},
				{Kind: sandbox.BindRW, Source: "/etc/passwd", Target: "/run/it's"},
				{Kind: sandbox.TmpFS, Target: "/run/memory", Size: 1 << 20},
				{Kind: sandbox.MQueue, Target: "/dev/mqueue"},
			}
			s.Capabilities = []string{"CAP_CHOWN", "CAP_NET_RAW"}
		},
		"overlay": func(s *sandbox.Spec) { s.Root = sandbox.Root{Kind: sandbox.RootOverlay, Switch: sandbox.PivotRoot} },
		"chroot":  func(s *sandbox.Spec) { s.Root.Switch = sandbox.Chroot },
		"keep": func(s *sandbox.Spec) {
			s.Root = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}
			s.Dev, s.Sys = sandbox.DevKeep, sandbox.SysKeep
			s.NoNewPrivs = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := isolated("bash", "-c", report)
			s.Namespaces.User, s.Seccomp, s.Init = sandbox.HostNamespace, sandbox.SeccompOff, false
			s.Env.Keep = []string{"TERM"}
			change(s)
			plan, launched := capture(t, s)
			script := ""
			for _, step := range plan.Steps(0, text.ShellQuote) {
				script += "# " + step.Stage + "\n" + strings.Join(step.Commands, "\n") + "\n"
			}
			typed := typeIn(t, script)
			if d := cmp.Diff(asLines(t, launched), asLines(t, typed)); d != "" {
				t.Errorf("launched (-) and typed (+):\n%s\ntyped:\n%s", d, script)
			}
		})
	}
}

// capture launches a Spec, with a plan told, and returns what its command wrote.
func capture(t *testing.T, s *sandbox.Spec) (plan *steps.Launch, out string) {
	t.Helper()
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	box, err := sandbox.Start(t.Context(), s, sandbox.Options{Exe: exe, Stdout: w, Stderr: os.Stderr, Planned: func(l *steps.Launch) { plan = l }})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.Wait(); err != nil {
		t.Error(err)
	}
	return plan, string(b)
}

// typeIn gives a script to bash line by line, as a person would: each shell that is executed goes on with the next line.
func typeIn(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "bash", "-e")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil || errOut.Len() > 0 {
		t.Errorf("bash: %v\n%s", err, errOut.String())
	}
	return string(out)
}

// asLines makes a report comparable: mounts without their numbers, and of those on one place the uppermost, which alone
// can be reached.
func asLines(t *testing.T, report string) []string {
	t.Helper()
	head, tail, ok := strings.Cut(report, "mounts\n")
	if !ok {
		t.Fatalf("the report has no mounts:\n%s", report)
	}
	mounts, err := proc.ParseMountinfo([]byte(tail))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, m := range mounts {
		at[m.MountPoint] = fmt.Sprintf("%s %s %s %s %v", m.MountPoint, m.FSType, m.Root, m.Options, m.Propagation)
	}
	return append(strings.Split(head, "\n"), slices.Sorted(maps.Values(at))...)
}
