package sandbox

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/landlock"
)

// needLandlock skips where the kernel has none.
func needLandlock(t *testing.T) {
	t.Helper()
	if _, err := landlock.ABI(); err != nil {
		livetest.Skip(t, "needs Landlock: "+err.Error())
	}
}

// Inside, the named files and directories are there, and others of the same root are not.
func TestLandlock(t *testing.T) {
	needLandlock(t)
	s := isolated(`
		try() { if (eval "$2") 2>/dev/null; then echo "$1 yes"; else echo "$1 no"; fi; }
		try file 'read x </etc/passwd'
		try sibling 'read x </etc/group'
		try writing 'echo x >/tmp/x && read x </tmp/x'
		try null 'echo x >/dev/null'
		try zero 'head -c 1 /dev/zero >/dev/null'
		try elsewhere 'echo x >/run/x'
		try listing 'ls /etc >/dev/null'
		try program 'ls /usr >/dev/null'`)
	s.Landlock = &Landlock{Read: []string{"/usr", "/bin", "/lib", "/lib64", "/etc/passwd"}, Write: []string{"/tmp", "/dev/null"}}
	r := run(t, s, Options{})
	want := "file yes\nsibling no\nwriting yes\nnull yes\nzero no\nelsewhere no\nlisting no\nprogram yes"
	if got := strings.TrimSpace(r.out); got != want {
		t.Errorf("got\n%s\nwant\n%s\nerrors: %s", got, want, r.errOut)
	}
}

// A path that is not inside the root ends the launch, with its name.
func TestLandlockPathThatIsNotThere(t *testing.T) {
	needLandlock(t)
	s := isolated("true")
	s.Landlock = &Landlock{Read: []string{"/usr", "/nowhere"}}
	_, err := try(t, s, Options{})
	var launch *LaunchError
	if !errors.As(err, &launch) || launch.Stage != StageLandlock || launch.Path != "/nowhere" || !errors.Is(err, unix.ENOENT) {
		t.Errorf("the launch ends with %v", err)
	}
}
