package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// What is foretold must come true, here and in the places that other tools make.

func TestLiveHere(t *testing.T) {
	if os.Geteuid() == 0 {
		agree(t, reportOf(t, "1", "REPORT"))
		return
	}
	agree(t, reportOf(t, "1", "REPORT"), "bare")
}

// asUser starts the program as a normal user.
var asUser = []string{"setpriv", "--reuid", user, "--regid", user, "--clear-groups"}

func TestLivePlaces(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "setpriv", "unshare", "bwrap", "chroot")
	private := func(script string) []string {
		return []string{"unshare", "-m", "sh", "-ec", script + "; exec " + strings.Join(asUser, " ") + " REPORT"}
	}
	for _, c := range []struct {
		name    string
		argv    []string
		refused []string
	}{
		{"a user", append(asUser, "REPORT"), []string{"bare"}},
		{"no_new_privs", append(asUser, "setpriv", "--no-new-privs", "REPORT"), []string{"bare"}},
		{"a user namespace", append(asUser, "unshare", "-Ur", "REPORT"), nil},
		{"a user namespace with all others", append(asUser, "unshare", "-UrmnipuCf", "--mount-proc", "REPORT"), nil},
		{"a user namespace without a map", append(asUser, "unshare", "-U", "REPORT"), []string{"bare", "with user"}},
		{"bwrap as a user", append(asUser, "bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "REPORT"), []string{"bare"}},
		{"root without CAP_SYS_ADMIN", []string{"setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-all", "REPORT"}, []string{"bare"}},
		{"a file of /proc covered", private("mount --bind /dev/null /proc/uptime"), []string{"bare", "/proc"}},
		{"a directory of /proc read-only", private("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys"), []string{"bare", "/proc"}},
		{"/proc read-only", private("mount -o remount,bind,ro /proc"), []string{"bare", "with user"}},
		{"/proc covered, and another beside it", private("mount -t tmpfs none /mnt; mkdir /mnt/p; mount -t proc none /mnt/p; mount --bind /dev/null /proc/uptime"), []string{"bare"}},
		{"/proc with hidepid", private("mount -t proc -o hidepid=invisible proc /proc"), []string{"bare"}},
		{"/sys covered", private("mount -t tmpfs none /sys/firmware"), []string{"bare", "/sys"}},
		{"/sys read-only", private("mount -o remount,bind,ro /sys"), []string{"bare"}},
		{"/sys with its usual mounts", private("for m in debugfs:/sys/kernel/debug tracefs:/sys/kernel/tracing securityfs:/sys/kernel/security binfmt_misc:/proc/sys/fs/binfmt_misc; do mountpoint -q ${m#*:} || mount -t ${m%:*} none ${m#*:}; done"), []string{"bare"}},
	} {
		t.Run(c.name, func(t *testing.T) { agree(t, reportOf(t, "1", c.argv...), c.refused...) })
	}
}

// A chroot keeps users from making user namespaces, and mountinfo shows it when its root is no mount.
func TestLiveChroot(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "setpriv", "chroot", "unshare")
	dir := t.TempDir()
	for _, sub := range []string{"proc", "sys", "dev", "etc", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := useProgram(t)
	script := "mount --rbind /proc $0/proc; mount --rbind /dev $0/dev; cp " + path + " $0/bin/report; exec chroot --userspec=" + user + ":" + user + " $0 /bin/report"
	agree(t, reportOf(t, "1", "unshare", "-m", "sh", "-ec", script, dir), "bare", "with user")
}

func TestLiveKillingFilter(t *testing.T) {
	for _, call := range []string{"mount", "mount_setattr", "unshare"} {
		verdicts := reportOf(t, call, "REPORT")
		if v := verdicts["root"]; call != "unshare" && (!v.Foretold || !strings.Contains(v.Why, "ends who calls "+call)) {
			t.Errorf("%s: %+v", call, v)
		}
		if v := verdicts["cgroup"]; call == "unshare" && !v.Foretold {
			t.Errorf("%s: %+v", call, v)
		}
		if v := verdicts["uts"]; v.Foretold && os.Geteuid() == 0 {
			t.Errorf("%s: a uts namespace is foretold to be refused: %s", call, v.Why)
		}
	}
}

// The system's own tools must come to the same end.
func TestLiveTools(t *testing.T) {
	livetest.NeedTools(t, "unshare", "setpriv")
	users := [][]string{{}}
	if os.Geteuid() == 0 {
		users = append(users, asUser)
	}
	for _, as := range users {
		verdicts := reportOf(t, "1", append(append([]string{}, as...), "REPORT")...)
		for name, flags := range map[string]string{
			"user": "-Ur", "net": "-Urn", "pid": "-Urpf", "uts": "-Uru", "/proc": "-Urmpf --mount-proc", "time": "-UrT",
			"bare mnt": "-m", "bare net": "-n", "bare pid": "-pf", "bare uts": "-u", "bare ipc": "-i", "bare cgroup": "-C",
		} {
			argv := append(append(append([]string{}, as...), "unshare"), append(strings.Fields(flags), "true")...)
			err := exec.Command(argv[0], argv[1:]...).Run()
			if (err != nil) != verdicts[name].Foretold {
				t.Errorf("%v: %v, but %s is foretold to be refused: %v\n%s", argv, err, name, verdicts[name].Foretold, verdicts[name].Why)
			}
		}
	}
}

// A limit on a user namespace above cannot be read from below: only trying meets it.
func TestLiveLimitAbove(t *testing.T) {
	livetest.NeedTools(t, "bwrap")
	verdicts := reportOf(t, "1", "bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/", "REPORT")
	if v := verdicts["user"]; v.Foretold || !v.Tried || !strings.Contains(v.Why, "no space left on device") {
		t.Errorf("%+v", v)
	}
}
