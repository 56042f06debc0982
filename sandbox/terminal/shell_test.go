package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

// desk is a person at a terminal with a shell that has job control, from which launchers are started.
type desk struct {
	person
	shell *exec.Cmd
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	livetest.NeedTools(t, "bash", "stty")
	d := &desk{person: person{t: t}}
	d.shell = exec.Command("bash", "--norc", "--noprofile", "-i")
	d.shell.Dir = t.TempDir()
	d.shell.Env = append(shellEnv("out$ "), launcherRole+"=relay", "launcher="+program)
	file, err := pty.StartWithSize(d.shell, &pty.Winsize{Rows: 30, Cols: 91})
	if err != nil {
		t.Fatal(err)
	}
	d.file = file
	t.Cleanup(func() {
		d.killSession()
		_ = d.shell.Wait()
		file.Close()
	})
	d.watch()
	d.sees("out$ ")
	return d
}

// killSession kills what the shell started, which said its PIDs.
func (d *desk) killSession() {
	for _, pid := range append(d.said("launcher"), d.shell.Process.Pid) {
		for _, child := range d.said("command") {
			if stat(child).parent == pid {
				_ = syscall.Kill(child, syscall.SIGKILL)
			}
		}
		if s := stat(pid); s.session == d.shell.Process.Pid {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// said are the PIDs that launchers said of themselves or of their commands.
func (d *desk) said(of string) (pids []int) {
	for _, m := range regexp.MustCompile(of+` (\d+)\r`).FindAllStringSubmatch(d.screen(), -1) {
		if pid, err := strconv.Atoi(m[1]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// launcher is the PID of the one that was started last.
func (d *desk) launcher() int { return d.last("launcher") }

// command is the PID of its command.
func (d *desk) command() int { return d.last("command") }

func (d *desk) last(of string) int {
	d.t.Helper()
	d.waits("a "+of, func() bool { return len(d.said(of)) > 0 })
	pids := d.said(of)
	return pids[len(pids)-1]
}

// mode asks the shell how the terminal is set.
func (d *desk) mode() string {
	d.t.Helper()
	file := filepath.Join(d.shell.Dir, "mode")
	_ = os.Remove(file)
	d.types("stty -g >mode.new; mv mode.new mode\r")
	var b []byte
	d.waits("stty -g", func() (ok bool) {
		var err error
		b, err = os.ReadFile(file)
		return err == nil
	})
	return string(b)
}

// says runs a line in the shell and waits for what it writes: the line itself must not hold that.
func (d *desk) says(line, answer string) {
	d.t.Helper()
	before := strings.Count(d.screen(), answer)
	d.types(line + "\r")
	d.waits(answer, func() bool { return strings.Count(d.screen(), answer) > before })
}

// knowsStopped waits until the shell knows of a stopped job too.
func (d *desk) knowsStopped() {
	d.t.Helper()
	d.says("until [[ $(jobs) == *Stopped* ]]; do :; done; echo known-$((40+2))", "known-42\r\n")
}

// status waits until the launcher is over, and the shell says its status.
func (d *desk) status(want int) {
	d.t.Helper()
	d.waitsForRaw(false)
	d.says("echo status=$?", "status="+strconv.Itoa(want)+"\r\n")
}

func (d *desk) signals(pid int, s syscall.Signal) {
	d.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) waitsForState(pid int, state string) {
	d.t.Helper()
	d.waits("state "+state, func() bool { return stat(pid).state == state })
}

// starts starts a shell behind a relay, and checks that it is used.
func (d *desk) starts() (launcher int) {
	d.t.Helper()
	d.types(`"$launcher" bash --norc --noprofile -i` + "\r")
	d.sees("in$ ")
	d.waitsForRaw(true)
	return d.launcher()
}

// process is a part of /proc/PID/stat (proc_pid_stat(5)).
type process struct {
	state                       string
	parent, session, foreground int
}

func stat(pid int) (p process) {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(b), ") ")
	var group, terminal int
	_, _ = fmt.Sscan(rest, &p.state, &p.parent, &group, &p.session, &terminal, &p.foreground)
	return p
}

func TestUnderShell(t *testing.T) {
	d := newDesk(t)
	before := d.mode()
	d.starts()
	d.says("echo in-$((40+2))", "in-42\r\n")
	d.types("sleep 1000\r")
	d.waits("sleep in the foreground", func() bool { return comm(stat(d.command()).foreground) == "sleep" })
	d.types("\x1a") // the inner shell's
	d.sees("Stopped")
	d.says("kill %1; echo killed-$((40+2))", "killed-42\r\n")
	d.resize(19, 71) // the kernel tells the launcher, which is in the foreground
	d.says(`while [ "$(stty size)" != "19 71" ]; do :; done; echo new-$((40+2))`, "new-42\r\n")
	d.types("exit 7\r")
	d.status(7)
	if after := d.mode(); after != before {
		t.Errorf("the terminal is not as it was:\n%s%s", before, after)
	}
}

// A stop from outside gives the terminal back to the shell; fg takes it again, with the size of now.
func TestStopFromOutside(t *testing.T) {
	for _, s := range []syscall.Signal{unix.SIGTSTP, unix.SIGSTOP, unix.SIGTTOU, unix.SIGTTIN} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			d := newDesk(t)
			before := d.mode()
			launcher := d.starts()
			for round := range 2 {
				d.signals(launcher, s)
				d.waitsForState(launcher, "T")
				d.knowsStopped()
				d.says("echo out-$((40+2))", "out-42\r\n")
				if after := d.mode(); after != before {
					t.Errorf("the stopped launcher's terminal is not as it was:\n%s%s", before, after)
				}
				cols := uint16(60 + round)
				d.resize(18, cols)
				d.types("fg\r")
				d.waitsForRaw(true)
				size := "18 " + strconv.Itoa(int(cols))
				d.says(`while [ "$(stty size)" != "`+size+`" ]; do :; done; echo new-$((40+2))`, "new-42\r\n")
			}
			d.types("exit 5\r")
			d.status(5)
			if after := d.mode(); after != before {
				t.Errorf("the terminal is not as it was:\n%s%s", before, after)
			}
		})
	}
}

func TestStopLeavesTheTerminalCooked(t *testing.T) {
	d := newDesk(t)
	launcher := d.starts()
	// The shell is stopped too, so that it is not it that mends the terminal.
	d.signals(d.shell.Process.Pid, unix.SIGSTOP)
	d.waitsForState(d.shell.Process.Pid, "T")
	d.signals(launcher, unix.SIGTSTP)
	d.waitsForState(launcher, "T")
	d.waitsForRaw(false)
	d.signals(d.shell.Process.Pid, unix.SIGCONT)
	d.knowsStopped()
	d.types("fg\r")
	d.waitsForRaw(true)
	d.types("exit 0\r")
	d.status(0)
}

// Signals that end the launcher end it with its terminal as it was, also while nobody reads what is written.
func TestEndBySignal(t *testing.T) {
	for _, s := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			d := newDesk(t)
			before := d.mode()
			d.signals(d.starts(), s)
			d.status(128 + int(s))
			if after := d.mode(); after != before {
				t.Errorf("the terminal is not as it was:\n%s%s", before, after)
			}
		})
	}
}

