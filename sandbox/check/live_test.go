package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/inspect/proc"
)

// reportEnv makes the test binary print what it finds where it is started, and exit. Its value names a system call before
// which a seccomp filter stands that kills; "1" is none.
const reportEnv = "CUTAWAY_CHECK_REPORT"

func TestMain(m *testing.M) {
	if value := os.Getenv(reportEnv); value != "" {
		os.Exit(printReport(value))
	}
	code := livetest.Main(m)
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// verdict is what was foretold of one thing, and what trying it said.
type verdict struct {
	Foretold, Tried bool // that it is refused
	Why             string
}

// printReport writes a verdict for each thing as JSON; for "ids" what Try says of them.
func printReport(value string) int {
	if value != "1" && value != "ids" {
		if err := killAt(value); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			return 1
		}
	}
	m, err := Probe()
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	var report any
	if value == "ids" {
		report = (&bench{m: m, ctx: context.Background(), user: true}).maps()
	} else {
		report = compare(m, value == "1")
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		return 1
	}
	return 0
}

// compare tries everything that Try does, whatever was foretold; with a filter that kills, nothing.
func compare(m *Machine, try bool) map[string]verdict {
	verdicts := map[string]verdict{}
	note := func(name string, need Need, trial func() Finding) {
		v := verdict{Foretold: Worst(m.Refusals(need)) == Refused}
		for _, f := range m.Refusals(need) {
			v.Why += f.Health.String() + " " + f.String() + "\n"
		}
		if try {
			f := trial()
			v.Tried = !f.OK()
			v.Why += "tried: " + f.Value
		}
		verdicts[name] = v
	}
	ctx := context.Background()
	userNeed := Need{}
	userNeed.New[proc.User] = true
	note("user", userNeed, func() Finding {
		f := m.tryUser(ctx)
		return f
	})
	for name, b := range map[string]*bench{"": {m: m, ctx: ctx, user: true}, "bare ": {m: m, ctx: ctx}} {
		mount := func(kind proc.NSKind, change func(*Need)) Need {
			n := b.need([]proc.NSKind{proc.Mnt, kind})
			change(&n)
			return n
		}
		for kind := range proc.NSKind(proc.NSKinds) {
			if kind != proc.User {
				kinds := []proc.NSKind{kind}
				note(name+kind.String(), b.need(kinds), func() Finding {
					if err := b.trial(kinds).run(ctx); err != nil {
						return Finding{Health: Refused, Value: err.Error()}
					}
					return Finding{}
				})
			}
		}
		note(name+"root", mount(proc.PID, func(n *Need) { n.Pivot = true }), b.root)
		note(name+"/proc", mount(proc.PID, func(n *Need) { n.Proc = true }), b.proc)
		note(name+"/sys", mount(proc.Net, func(n *Need) { n.Sys = true }), b.sys)
		note(name+"overlay", mount(proc.PID, func(n *Need) { n.Overlay = true }), b.overlay)
	}
	return verdicts
}

// killAt loads a filter that ends the process at a system call.
func killAt(name string) error {
	numbers := map[string]uint32{"mount": unix.SYS_MOUNT, "unshare": unix.SYS_UNSHARE, "mount_setattr": unix.SYS_MOUNT_SETATTR}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: numbers[name], Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	return loadFilter(filter)
}

// built is the directory that holds program.
var built string

// program is the test binary, linked without the C library, where every user and container can execute it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cutaway-check-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "report")
	c := exec.Command("go", "test", "-c", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.Chmod(path, 0o755))
	}
	if err != nil {
		return "", errors.New(err.Error() + ": " + string(out))
	}
	return path, nil
})

func useProgram(t *testing.T) string {
	t.Helper()
	find := program
	if os.Geteuid() != 0 {
		find = os.Executable // nobody else is to execute it
	} else {
		livetest.NeedTools(t, "go")
	}
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// user is a user whom nobody else uses.
const user = "12345"

// reportOf runs a command that ends in the program, or in "REPORT" instead of it.
func reportOf(t *testing.T, value string, argv ...string) map[string]verdict {
	t.Helper()
	path := useProgram(t)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "REPORT", path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = append(os.Environ(), reportEnv+"="+value)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, stderr.String())
	}
	return decodeReport(t, out)
}

func decodeReport(t *testing.T, out []byte) map[string]verdict {
	t.Helper()
	var verdicts map[string]verdict
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return verdicts
}

func decodeFinding(t *testing.T, out string) (f Finding) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return f
}

// agree fails for what was foretold wrongly, and unless just the named things are refused.
func agree(t *testing.T, verdicts map[string]verdict, refused ...string) {
	t.Helper()
	expected := map[string]bool{}
	for _, name := range refused {
		for _, one := range groups[name] {
			expected[one] = true
		}
		if groups[name] == nil {
			expected[name] = true
		}
	}
	for name, v := range verdicts {
		if v.Foretold != v.Tried {
			t.Errorf("%s: foretold to be refused: %v, tried: %v\n%s", name, v.Foretold, v.Tried, v.Why)
		}
		if v.Tried != expected[name] {
			t.Errorf("%s: refused: %v, want %v\n%s", name, v.Tried, expected[name], v.Why)
		}
	}
}

// groups are names for what is refused together.
var groups = map[string][]string{
	"bare":      {"bare mnt", "bare net", "bare pid", "bare ipc", "bare uts", "bare cgroup", "bare time", "bare root", "bare /proc", "bare /sys", "bare overlay"},
	"with user": {"user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time", "root", "/proc", "/sys", "overlay"},
}
