package livetest_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// victimEnv is set for the copy of this test that is killed.
const victimEnv = "CUTAWAY_LIVETEST_VICTIM"

// TestLiveJanitor kills a test binary without warning while it has a frozen container, a daemon and a bare process, and
// looks at what remains.
func TestLiveJanitor(t *testing.T) {
	if os.Getenv(victimEnv) != "" {
		beVictim(t)
	}
	livetest.Docker(t) // skips where the victim would
	victim := exec.Command(os.Args[0], "-test.run=^TestLiveJanitor$")
	victim.Env = append(os.Environ(), victimEnv+"=1")
	var trouble bytes.Buffer
	victim.Stderr = &trouble
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	name, err := benchOf(bufio.NewScanner(out))
	if killErr := victim.Process.Kill(); killErr != nil {
		t.Error(killErr)
	}
	// Its janitor keeps the pipe of standard error until it is done.
	_ = victim.Wait()
	if err != nil {
		t.Fatalf("the victim did not come to its work: %v\n%s", err, trouble.String())
	}
	if trouble.Len() > 0 {
		t.Errorf("the janitor says: %s", trouble.String())
	}
	remains(t, name)
}

// beVictim starts things, says the bench's name and waits for its end.
func beVictim(t *testing.T) {
	docker := livetest.Docker(t)
	docker.Command(t, "pause", docker.Run(t).ID)
	livetest.Unshare(t, "--uts", "--pid", "--fork")
	fmt.Printf("bench %s\n", strings.Trim(docker.Machine.Cgroup(""), "/"))
	select {}
}

func benchOf(lines *bufio.Scanner) (string, error) {
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "bench "); ok {
			return name, nil
		}
	}
	return "", errors.Join(lines.Err(), errors.New("it ended"))
}

// remains reports every trace of a bench.
func remains(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(os.TempDir(), name)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
	for _, pattern := range []string{"/sys/fs/cgroup/" + name, "/sys/fs/cgroup/*/" + name} {
		if dirs, _ := filepath.Glob(pattern); len(dirs) > 0 {
			t.Errorf("cgroups %v", dirs)
		}
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range processes {
		for _, file := range []string{"cgroup", "environ", "cmdline"} {
			// Only a zombie, which init has yet to reap, can be in a cgroup that was removed (cgroups(7), "/proc/pid/cgroup").
			text, _ := os.ReadFile(filepath.Join(dir, file))
			if bytes.Contains(text, []byte(name)) && !bytes.Contains(text, []byte(" (deleted)\n")) {
				t.Errorf("process %s has the bench's name in its %s", filepath.Base(dir), file)
			}
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(mounts, []byte(name)) {
		t.Error("mounts")
	}
}