// A launcher that is started in the background stops instead of taking the terminal from the shell.
func TestBackground(t *testing.T) {
	d := newDesk(t)
	before := d.mode()
	d.types(`"$launcher" bash --norc --noprofile -i &` + "\r")
	launcher := d.launcher()
	d.waitsForState(launcher, "T")
	if after := d.mode(); after != before {
		t.Errorf("the shell's terminal is not as it was:\n%s%s", before, after)
	}
	d.knowsStopped()
	d.says("fg", "in$ ")
	d.waitsForRaw(true)
	d.says("echo in-$((40+2))", "in-42\r\n")

	d.signals(launcher, unix.SIGTSTP)
	d.waitsForState(launcher, "T")
	d.knowsStopped()
	d.says("bg; echo bg-$((40+2))", "bg-42\r\n")
	d.knowsStopped()
	if after := d.mode(); after != before {
		t.Errorf("the shell's terminal is not as it was:\n%s%s", before, after)
	}
	d.types("fg\r")
	d.waitsForRaw(true)
	d.types("exit 3\r")
	d.status(3)
}

// A launcher whose input is no terminal leaves the terminal as it is, and stops and ends like any other.
func TestInputFromPipeline(t *testing.T) {
	d := newDesk(t)
	before := d.mode()
	d.types(`sleep 1000 | "$launcher" sleep 1001` + "\r")
	launcher := d.launcher()
	d.command()
	for range 2 {
		d.signals(launcher, unix.SIGTSTP)
		d.waitsForState(launcher, "T")
		d.signals(launcher, unix.SIGCONT)
		d.waitsForState(launcher, "S")
	}
	d.types("\x03")
	d.says("echo status=$?", "status=130\r\n")
	if after := d.mode(); after != before {
		t.Errorf("the terminal is not as it was:\n%s%s", before, after)
	}
}

