package rootfs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/livetest"
)

// run runs one of the system's programs.
func run(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// untar unpacks with the system's tar, which is what ours is compared with.
func untar(t testing.TB, archive string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, append([]string{"tar", "-C", dir, "--numeric-owner", "-xpf", archive}, flags...)...)
	return dir
}

// same compares two trees in all that archives hold, but for paths that a function leaves out.
func same(t *testing.T, want, got string, without func(path string) bool) {
	t.Helper()
	lines := func(dir string) []string {
		var kept []string
		for line := range strings.Lines(list(t, dir)) {
			path := strings.TrimPrefix(strings.Fields(line)[0], `"`)
			if without == nil || !without(strings.TrimSuffix(path, `"`)) {
				kept = append(kept, strings.TrimSuffix(line, "\n"))
			}
		}
		return kept
	}
	if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
		t.Errorf("- %s, + %s\n%s", want, got, diff)
	}
}

// A tree with a bit of everything.
const makeTree = `set -e
umask 022
mkdir -p usr/bin usr/lib/deep/er etc var/tmp empty "sp ace" $'new\nline'
chmod 1777 var/tmp; chmod 2755 var; chmod 0500 usr/lib
echo '#!' >usr/bin/tool; chmod 0755 usr/bin/tool; ln usr/bin/tool usr/bin/same; ln -s usr/lib lib; ln -s /usr/bin bin
ln -s ../../../../../../etc/passwd etc/passwd; ln -s nowhere dangling; ln dangling dangling2
mkfifo -m 0620 pipe; : >zero; printf x >"sp ace/$(printf '%0.1s' u{1..200})"
dir=$(printf 'long-%0.1s%.0s' {1..60} | head -c 180); mkdir -p "$dir/$dir"; echo deep >"$dir/$dir/file-behind-a-name-longer-than-any-header"
ln -s "$dir/$dir" "a-long-link"; ln "$dir/$dir/file-behind-a-name-longer-than-any-header" hard
head -c 5000000 /dev/urandom >random; truncate -s 3M holes; printf end | dd of=holes bs=1 seek=5000000 conv=notrunc status=none
printf middle | dd of=holes bs=1 seek=2000000 conv=notrunc status=none
touch -h -d '2001-02-03 04:05:06.789' zero lib pipe etc; touch -d '1960-01-01' usr/bin/tool
`

func TestLiveTar(t *testing.T) {
	livetest.NeedTools(t, "tar", "bash", "gzip", "zstd")
	dir := t.TempDir()
	cmd := exec.Command("bash", "-c", makeTree)
	cmd.Dir = dir
	// As root, the chmod 0500 changes nothing; as a user it must not keep the test from cleaning.
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "usr/lib"), 0o700) })
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make a tree: %v: %s", err, out)
	}
	for n, flags := range []string{
		"--format=gnu", "--format=posix", "--format=gnu --sparse", "--format=posix --sparse", "--format=posix --sparse --sparse-version=0.1",
		"--format=posix --sparse --sparse-version=0.0", "--format=gnu --gzip", "--format=posix --zstd", "--format=gnu --no-recursion empty usr", "--format=posix --absolute-names",
	} {
		t.Run(flags, func(t *testing.T) {
			b := newBox(t)
			archive := filepath.Join(b.dir, fmt.Sprint(n, ".tar"))
			what := "."
			if strings.Contains(flags, "absolute") {
				what = dir + "/usr" // the same path inside of the root
			}
			run(t, append([]string{"tar", "-C", dir, "-cf", archive}, append(strings.Fields(flags), what)...)...)
			r, err := b.unpackFile(t, archive, Tar, "")
			if err != nil {
				t.Fatal(err)
			}
			want := untar(t, archive)
			t.Cleanup(func() { run(t, "chmod", "-R", "u+rwX", want) })
			// Directories that the archive does not have itself get the time of the unpacking.
			same(t, want, r.Dir, func(path string) bool { return what != "." && !strings.Contains(path, "/usr") })
			if strings.Contains(flags, "sparse") && stat(t, r, "holes").Blocks*512 > 1<<20 {
				t.Errorf("the sparse file takes %d bytes", stat(t, r, "holes").Blocks*512)
			}
		})
	}
}

// The system's own files, of which some are strange.
func TestLiveSystemFiles(t *testing.T) {
	livetest.NeedTools(t, "tar", "zstd")
	b := newBox(t)
	archive := filepath.Join(b.dir, "system.tar.zst")
	_ = exec.Command("tar", "-C", "/", "--warning=none", "--ignore-failed-read", "--zstd", "-cf", archive, "etc", "usr/sbin", "lib").Run()
	r, err := b.unpackFile(t, archive, Tar, "")
	if err != nil {
		t.Fatal(err)
	}
	want := untar(t, archive)
	run(t, "find", want, "-type", "f", "-perm", "/6000", "-exec", "chmod", "ug-s", "{}", "+")
	same(t, want, r.Dir, func(path string) bool { return path == "." || path == "usr" }) // made, but not in the archive
}
