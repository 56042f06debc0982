package seccomp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"cutaway/inspect/livetest"
)

// goEnv asks the test binary to be a program in Go.
const goEnv = "CUTAWAY_SECCOMP_GO"

// goProgram uses of the runtime and the standard library what needs the kernel: threads, timers, files, the network, other
// programs.
func goProgram() int {
	if err := useEverything(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("done")
	return 0
}

func useEverything() error {
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			runtime.LockOSThread()
			time.Sleep(time.Millisecond)
		})
	}
	group.Wait()
	runtime.GC()
	dir, err := os.MkdirTemp("", "cutaway-seccomp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("text"), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		return err
	}
	if _, err := os.ReadDir(dir); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		if c, err := listener.Accept(); err == nil {
			io.WriteString(c, "hello\n")
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "hello\n" {
		return fmt.Errorf("read %q: %w", line, err)
	}
	out, err := exec.Command("/bin/sh", "-c", "echo from a child | cat").Output()
	if err != nil || string(out) != "from a child\n" {
		return fmt.Errorf("a child said %q: %w", out, err)
	}
	return nil
}

const pythonText = `
import subprocess, threading, socket, tempfile, os, time, multiprocessing
t = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(8)]
[x.start() for x in t]; [x.join() for x in t]
assert subprocess.check_output(["/bin/sh", "-c", "echo hello"]) == b"hello\n"
with tempfile.TemporaryDirectory() as d:
    open(os.path.join(d, "a"), "w").write("text")
    assert os.listdir(d) == ["a"]
a, b = socket.socketpair(); a.send(b"x"); assert b.recv(1) == b"x"
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); c.close(); s.close()
assert socket.getaddrinfo("127.0.0.1", 80)
pid = os.fork()
if pid == 0: os._exit(7)
assert os.waitpid(pid, 0)[1] == 7 << 8
os.sched_getaffinity(0); os.urandom(8); os.statvfs("/"); os.getpriority(os.PRIO_PROCESS, 0)
print("done")
`

// Programs that people run in a container run behind both filters, as root and as a normal user.
func TestProgramsRun(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		argv []string
		want string // the end of what it prints
	}{
		{[]string{"/bin/busybox", "sh", "-c", "echo a | cat; ls / >/dev/null && (sleep 0 & wait) && echo $((6*7))"}, "42"},
		{[]string{"/bin/bash", "-c", "for i in 1 2 3; do x=$(echo $i | tr 1-3 a-c); done; [[ -r /etc/passwd ]] && echo $x < <(true); ulimit -n >/dev/null && echo $x"}, "c"},
		{[]string{"/bin/sh", "-c", `d=$(mktemp -d) && cd $d && mkfifo p && echo 1 >a && cp -a a b && mv b c && ln -s a l && ln a h && touch -d 2001-01-01 a &&
			chmod 600 a && du -s . >/dev/null && df . >/dev/null && find . -type f | sort | xargs wc -c | tail -1 && dd if=/dev/zero of=z bs=4k count=4 2>/dev/null &&
			sort -n a | uniq | head -1 && tar -cf t.tar a c && tar -tf t.tar && nice -n 1 timeout 5 stat -c %s z && cd / && rm -r $d && id -u >/dev/null && date >/dev/null && echo ok`}, "ok"},
		{[]string{"/bin/sh", "-c", "ps -e -o pid=,comm= >/dev/null && ps -o comm= -p $$"}, "sh"},
		{[]string{"/usr/bin/python3", "-c", pythonText}, "done"},
		{[]string{"/usr/bin/perl", "-e", `print fork ? (wait, $? >> 8)[1] : exit 3`}, "3"},
		{[]string{"/usr/bin/getent", "hosts", "127.0.0.1"}, "localhost"},
	}
	for _, profile := range []string{Docker, Strict} {
		for user, uid := range users() {
			for _, tt := range tests {
				t.Run(fmt.Sprintf("%s as %s/%s", profile, user, filepath.Base(tt.argv[0])), func(t *testing.T) {
					livetest.NeedTools(t, tt.argv[0])
					out := send(t, errand{Program: program(t, profile), UID: uid, Argv: tt.argv})
					if out.err != nil || !strings.HasSuffix(out.stdout, tt.want) || out.stderr != "" {
						t.Errorf("%v, printed %q, errors %q", out.err, out.stdout, out.stderr)
					}
				})
			}
		}
		// Only who may read go test's directory can run the test binary again.
		t.Run(profile+"/Go", func(t *testing.T) {
			out := send(t, errand{Program: program(t, profile), Argv: []string{exe}}, goEnv+"=1")
			if out.err != nil || out.stdout != "done" {
				t.Errorf("%v, printed %q, errors %q", out.err, out.stdout, out.stderr)
			}
		})
	}
}

// Tracing is what Docker lets people do, and strict does not; new namespaces are made in neither.
func TestProgramsThatAProfileRefuses(t *testing.T) {
	tests := []struct {
		argv           []string
		docker, strict bool // whether it succeeds
	}{
		{[]string{"/usr/bin/strace", "-f", "-o", "/dev/null", "/bin/true"}, true, false},
		{[]string{"/usr/bin/unshare", "-Ur", "/bin/true"}, false, false},
		{[]string{"/usr/bin/setarch", "--addr-no-randomize", "/bin/true"}, false, false},
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.argv[0]), func(t *testing.T) {
			livetest.NeedTools(t, tt.argv[0])
			if out := send(t, errand{Argv: tt.argv}); out.err != nil {
				livetest.Skip(t, fmt.Sprintf("it does not work without a filter either: %v %s", out.err, out.stderr))
			}
			for profile, works := range map[string]bool{Docker: tt.docker, Strict: tt.strict} {
				out := send(t, errand{Program: program(t, profile), Argv: tt.argv})
				if (out.err == nil) != works {
					t.Errorf("%s: %v %s", profile, out.err, out.stderr)
				}
			}
		})
	}
}

// vi and a shell with job control work on a terminal.
func TestTerminal(t *testing.T) {
	tests := []struct {
		argv  []string
		input string
		want  string
	}{
		{[]string{"/usr/bin/vi", "-u", "NONE", "/etc/passwd"}, ":q!\r", "root:"},
		{[]string{"/bin/busybox", "vi", "/etc/passwd"}, ":q!\r", "root:"},
		{[]string{"/bin/bash", "--norc", "-i"}, "sleep 100 & kill %1; wait; stty size; exit\r", "33 99"},
	}
	for _, profile := range []string{Docker, Strict} {
		for _, tt := range tests {
			t.Run(profile+"/"+strings.Join(tt.argv[:2], " "), func(t *testing.T) {
				livetest.NeedTools(t, tt.argv[0])
				cmd := start(t, errand{Program: program(t, profile), Argv: tt.argv})
				cmd.SysProcAttr.Setctty = true
				cmd.SysProcAttr.Pdeathsig = 0 // the terminal's end is a SIGHUP
				terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 33, Cols: 99})
				if err != nil {
					t.Fatal(err)
				}
				defer terminal.Close()
				deadline := time.AfterFunc(livetest.Patience, func() { cmd.Process.Kill() })
				defer deadline.Stop()
				if _, err := io.WriteString(terminal, tt.input); err != nil {
					t.Fatal(err)
				}
				seen, _ := io.ReadAll(terminal) // ends with EIO when the last user of the terminal does
				if err := cmd.Wait(); err != nil || !strings.Contains(string(seen), tt.want) {
					t.Errorf("%v, on the screen %q", err, seen)
				}
			})
		}
	}
}