// The shell's kill of a stopped job ends it, wherever it stopped: it sends SIGTERM and SIGCONT.
func TestKillOfStoppedJob(t *testing.T) {
	for name, stop := range map[string]func(d *desk){
		"started in the background": func(d *desk) { d.types(`"$launcher" sleep 1000 &` + "\r") },
		"stopped by SIGTSTP":        func(d *desk) { d.signals(d.starts(), unix.SIGTSTP) },
		"stopped by SIGSTOP":        func(d *desk) { d.signals(d.starts(), unix.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			before := d.mode()
			stop(d)
			launcher := d.launcher()
			d.waitsForState(launcher, "T")
			d.knowsStopped()
			d.types("kill %1\r")
			d.sees("ended by signal 15")
			d.waits("the launcher's end", func() bool { s := stat(launcher).state; return s == "" || s == "Z" })
			if after := d.mode(); after != before {
				t.Errorf("the terminal is not as it was:\n%s%s", before, after)
			}
		})
	}
}

// In the background with nobody who could bring it to the foreground it says so and leaves the terminal alone.
func TestBackgroundForGood(t *testing.T) {
	d := newDesk(t)
	before := d.mode()
	d.types(`( p=$BASHPID; ( while read -r _ _ _ parent group _ _ front _ </proc/$BASHPID/stat; [ $parent = $p ] || [ $front = $group ]; do :; done
exec "$launcher" sleep 1000 </dev/tty ) & )` + "\r")
	d.sees("launcher: this process is in the background and no shell could bring it to the foreground")
	if after := d.mode(); after != before {
		t.Errorf("the shell's terminal is not as it was:\n%s%s", before, after)
	}
}

// What is typed once the command has ended is the shell's, even if the launcher finds both at once.
func TestTypedAheadIsNotEaten(t *testing.T) {
	d := newDesk(t)
	d.types(`"$launcher" sleep 1000; IFS= read -r line; echo "got=$line="` + "\r")
	launcher := d.launcher()
	d.waitsForRaw(true)
	command := d.command()
	// Neither the launcher nor the shell, which would take the terminal, does anything for the moment.
	d.signals(d.shell.Process.Pid, unix.SIGSTOP)
	d.waitsForState(d.shell.Process.Pid, "T")
	d.signals(launcher, unix.SIGSTOP)
	d.waitsForState(launcher, "T")
	d.signals(command, unix.SIGKILL)
	d.waitsForState(command, "Z")
	d.types("next line\n")
	d.signals(launcher, unix.SIGCONT)
	d.waitsForRaw(false)
	d.signals(d.shell.Process.Pid, unix.SIGCONT)
	d.sees("got=next line=\r\n")
}

// After SIGKILL nothing can be restored: the next start can tell.
func TestLeftRawAfterKill(t *testing.T) {
	d := newDesk(t)
	launcher := d.starts()
	d.signals(d.shell.Process.Pid, unix.SIGSTOP)
	d.waitsForState(d.shell.Process.Pid, "T")
	d.signals(launcher, unix.SIGKILL)
	d.waitsForState(launcher, "Z")
	d.waitsForRaw(true)
	d.signals(d.shell.Process.Pid, unix.SIGCONT)
}
