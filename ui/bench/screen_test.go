package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"cutaway/inspect/proc"
)

// watch is how long the screens are left alone while their CPU time is counted.
const watch = 15 * time.Second

// The size of the terminals.
const screenWidth, screenHeight = 160, 50

// onScreen starts a program on a terminal of its own and reads what it draws.
func onScreen(b *testing.B, argv ...string) (cmd *exec.Cmd, terminal *os.File) {
	b.Helper()
	cmd = exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: screenHeight, Cols: screenWidth})
	if err != nil {
		b.Fatalf("start %s: %v", argv[0], err)
	}
	return cmd, terminal
}

func end(cmd *exec.Cmd, terminal *os.File) {
	cmd.Process.Signal(os.Interrupt)
	time.AfterFunc(time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	terminal.Close()
}

// firstFrame is the median time from start to the first frame that has the tree's header.
func firstFrame(b *testing.B, program string) time.Duration {
	b.Helper()
	var times []time.Duration
	for range rounds {
		start := time.Now()
		cmd, terminal := onScreen(b, program)
		seen := make(chan time.Duration, 1)
		go func() {
			defer close(seen)
			var drawn []byte
			buf := make([]byte, 64<<10)
			for {
				n, err := terminal.Read(buf)
				drawn = append(drawn, buf[:n]...)
				if bytes.Contains(drawn, []byte("NAME")) && bytes.Contains(drawn, []byte("PID")) {
					seen <- time.Since(start)
					io.Copy(io.Discard, terminal)
					return
				}
				if err != nil {
					return
				}
			}
		}()
		select {
		case d, ok := <-seen:
			if !ok {
				b.Fatal("the screen ended before it drew the tree")
			}
			times = append(times, d)
		case <-time.After(5 * time.Second):
			b.Fatal("no tree on the screen within 5 s")
		}
		end(cmd, terminal)
	}
	return median(times)
}

// screens lets both screens run side by side and gives the CPU time of each, and our resident memory in MB.
func screens(b *testing.B, program string) (ours, htop time.Duration, memory float64) {
	b.Helper()
	us, usTerminal := onScreen(b, program)
	them, theirTerminal := onScreen(b, "htop", "-d", "10")
	go io.Copy(io.Discard, usTerminal)
	go io.Copy(io.Discard, theirTerminal)
	time.Sleep(3 * time.Second) // what starting costs is not what running costs
	usBefore, themBefore := cpuTime(b, us.Process.Pid), cpuTime(b, them.Process.Pid)
	time.Sleep(watch)
	ours = cpuTime(b, us.Process.Pid) - usBefore
	htop = cpuTime(b, them.Process.Pid) - themBefore
	memory = resident(b, us.Process.Pid)
	end(us, usTerminal)
	end(them, theirTerminal)
	return ours, htop, memory
}

func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatalf("the screen has ended: %v", err)
	}
	var st proc.Stat
	if err := proc.ParseStat(text, &st); err != nil {
		b.Fatal(err)
	}
	return time.Duration(st.UTime+st.STime) * 10 * time.Millisecond
}

func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			fmt.Sscan(rest, &kb)
			return kb / 1024
		}
	}
	b.Fatal("no VmRSS in status")
	return 0
}
