package export

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

// hostile is a word that runs something, ends a comment or turns a terminal's colours where it is not quoted.
const hostile = "/x'$(touch ran)`touch ran`\"\\;&|\nEND\n)\ntouch ran\n\x1b]0;x\a\u202e #:,"

// hostileSpec has that word wherever a Spec can have one.
func hostileSpec(kind sandbox.RootKind) *sandbox.Spec {
	s := sandbox.Default()
	s.Limits = limit.Set{}
	s.Command = []string{hostile, hostile, ""}
	s.Dir = hostile
	s.Env = sandbox.Env{Keep: []string{"T*"}, Set: map[string]string{"x\n;touch ran": hostile, "A": hostile}}
	if kind == sandbox.RootHost {
		s.Root.Hide, s.Root.Tmp = []string{hostile}, []string{hostile}
	} else {
		s.Root = sandbox.Root{Kind: kind, Path: hostile, Switch: sandbox.PivotRoot}
	}
	if kind == sandbox.RootImage {
		s.Root.Ref = hostile
	}
	s.Mounts = []sandbox.Mount{
		{Kind: sandbox.BindRO, Source: hostile, Target: hostile},
		{Kind: sandbox.BindRO, Source: "/dev/null", Target: hostile + "1", Dev: true},
		{Kind: sandbox.BindRW, Source: hostile, Target: hostile + "2", Dev: true},
		{Kind: sandbox.TmpFS, Target: hostile + "3", Size: 4096},
		{Kind: sandbox.MQueue, Target: hostile + "4"},
		{Kind: sandbox.CgroupFS, Target: hostile + "5"},
	}
	s.Landlock = &sandbox.Landlock{Read: []string{hostile}, Write: []string{hostile}}
	s.Namespaces.Net, s.Namespaces.IPC, s.Namespaces.Cgroup = "container:"+hostile, "new", "container:"+hostile
	s.Namespaces.UTS, s.Hostname, s.Namespaces.User = "container:"+hostile, "", sandbox.HostNamespace
	s.Sys = sandbox.SysEmpty
	return &s
}

// withHostileHost makes everything be there, and variables with such names and values.
func withHostileHost(t *testing.T) {
	t.Helper()
	atHome(t, false)
	environ = func() []string { return []string{"T$(touch ran)=1", "TERM=" + hostile} }
	isThere = func(string) (bool, bool) { return true, true }
}

var rootKinds = []sandbox.RootKind{sandbox.RootHost, sandbox.RootDir, sandbox.RootTar, sandbox.RootImage}

// Each text is one that bash understands, and nothing but printable characters.
func TestHostileSpecs(t *testing.T) {
	livetest.NeedTools(t, "bash")
	withHostileHost(t)
	unprintable := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	for _, tool := range Tools() {
		for _, kind := range rootKinds {
			script, err := tool.Write(hostileSpec(kind))
			if err != nil {
				t.Fatalf("%s: %v", tool.Name, err)
			}
			isJSON := tool.Name == "json" || tool.Name == "oci"
			if i := strings.IndexFunc(script.Text, unprintable); i >= 0 && !isJSON {
				t.Errorf("%s, %s: a control character in\n%q", tool.Name, kind, script.Text[max(0, i-50):])
			}
			for _, m := range script.Missing {
				if strings.ContainsFunc(m, unprintable) || strings.Contains(m, "\n") {
					t.Errorf("%s, %s: a control character in %q", tool.Name, kind, m)
				}
			}
			if isJSON {
				continue
			}
			for line := range strings.Lines(script.Text) {
				if first, _, _ := strings.Cut(line, " "); first == "touch" && !strings.HasPrefix(line, `touch "$ROOT`) {
					t.Errorf("%s, %s: a line of the hostile word's: %s", tool.Name, kind, line)
				}
			}
			if out, err := exec.Command("bash", "-n", "-c", script.Text).CombinedOutput(); err != nil {
				t.Errorf("%s, %s: bash does not understand it: %v %s\n%s", tool.Name, kind, err, out, script.Text)
			}
		}
	}
}

// What is run by the texts, with every tool replaced by one that writes down its words: the hostile ones arrive as they
// are, and nothing else is run.
func TestHostileWordsArrive(t *testing.T) {
	livetest.NeedTools(t, "bash")
	withHostileHost(t)
	for _, tool := range []string{"bwrap", "docker", "run"} {
		for _, kind := range rootKinds {
			script, err := As(tool, hostileSpec(kind))
			if err != nil {
				t.Fatal(err)
			}
			got, dir := runStubbed(t, script.Text)
			want := []string{hostile, hostile, ""} // the command
			if tool == "docker" {
				want = want[1:] // the first one is --entrypoint
			}
			if len(got) < len(want) || !slices.Equal(got[len(got)-len(want):], want) {
				t.Errorf("%s, %s: the last words are %q\n%s", tool, kind, got[max(0, len(got)-len(want)):], script.Text)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s, %s: a word was executed\n%s", tool, kind, script.Text)
			}
		}
	}
}

// runStubbed runs a script in an empty directory where each tool writes down its words, and gives those of the last one.
func runStubbed(t *testing.T, text string) (words []string, dir string) {
	t.Helper()
	tools, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	stub := "#!/bin/bash\ncase $0 in */rm) exit;; esac\n[ \"$1\" = inspect ] && echo 42 && exit\nprintf '%s\\0' \"$@\" > " + log + "\n"
	for _, name := range []string{"bwrap", "docker", "cutaway", "nsenter", "tar", "prlimit", "mktemp", "chmod", "rm", "sed", "head"} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, "-c", `trap "" PIPE; PATH=$1; source "$0"`, filepath.Join(t.TempDir(), "script"), tools)
	if err := os.WriteFile(cmd.Args[3], []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Dir, cmd.Env = dir, []string{"IMAGE=image", "ROOTFS=/rootfs", "TERM=" + hostile}
	// What the stubs do not know of may fail; what was run, the log says.
	out, _ := cmd.CombinedOutput()
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatalf("nothing was run: %s\n%s", out, text)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00"), dir
}

// JSON says which words it cannot hold.
func TestNoUTF8(t *testing.T) {
	s := sandbox.Default()
	s.Mounts = []sandbox.Mount{{Kind: sandbox.BindRO, Source: "/a\xff", Target: "/mnt"}}
	for _, tool := range []string{"json", "oci"} {
		script, err := As(tool, &s)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(script.Missing, func(m string) bool { return strings.Contains(m, `$'/a\377'`) }) {
			t.Errorf("%s: %q", tool, script.Missing)
		}
	}
}
