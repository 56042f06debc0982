package livetest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// InCgroup prepares a program that runs in a cgroup, the way a sandbox's first process gets there: by the task files of v1, and
// by the open directory of v2 (CLONE_INTO_CGROUP, clone(2)), which may be nil.
func InCgroup(tasks []*os.File, dir *os.File, argv ...string) *exec.Cmd {
	var join strings.Builder
	for i := range tasks {
		fmt.Fprintf(&join, "echo 0 >&%d && exec %d>&- && ", 3+i, 3+i)
	}
	cmd := exec.Command("sh", append([]string{"-c", join.String() + `exec "$@"`, "sh"}, argv...)...)
	cmd.ExtraFiles = tasks
	if dir != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	return cmd
}

// StartInCgroup starts what InCgroup prepared, and returns when the program itself runs, in its cgroup.
func StartInCgroup(t testing.TB, cmd *exec.Cmd, argv ...string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	WaitFor(t, "the program to be in its cgroup", func() bool {
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
		return err != nil || strings.HasPrefix(string(args), strings.Join(argv, "\x00"))
	})
}
