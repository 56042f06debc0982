package check

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// Helper is newuidmap(1) or newgidmap(1), which maps ranges of ids for users who may not do so themselves.
type Helper struct {
	Path    string // "" when it is not installed
	Problem string // why it does not work; "" when it should
	Advice  string
}

// Works tells whether it is there and has what it needs.
func (h *Helper) Works() bool { return h.Path != "" && h.Problem == "" }

// helperDirs are where it is looked for on a machine that is not the live one.
const helperDirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// helper finds the program and what it gets its rights from: the set-user-ID bit of root, or file capabilities, neither of
// which counts on a nosuid mount or under no_new_privs (execve(2), capabilities(7)).
func (m *Machine) helper(name string, needed caps.Set) Helper {
	list := helperDirs
	if m.root == "" {
		list = os.Getenv("PATH")
	}
	for _, dir := range filepath.SplitList(list) {
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		info, err := os.Stat(m.root + path)
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		st, _ := info.Sys().(*syscall.Stat_t)
		setuid := info.Mode()&os.ModeSetuid != 0 && st != nil && st.Uid == 0
		return m.judge(path, setuid, hasFileCaps(m.root+path, needed))
	}
	return Helper{
		Problem: name + " is not installed",
		Advice:  "install it: apt install uidmap (Debian, Ubuntu), dnf install shadow-utils (Fedora, RHEL), apk add shadow-uidmap (Alpine)",
	}
}

// judge says whether a helper with these rights works for this process.
func (m *Machine) judge(path string, setuid, fileCaps bool) Helper {
	h := Helper{Path: path}
	switch {
	case !setuid && !fileCaps:
		h.Problem = path + " is neither set-user-ID root nor has file capabilities"
		h.Advice = "as root: chmod u+s " + path
	case m.NoNewPrivs():
		h.Problem = "no_new_privs is set for cutaway, so that the set-user-ID bit of " + path + " does not count"
		h.Advice = "start cutaway outside of what set it: a container with no-new-privileges, a service with NoNewPrivileges=, setpriv"
	case hasOption(m.mountOf(path), "nosuid"):
		at := m.mountOf(path).MountPoint
		h.Problem = fmt.Sprintf("%s lies on %s, which is mounted nosuid", path, at)
		h.Advice = "as root: mount -o remount,suid " + at
	}
	return h
}

// hasFileCaps reads the attribute security.capability (capabilities(7), "File capability extended attribute versioning";
// struct vfs_cap_data in linux/capability.h): whether the capabilities are permitted, and effective at once.
func hasFileCaps(path string, needed caps.Set) bool {
	var b [64]byte
	n, err := unix.Getxattr(path, "security.capability", b[:])
	if err != nil || n < 8 {
		return false
	}
	const effective = 1
	word := func(at int) uint32 {
		return uint32(b[at]) | uint32(b[at+1])<<8 | uint32(b[at+2])<<16 | uint32(b[at+3])<<24
	}
	permitted := caps.Set(word(4)) // the low half: both capabilities are there
	return word(0)&effective != 0 && permitted&needed == needed
}
