package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cutaway/sandbox"
	"cutaway/ui/text"
)

// launchProgram builds the program that launches re-execute, without cgo as cutaway is.
func launchProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "child")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "cutaway/sandbox/testdata/child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// course is a sandbox whose stages look the same on every machine: it leaves the mounts and the network alone.
func course() *sandbox.Spec {
	const host, own = sandbox.HostNamespace, sandbox.NewNamespace
	return &sandbox.Spec{
		Version: sandbox.Version, Command: []string{"cat"}, Dir: "/", Init: true, Hostname: "box", Terminal: sandbox.TerminalNever,
		Env:        sandbox.Env{Set: map[string]string{"PATH": "/usr/bin:/bin", "GREETING": "it's"}},
		Namespaces: sandbox.Namespaces{Mnt: host, Net: host, PID: own, IPC: own, UTS: own, User: host, Cgroup: host, Time: host},
		Root:       sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot},
		Proc:       sandbox.ProcKeep, Sys: sandbox.SysKeep, Dev: sandbox.DevKeep,
		Rlimits:    []sandbox.Rlimit{{Name: "nofile", Soft: 64, Hard: 64}},
		NoNewPrivs: true, Seccomp: sandbox.SeccompOff,
	}
}

// stepped launches a Spec, whose command reads to the end of its input, with a stepper.
func stepped(t *testing.T, s *stepper, spec *sandbox.Spec) error {
	t.Helper()
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer hold.Close()
	opts := sandbox.Options{Exe: launchProgram(t), Stdin: in}
	s.attach(&opts)
	box, err := sandbox.Start(s.ctx, spec, opts)
	if err != nil {
		return err
	}
	s.finish(box.PID)
	hold.Close()
	_, err = box.Wait()
	return err
}

func needRootFor(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func TestStepGolden(t *testing.T) {
	needRootFor(t)
	for _, c := range []struct {
		name   string
		width  int
		glyphs *text.Glyphs
	}{{"run-step", 0, text.Unicode}, {"run-step-ascii", 0, text.ASCII}, {"", 80, text.Unicode}, {"", 40, text.Unicode}} {
		var out bytes.Buffer
		s := newStepper(t.Context(), &app{err: &out, color: "never"})
		s.st.width, s.st.glyphs, s.input = c.width, c.glyphs, nil
		if err := stepped(t, s, course()); err != nil {
			t.Fatal(err)
		}
		if c.name != "" {
			golden(t, c.name, steady(out.String()))
		}
		for line := range strings.Lines(out.String()) {
			command := strings.Contains(line, "    $ ") || strings.Contains(line, "    # ")
			if w := text.Width(strings.TrimSuffix(line, "\n")); c.width > 0 && w > c.width && !command {
				t.Errorf("%d cells wide: %q", w, line)
			}
		}
	}
}

// steady replaces what is different each time, or on each machine.
func steady(out string) string {
	for _, r := range []struct{ from, to string }{
		{`Cap[^:\n]*: lost [0-9]+ \([^)]*\)`, "CapBnd: lost N (…)"},
		{`soft [0-9a-z]+, hard [0-9a-z]+ (→|>)`, "soft N, hard N →"},
		{`inside it is PID [0-9]+`, "inside it is PID N"}, // the init's threads take some
		{`[0-9]{3,}`, "N"},
	} {
		out = regexp.MustCompile(r.from).ReplaceAllString(out, r.to)
	}
	return out
}

func TestStepWaits(t *testing.T) {
	for _, c := range []struct {
		typed string
		waits int // for how many stages somebody is asked
		err   error
	}{
		{"\n\n\n", 3, nil},
		{"c\n", 1, nil},
		{"\nc\n", 2, nil},
		{" c \r\n", 1, nil},
		{"q\n", 1, errStopped},
		{"\nq\n", 2, errStopped},
		{"what?\n\n\n", 3, nil},
		{"", 1, errStopped},
		{"\n", 2, errStopped},
	} {
		var out bytes.Buffer
		s := newStepper(t.Context(), &app{err: &out})
		s.input = strings.NewReader(c.typed)
		var err error
		for range 3 {
			if err = s.wait(); err != nil {
				break
			}
		}
		if !errors.Is(err, c.err) || strings.Count(out.String(), "Enter: next") != c.waits {
			t.Errorf("%q: %v, want %v; asked:\n%s", c.typed, err, c.err, out.String())
		}
	}
}

// What is typed ahead belongs to the command.
func TestStepReadsNoMoreThanALine(t *testing.T) {
	r := strings.NewReader("c\nls\n")
	if line := readLine(r); line != "c\n" {
		t.Errorf("read %q", line)
	}
	if rest, _ := io.ReadAll(r); string(rest) != "ls\n" {
		t.Errorf("left for the command: %q", rest)
	}
	if line := readLine(strings.NewReader(strings.Repeat("x", 1<<20))); len(line) > 1000 {
		t.Errorf("a line of %d bytes", len(line))
	}
}

func TestStepEndsWithTheContext(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s := newStepper(ctx, &app{err: io.Discard})
	s.input = r
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := s.wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}

// Who stops a launch leaves nothing running.
func TestStepStops(t *testing.T) {
	needRootFor(t)
	var out bytes.Buffer
	s := newStepper(t.Context(), &app{err: &out})
	s.input = strings.NewReader("\n\nq\n")
	err := stepped(t, s, course())
	var launch *sandbox.LaunchError
	if !errors.Is(err, errStopped) || !errors.As(err, &launch) || launch.Stage != sandbox.StageNetwork && launch.Stage != sandbox.StageRlimits {
		t.Errorf("%v, want that the launch was stopped before the third stage", err)
	}
	if _, err := os.Stat(filepath.Join("/proc", regexp.MustCompile(`/proc/(\d+)`).FindStringSubmatch(out.String())[1])); err == nil {
		t.Error("the first process is still there")
	}
}

// Names that a launch shows reach no terminal as they are.
func TestStepIsSanitised(t *testing.T) {
	needRootFor(t)
	const evil = "\x1b]0;pwned\a\n\u202e"
	spec := course()
	spec.Command = []string{"cat", "-", "/dev/null" + evil}
	spec.Env.Set["EVIL"] = evil
	var out bytes.Buffer
	s := newStepper(t.Context(), &app{err: &out, color: "never"})
	s.input = nil
	if err := stepped(t, s, spec); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); text.Sanitise(line) != line {
			t.Errorf("not safe for a terminal: %q", line)
		}
	}
}
