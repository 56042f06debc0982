package proc

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFDFlagNames(t *testing.T) {
	for flags, want := range map[uint32]string{
		unix.O_RDONLY:                            "O_RDONLY",
		unix.O_RDWR | unix.O_CLOEXEC | largeFile: "O_RDWR|O_CLOEXEC",
		unix.O_WRONLY | unix.O_APPEND:            "O_WRONLY|O_APPEND",
		unix.O_PATH | unix.O_DIRECTORY:           "O_RDONLY|O_DIRECTORY|O_PATH",
		unix.O_RDWR | unix.O_TMPFILE:             "O_RDWR|O_TMPFILE",
		unix.O_RDWR | unix.O_SYNC:                "O_RDWR|O_SYNC",
		unix.O_RDWR | unix.O_DSYNC:               "O_RDWR|O_DSYNC",
		unix.O_ACCMODE:                           "O_ACCMODE",
		unix.O_RDONLY | unix.O_NONBLOCK | 1<<31:  "O_RDONLY|O_NONBLOCK|020000000000",
	} {
		if got := FDFlagNames(flags); got != want {
			t.Errorf("%#o: %s, want %s", flags, got, want)
		}
	}
}

// What a file was opened with comes back from its own fdinfo.
func TestFDFlagNamesLive(t *testing.T) {
	fd, err := unix.Open(filepath.Join(t.TempDir(), "file"), unix.O_RDWR|unix.O_CREAT|unix.O_APPEND|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	b, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		t.Fatal(err)
	}
	info, err := ParseFDInfo(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := FDFlagNames(info.Flags), "O_RDWR|O_APPEND|O_CLOEXEC|O_NONBLOCK"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
