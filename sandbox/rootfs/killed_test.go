package rootfs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cutaway/inspect/livetest"
)

// unpackerEnv makes this binary an unpacker that stops in the middle: "CACHE ARCHIVE".
const unpackerEnv = "CUTAWAY_TEST_UNPACKER"

func TestMain(m *testing.M) {
	if cache := os.Getenv(unpackerEnv); cache != "" {
		stopInTheMiddle(cache, os.Args[1])
	}
	os.Exit(livetest.Main(m))
}

// stopInTheMiddle unpacks, says so once something has been written, and then does nothing more.
func stopInTheMiddle(cache, archive string) {
	opts := Options{CacheDir: cache, Progress: func(p Progress) {
		if p.What == Unpacking && p.Entries > 0 {
			fmt.Println("in the middle")
			_, _ = io.ReadAll(os.Stdin) // open until we are killed
		}
	}}
	_, err := Unpack(context.Background(), archive, Tar, "", opts)
	fmt.Fprintln(os.Stderr, "was not stopped:", err)
	os.Exit(1)
}

// An unpacker that is killed holds nobody up, and leaves nothing behind that the next does not remove.
func TestKilled(t *testing.T) {
	b := newBox(t)
	archive := b.put(t, "a.tar", pack(t, folder("d/", 0), file("d/f", "x")))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, archive)
	cmd.Env = append(os.Environ(), unpackerEnv+"="+b.opts.CacheDir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if kill := cmd.Process.Kill(); kill != nil {
		t.Error(kill)
	}
	_ = cmd.Wait() // it was killed
	if err != nil || line != "in the middle\n" {
		t.Fatalf("the unpacker said %q (error %v)", line, err)
	}
	work := filepath.Join(b.opts.CacheDir, workDir)
	if left, err := os.ReadDir(work); err != nil || len(left) != 1 {
		t.Errorf("the killed unpacker left %v (error %v), want what it had made", left, err)
	}
	r, err := b.unpackFile(t, archive, Tar, "")
	if err != nil {
		t.Fatal(err)
	}
	if st := stat(t, r, "d"); st.Mode&0o7777 != 0 {
		t.Errorf("d has the mode %#o", st.Mode)
	}
	if left, err := os.ReadDir(work); err != nil || len(left) != 0 {
		t.Errorf("still there: %v (error %v)", left, err)
	}
}
