package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutaway/inspect/livetest"
)

// watched is a sandbox whose command has said what it sees, and waits while it is looked at from outside.
type watched struct {
	t    *testing.T
	box  *Sandbox
	pid  int               // of the command, outside
	said map[string]string // what was seen inside, by the heading
}

// lookAround is what a command says of where it is: each heading is followed by what a tool prints. It needs nothing but a
// POSIX shell and the tools of busybox.
const lookAround = `
say() { echo "== $1"; shift; "$@" 2>&1; }
for n in mnt net pid ipc uts user cgroup time; do say ns/$n readlink /proc/self/ns/$n; done
say status cat /proc/$$/status
say id sh -c 'id -u; id -g; id -G'
say hostname hostname
say mounts cat /proc/self/mountinfo
say cgroup cat /proc/self/cgroup
say uid_map cat /proc/self/uid_map
say gid_map cat /proc/self/gid_map
say ps ps -e -o pid,comm
say limits cat /proc/self/limits
say root ls /
say pid echo $$
say pwd pwd
say env env
`

// watch launches a Spec whose command runs lookAround and a script, and then waits for the end of its input.
func watch(t *testing.T, s *Spec, script string, opts Options) *watched {
	t.Helper()
	needNamespaces(t)
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	s.Command = []string{"/bin/sh", "-c", lookAround + script + "\necho == end; read end"}
	s.Terminal = TerminalNever
	opts.Stdin, opts.Stdout, opts.Stderr = in, w, w
	if opts.Exe, err = child(); err != nil {
		t.Fatal(err)
	}
	box, err := Start(context.Background(), s, opts)
	in.Close()
	w.Close()
	if err != nil {
		hold.Close()
		t.Fatalf("launch: %v", err)
	}
	t.Cleanup(func() { // its input ends, and it does
		hold.Close()
		timer := time.AfterFunc(livetest.Patience, box.Kill)
		defer timer.Stop()
		if status, err := box.Wait(); err != nil || status.Signal != 0 {
			t.Errorf("the sandbox ended with %+v, %v", status, err)
		}
	})
	b := &watched{t: t, box: box, pid: box.PID}
	if s.Init {
		b.pid = childOf(t, box.PID)
	}
	b.said = sections(t, bufio.NewReader(out))
	return b
}

// sections reads what lookAround says, to its end.
func sections(t *testing.T, r *bufio.Reader) map[string]string {
	t.Helper()
	said := map[string]string{}
	heading := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("the command ended early: %v; it said %q", err, said)
		}
		if name, ok := strings.CutPrefix(line, "== "); ok {
			if heading = strings.TrimSpace(name); heading == "end" {
				return said
			}
			continue
		}
		said[heading] += line
	}
}

// childOf is the one child of a process.
func childOf(t *testing.T, pid int) (child int) {
	t.Helper()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(b)) {
			if child != 0 {
				t.Fatalf("process %d has several children", pid)
			}
			child, _ = strconv.Atoi(word)
		}
	}
	if child == 0 {
		t.Fatalf("process %d has no child", pid)
	}
	return child
}

// inside is what stands under a heading, without the line end.
func (b *watched) inside(heading string) string { return strings.TrimSpace(b.said[heading]) }

// outside reads a file of the command's below /proc/PID, as the host sees it.
func (b *watched) outside(file string) string {
	b.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", b.pid, file))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// link is where a symbolic link of the command's below /proc/PID leads.
func (b *watched) link(name string) string {
	b.t.Helper()
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/%s", b.pid, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return target
}

// field is a line of /proc/PID/status, by what stands before the colon.
func field(status, name string) string {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}

// lsns asks lsns(8) for the namespaces of the command, as "type:[inode]" by type.
func (b *watched) lsns() map[string]string {
	b.t.Helper()
	livetest.NeedTools(b.t, "lsns")
	out, err := exec.Command("lsns", "--json", "--output", "TYPE,NS", "--task", strconv.Itoa(b.pid)).Output()
	if err != nil {
		b.t.Fatalf("lsns: %v", err)
	}
	var doc struct{ Namespaces []struct{ Type, NS any } }
	if err := json.Unmarshal(out, &doc); err != nil {
		b.t.Fatalf("lsns says %s: %v", out, err)
	}
	list := map[string]string{}
	for _, n := range doc.Namespaces {
		inode, _ := n.NS.(float64) // a string in older versions
		if text, ok := n.NS.(string); ok {
			inode, _ = strconv.ParseFloat(text, 64)
		}
		list[fmt.Sprint(n.Type)] = fmt.Sprintf("%v:[%.0f]", n.Type, inode)
	}
	return list
}

// nsenter runs a program of the host's in some of the command's namespaces: "--uts".
func (b *watched) nsenter(flags string, argv ...string) string {
	b.t.Helper()
	livetest.NeedTools(b.t, "nsenter")
	args := append(strings.Fields(flags), append([]string{"--target", strconv.Itoa(b.pid), "--"}, argv...)...)
	out, err := exec.Command("nsenter", args...).CombinedOutput()
	if err != nil {
		b.t.Errorf("nsenter %s: %v %s", flags, err, out)
	}
	return strings.TrimSpace(string(out))
}
