package users

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseNames(t *testing.T) {
	text := strings.Join([]string{
		"root:x:0:0:root:/root:/bin/bash",
		"toor:x:0:0::/root:/bin/sh",
		"# redis:x:7:7:::",
		"redis:x:999:999::/var/lib/redis:/usr/sbin/nologin",
		"",
		"+::::::",
		"-bad::12::",
		":x:5:5:::",
		"short:x:6",
		"minus:x:-1:0:::",
		"huge:x:4294967296:0:::",
		"last:x:4294967295:0:::",
		"esc\x1b[31m:x:8:8:::",
		"audio:x:29:root,\u202eredis",
		"noend:x:30:",
	}, "\n")
	want := map[uint32]string{0: "root", 999: "redis", 4294967295: "last", 8: "esc\x1b[31m", 29: "audio", 30: "noend"}
	if diff := cmp.Diff(want, parseNames(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSubordinate(t *testing.T) {
	root := fakeRoot(t, map[string]string{
		"passwd": "probeuser:x:1001:1001::/home/p:/bin/sh\n",
		"subuid": "# ranges\nprobeuser:165536:65536\n1001:300000:10\n1002:400000:10\nwide:4294967290:4294967296\nempty:1:0\nbad:x:1\nbad:1\nlong:5:5:5\n",
		"subgid": "probeuser:165536:65536\n",
	})
	db := Open(root)
	tests := []struct {
		uid  uint32
		want string
	}{
		{165535, ""},
		{165536, "probeuser's subordinate 165536+0"},
		{231071, "probeuser's subordinate 165536+65535"},
		{231072, ""},
		{300003, "probeuser's subordinate 300000+3"},
		{400000, "1002's subordinate 400000+0"},
		{4294967295, "wide's subordinate 4294967290+5"},
		{1, ""},
		{0, ""},
	}
	for _, tt := range tests {
		got := ""
		if s, ok := db.SubUID(tt.uid); ok {
			got = s.String()
		}
		if got != tt.want {
			t.Errorf("user %d is %q, want %q", tt.uid, got, tt.want)
		}
	}
	if s, ok := db.SubGID(165537); !ok || s.Offset != 1 {
		t.Errorf("group 165537 is %v, %v", s, ok)
	}
}

func TestFollowsChanges(t *testing.T) {
	root := fakeRoot(t, map[string]string{"passwd": "old:x:1000:1000:::\n"})
	clock := time.Unix(1000, 0)
	db := Open(root)
	db.now = func() time.Time { return clock }
	step := func(want string) {
		t.Helper()
		if got, _ := db.User(1000); got != want {
			t.Errorf("user 1000 is %q, want %q", got, want)
		}
	}
	step("old")
	passwd := filepath.Join(root, "etc/passwd")
	if err := os.WriteFile(passwd+".new", []byte("new:x:1000:1000:::\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(passwd+".new", passwd); err != nil {
		t.Fatal(err)
	}
	step("old")
	clock = clock.Add(checkEvery)
	step("new")
	if err := os.Remove(passwd); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(checkEvery)
	step("")
	if err := os.WriteFile(passwd, []byte("back:x:1000:1000:::\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(checkEvery)
	step("back")
}

func TestNothingThere(t *testing.T) {
	db := Open(t.TempDir())
	if name, ok := db.User(0); ok {
		t.Errorf("user 0 is %q without a passwd", name)
	}
	if name, ok := db.Group(0); ok {
		t.Errorf("group 0 is %q without a group file", name)
	}
	if s, ok := db.SubUID(100000); ok {
		t.Errorf("user 100000 is %v without a subuid", s)
	}
}

// A FIFO in the file's place must not stop the reader.
func TestFIFO(t *testing.T) {
	root := fakeRoot(t, nil)
	if err := syscall.Mkfifo(filepath.Join(root, "etc/passwd"), 0o644); err != nil {
		t.Fatal(err)
	}
	answered := make(chan bool)
	go func() {
		_, ok := Open(root).User(0)
		answered <- ok
	}()
	select {
	case ok := <-answered:
		if ok {
			t.Error("a FIFO gave a name")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("reading a FIFO did not return")
	}
}

// getent, asked for the files alone, names users and groups as we do.
func TestNamesAgreeWithGetent(t *testing.T) {
	getent, err := exec.LookPath("getent")
	if err != nil {
		t.Skip("needs getent (package libc-bin)")
	}
	db := Open("")
	for file, lookUp := range map[string]func(uint32) (string, bool){"passwd": db.User, "group": db.Group} {
		out, err := exec.Command(getent, "-s", "files", file).Output()
		if err != nil {
			t.Skipf("needs a getent that reads %s: %v", file, err)
		}
		seen := map[uint64]bool{}
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(line, ":")
			id, err := strconv.ParseUint(fields[2], 10, 32)
			if err != nil || seen[id] {
				continue
			}
			seen[id] = true
			if name, ok := lookUp(uint32(id)); !ok || name != fields[0] {
				t.Errorf("%s: %d is %q here, getent has %q", file, id, name, fields[0])
			}
		}
	}
}

func fakeRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func FuzzParseNames(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/bash\n+::::::\n")
	f.Add("audio:x:29:a,b")
	f.Fuzz(func(t *testing.T, text string) {
		for id, name := range parseNames(text) {
			if name == "" || strings.ContainsAny(name, ":\n") {
				t.Errorf("%d is called %q", id, name)
			}
		}
	})
}

func FuzzParseGrants(f *testing.F) {
	f.Add("probeuser:165536:65536\n1001:1:1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, g := range parseGrants(text) {
			if g.Count == 0 || !g.holds(g.Start) {
				t.Errorf("the range %+v does not hold its own start", g)
			}
		}
	})
}
