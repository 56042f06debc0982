package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"cutaway/inspect/fault"
	"cutaway/sandbox"
	"cutaway/sandbox/journal"
)

const (
	runDeadline = 10 * time.Second // what a command in both sides may take
	maxOutput   = 256 << 10        // bytes of its output that are kept of each side
)

// ran is what a command did on one side.
type ran struct {
	output string
	cut    bool // there was more
	code   int  // as a shell has it
	took   time.Duration
	err    error // why it did not run, or was stopped
	absent bool  // the side has neither a shell nor the command
	tools  bool  // it was the host's, in the side's namespaces
}

// place is where a command runs: nil is the host, as cutaway itself stands.
type runPlace struct {
	entry *sandbox.Entry
	name  string
}

// bounded keeps the beginning of what is written to it, and takes all.
type bounded struct {
	mu  sync.Mutex
	buf bytes.Buffer
	cut bool
}

func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := maxOutput - b.buf.Len()
	if room < len(p) {
		b.cut = true
	}
	b.buf.Write(p[:min(room, len(p))])
	return len(p), nil
}

// runLine runs a command line in a place, and gives up when ctx ends.
func runLine(ctx context.Context, at runPlace, line string) ran {
	began := time.Now()
	out := &bounded{}
	var r ran
	if at.entry == nil {
		r = runHere(ctx, line, out)
	} else {
		r = runThere(ctx, at, line, out)
	}
	r.output, r.cut, r.took = strings.ReplaceAll(out.buf.String(), "\r\n", "\n"), out.cut, time.Since(began)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		r.err = errorText("it took longer than " + runDeadline.String() + " and was stopped")
	} else if ctx.Err() != nil {
		r.err = errorText("stopped")
	}
	return r
}

// runHere runs it as the person would in a shell, in a process group of its own that ends as a whole. The thread is its own for as
// long: the signal on the parent's end comes when the *thread* that started it ends (PR_SET_PDEATHSIG, prctl(2)), and looks from
// inside end threads.
func runHere(ctx context.Context, line string, out io.Writer) ran {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ran{}
	case errors.As(err, &exit) && exit.ProcessState.Exited():
		return ran{code: exit.ExitCode()}
	case errors.As(err, &exit):
		return ran{code: 128 + int(exit.Sys().(syscall.WaitStatus).Signal())}
	}
	return ran{err: err, code: 127}
}

// runThere enters the place for it: by its shell, else, where it has none, the words themselves.
func runThere(ctx context.Context, at runPlace, line string, out io.Writer) ran {
	r := enterFor(ctx, at, []string{"sh", "-c", line}, out)
	if r.absent {
		if words := commandWords(line); len(words) > 0 && words[0] != "sh" {
			r = enterFor(ctx, at, words, out)
		}
	}
	r.tools = at.entry.HostTools
	return r
}

func enterFor(ctx context.Context, at runPlace, command []string, out io.Writer) ran {
	read, write, err := os.Pipe()
	if err != nil {
		return ran{err: err, code: 125}
	}
	e := *at.entry
	e.Command, e.Terminal = command, sandbox.TerminalNever
	var box *sandbox.Sandbox
	_, err = journal.Do(journal.Change{Action: "enter", Target: at.name, Shell: entryLine(&e)}, func() (err error) {
		box, err = sandbox.Enter(ctx, &e, sandbox.Options{Stdout: write, Stderr: write})
		return err
	})
	write.Close()
	if err != nil {
		read.Close()
		code := sandbox.ExitCode(err)
		return ran{err: err, code: code, absent: code == 127}
	}
	stop := context.AfterFunc(ctx, box.Kill)
	defer stop()
	copied := make(chan struct{})
	fault.Go(func() {
		defer close(copied)
		_, _ = io.Copy(out, read)
	})
	status, err := box.Wait()
	select {
	case <-copied:
	case <-time.After(lastOutput): // somebody else keeps the pipe open
	}
	read.Close()
	return ran{code: status.ExitCode(), err: err}
}
