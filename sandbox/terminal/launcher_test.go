package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// launcherRole in the environment makes this test binary a launcher of its arguments: "relay" on a terminal of their own,
// "forward" without one.
const launcherRole = "CUTAWAY_TEST_LAUNCHER"

// program is this test binary.
var program = func() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}()

func TestMain(m *testing.M) {
	switch os.Getenv(launcherRole) {
	case "relay":
		os.Exit(relayTo(os.Args[1:]))
	case "forward":
		os.Exit(forwardTo(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// relayTo does what a launcher does with a Relay: a signal that ends it ends the command, and gives the status.
func relayTo(argv []string) int {
	fmt.Printf("launcher %d\r\n", os.Getpid())
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = shellEnv("in$ ")
	master, err := pty.Start(cmd)
	if err != nil {
		return complain(err)
	}
	fmt.Printf("command %d\r\n", cmd.Process.Pid)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	Forward(ctx, func(s syscall.Signal) error { return cmd.Process.Signal(s) }, BesideRelay...)
	err = Relay(ctx, master, os.Stdin, os.Stdout)
	var ended *SignalError
	if errors.As(err, &ended) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		fmt.Println(err)
		return 128 + int(ended.Signal)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return complain(err)
	}
	return statusOf(cmd.Wait())
}

// forwardTo runs a command in a session of its own, as a sandbox's is.
func forwardTo(argv []string) int {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return complain(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	Forward(ctx, func(s syscall.Signal) error {
		fmt.Printf("sent-%s\n", unix.SignalName(s))
		return cmd.Process.Signal(s)
	})
	fmt.Printf("launcher %d\ncommand %d\n", os.Getpid(), cmd.Process.Pid)
	return statusOf(cmd.Wait())
}

func complain(err error) int {
	fmt.Println("launcher:", err)
	return 99
}

func statusOf(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	status := exit.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
