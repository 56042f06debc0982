package landlock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cutaway/inspect/livetest"
)

func TestRules(t *testing.T) {
	r, err := Rules(3, []string{"/usr", "/etc/", "/both"}, []string{"/tmp", "/both", "/tmp"})
	if err != nil {
		t.Fatal(err)
	}
	const all3 = 1<<15 - 1 // from EXECUTE to TRUNCATE
	want := []Rule{{"/usr", reading}, {"/etc", reading}, {"/both", all3}, {"/tmp", all3}}
	if diff := cmp.Diff(want, r.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if r.Handled != all3 || r.Scoped != 0 {
		t.Errorf("handled %#x, scoped %#x", r.Handled, r.Scoped)
	}
	for name, bad := range map[string][]string{"relative": {"usr"}, "empty": {""}, "with NUL": {"/a\x00b"}} {
		if _, err := Rules(7, bad, nil); err == nil {
			t.Errorf("a path that is %s was taken", name)
		}
		if _, err := Rules(7, nil, bad); err == nil {
			t.Errorf("a path that is %s was taken for writing", name)
		}
	}
	if _, err := Rules(7, nil, nil); err == nil || !strings.Contains(err.Error(), "/usr") {
		t.Errorf("no path: %v", err)
	}
	if _, err := Rules(0, []string{"/"}, nil); err == nil {
		t.Error("version 0 was taken")
	}
}

// Each version knows what it knows, in the kernel's numbers.
func TestVersions(t *testing.T) {
	tests := []struct {
		abi             int
		handled, scoped uint64
		gaps            int
	}{
		{1, 0x1fff, 0, 5},
		{2, 0x3fff, 0, 4},
		{3, 0x7fff, 0, 3},
		{4, 0x7fff, 0, 3},
		{5, 0xffff, 0, 2},
		{6, 0xffff, 3, 1},
		{7, 0xffff, 3, 1},
		{8, 0xffff, 3, 1},
		{9, 0x1ffff, 3, 0},
		{100, 0x1ffff, 3, 0},
	}
	for _, tt := range tests {
		r, err := Rules(tt.abi, []string{"/r"}, []string{"/w"})
		if err != nil {
			t.Fatal(err)
		}
		if r.Handled != tt.handled || r.Scoped != tt.scoped || len(r.Gaps) != tt.gaps {
			t.Errorf("version %d: handled %#x, scoped %#x, gaps %q", tt.abi, r.Handled, r.Scoped, r.Gaps)
		}
		for _, rule := range r.Rules {
			if rule.Access&^r.Handled != 0 {
				t.Errorf("version %d: the rule for %s allows what is not handled: %#x", tt.abi, rule.Path, rule.Access)
			}
		}
		if slices.Contains(r.Gaps, "") {
			t.Errorf("version %d has an empty gap", tt.abi)
		}
	}
}

func TestWithoutLandlock(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EOPNOTSUPP: "lsm=", unix.ENOSYS: "CONFIG_SECURITY_LANDLOCK", unix.EPERM: "seccomp",
	} {
		err := explain(errno)
		if !errors.Is(err, errno) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

// abi is this kernel's version.
func abi(t testing.TB) int {
	t.Helper()
	v, err := ABI()
	if err != nil {
		livetest.Skip(t, "needs Landlock: "+err.Error())
	}
	return v
}

// place is a directory with
//
//	read/{file,prog,dir/file} write/{file,dir} outside/{file,dir} one, two
//
// which everybody may write, as far as file modes are concerned.
func place(t testing.TB) string {
	t.Helper()
	top, err := os.MkdirTemp("/tmp", "cutaway-landlock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	for _, dir := range []string{"", "read", "read/dir", "write", "write/dir", "outside", "outside/dir"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(top, dir), 0o777), os.Chmod(filepath.Join(top, dir), 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"read/file", "read/dir/file", "write/file", "outside/file", "one", "two"} {
		if err := errors.Join(os.WriteFile(filepath.Join(top, file), []byte("text"), 0o666), os.Chmod(filepath.Join(top, file), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(top, "read/prog"), []byte("#!/bin/true\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return top
}

// users are who the tests run as: the user they were started by, and nobody where that is root.
func users() map[string]int {
	if os.Geteuid() != 0 {
		return map[string]int{"self": 0}
	}
	return map[string]int{"root": 0, "nobody": 65534}
}

func TestKernelRefuses(t *testing.T) {
	version := abi(t)
	for user, uid := range users() {
		t.Run(user, func(t *testing.T) {
			top := place(t)
			listen(t, "@"+top)
			tests := []struct {
				what, path string
				want       string
				since      int // the version that refuses it; 0 for all
			}{
				{"read", "read/file", "ok", 0},
				{"read", "read/dir/file", "ok", 0},
				{"list", "read/dir", "ok", 0},
				{"exec", "read/prog", "ok", 0},
				{"write", "read/file", "EACCES", 0},
				{"make", "read/new", "EACCES", 0},
				{"mkdir", "read/new", "EACCES", 0},
				{"rmdir", "read/dir", "EACCES", 0},
				{"unlink", "read/file", "EACCES", 0},
				{"fifo", "read/fifo", "EACCES", 0},
				{"symlink", "read/link", "EACCES", 0},
				{"cut", "read/file", "EACCES", 3},
				{"cut open", "read/dir/file", "EACCES", 3},

				{"read", "write/file", "ok", 0},
				{"write", "write/file", "ok", 0},
				{"cut", "write/file", "ok", 0},
				{"list", "write", "ok", 0},
				{"make", "write/new", "ok", 0},
				{"mkdir", "write/made", "ok", 0},
				{"fifo", "write/fifo", "ok", 0},
				{"symlink", "write/link", "ok", 0},
				{"unlink", "write/fifo", "ok", 0},
				{"rmdir", "write/made", "ok", 0},

				{"read", "outside/file", "EACCES", 0},
				{"write", "outside/file", "EACCES", 0},
				{"list", "outside", "EACCES", 0},
				{"list", ".", "EACCES", 0},
				{"make", "outside/new", "EACCES", 0},
				{"rmdir", "outside/dir", "EACCES", 0},
				{"unlink", "outside/file", "EACCES", 0},
				{"cut", "outside/file", "EACCES", 3},
				{"read", "read/../outside/file", "EACCES", 0},
				{"stat", "outside/file", "ok", 0}, // Landlock does not hide that a file is there

				{"read", "one", "ok", 0}, // files have rules too
				{"write", "one", "EACCES", 0},
				{"unlink", "one", "EACCES", 0},
				{"cut", "one", "EACCES", 3},
				{"read", "two", "ok", 0},
				{"write", "two", "ok", 0},
				{"unlink", "two", "EACCES", 0},

				{"ioctl", "/dev/null", "EACCES", 5},
				{"signal the parent", "", "EPERM", 6},
				{"signal itself", "", "ok", 0},
				{"connect", "@" + top, "EPERM", 6},
			}
			if uid == 0 && os.Geteuid() == 0 {
				tests = append(tests, struct {
					what, path, want string
					since            int
				}{"mount", "write/dir", "EPERM", 0})
			}
			in := func(path string) string { return filepath.Join(top, path) }
			r, err := Rules(version, []string{in("read"), in("one"), "/bin", "/lib", "/lib64", "/usr", "/dev"}, []string{in("write"), in("two")})
			if err != nil {
				t.Fatal(err)
			}
			op := r.Op()
			e := errand{UID: uid, Op: &op}
			for _, tt := range tests {
				path := tt.path
				if path != "" && path[0] != '/' && path[0] != '@' {
					path = top + "/" + path
				}
				e.Deeds = append(e.Deeds, deed{tt.what, path})
			}
			for i, got := range outcome(t, e) {
				if tt := tests[i]; got != tt.want && version >= tt.since {
					t.Errorf("%s %s: %s, want %s", tt.what, tt.path, got, tt.want)
				}
			}
		})
	}
}

// What Gaps say of an older version happens under its rules, and is refused, or allowed, under this kernel's.
func TestGapsAreReal(t *testing.T) {
	version := abi(t)
	tests := []struct {
		since      int // the version without the gap
		what, path string
		gap, want  string
	}{
		{2, "move", "write/file write/dir/file", "EXDEV", "ok"},
		{3, "cut", "outside/file", "ok", "EACCES"},
		{3, "cut open", "read/file", "ok", "EACCES"},
		{5, "ioctl", "/dev/null", "ENOTTY", "EACCES"},
		{6, "signal the parent", "", "ok", "EPERM"},
		{6, "connect", "@", "ok", "EPERM"},
		{9, "connect", "outside/socket", "ok", "EACCES"},
	}
	for v := 1; v <= version; v++ {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) {
			top := place(t)
			listen(t, "@"+top)
			listen(t, top+"/outside/socket")
			r, err := Rules(v, []string{top + "/read", "/dev"}, []string{top + "/write"})
			if err != nil {
				t.Fatal(err)
			}
			op := r.Op()
			e := errand{Op: &op}
			for _, tt := range tests {
				path := tt.path
				switch {
				case path == "@":
					path += top
				case tt.what == "move":
					from, to, _ := strings.Cut(path, " ")
					path = top + "/" + from + " " + top + "/" + to
				case path != "" && path[0] != '/':
					path = top + "/" + path
				}
				e.Deeds = append(e.Deeds, deed{tt.what, path})
			}
			for i, got := range outcome(t, e) {
				tt := tests[i]
				want := tt.want
				if v < tt.since {
					want = tt.gap
				}
				if got != want {
					t.Errorf("%s %s: %s, want %s", tt.what, tt.path, got, want)
				}
				named := slices.ContainsFunc(r.Gaps, func(g string) bool { return strings.Contains(g, fmt.Sprintf("ABI %d)", tt.since)) })
				if named != (v < tt.since) {
					t.Errorf("%s %s: the gap is named: %v", tt.what, tt.path, named)
				}
			}
		})
	}
}
