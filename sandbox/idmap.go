package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"cutaway/inspect/users"
)

// rootRange is where root's sandboxes map their ids to when /etc/subuid gives root no range: 65,536 ids at the beginning
// of the last part of those that systemd sets aside for containers (https://systemd.io/UIDS-GIDS), which no user has. It
// is the same for all, so that an unpacked root filesystem serves again.
const rootRange = 1610612736

// chooseMaps fills the maps of a new user namespace that the Spec left open. Host root is never mapped: as root with
// 0 -> 0 a process without any capability still opens /proc/sys/kernel/core_pattern for writing, by plain ownership.
func chooseMaps(s *Spec) (uids, gids []IDMapping) {
	uids, gids = s.UIDMap, s.GIDMap
	if len(uids) == 0 {
		uids = chooseMap(uint32(os.Geteuid()), s.User.UID, "/etc/subuid", "newuidmap")
	}
	if len(gids) == 0 {
		gids = chooseMap(uint32(os.Getegid()), s.User.GID, "/etc/subgid", "newgidmap")
	}
	return uids, gids
}

// chooseMap maps a range as root; for another user the user itself, with the subordinate range behind it where there is
// one and a program that may write it.
func chooseMap(own, inside uint32, file, helper string) []IDMapping {
	start, count := subordinate(file, own)
	if os.Geteuid() == 0 {
		if count == 0 {
			start, count = rootRange, 65536
		}
		return []IDMapping{{Inside: 0, Outside: start, Count: min(count, 65536)}}
	}
	if count == 0 || !canRun(helper) {
		return []IDMapping{{Inside: inside, Outside: own, Count: 1}}
	}
	return []IDMapping{{Inside: 0, Outside: own, Count: 1}, {Inside: 1, Outside: start, Count: count}}
}

// Stranger is a user and a group that own nothing on the host: who root is outside, in a user namespace that root makes.
func Stranger() (uid, gid uint32) {
	start := func(file string) uint32 {
		if first, count := subordinate(file, 0); count > 0 {
			return first
		}
		return rootRange
	}
	return start("/etc/subuid"), start("/etc/subgid")
}

func canRun(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// subordinate is the first range of subuid(5) that belongs to a user, by name or number.
func subordinate(file string, id uint32) (start, count uint32) {
	names := []string{strconv.FormatUint(uint64(id), 10)}
	if u, err := user.Current(); err == nil {
		names = append(names, u.Username)
	}
	return users.Granted(file, names...)
}

// writeMaps writes the maps of the process's new user namespace, see user_namespaces(7). A user without rights may map
// one id alone, after giving up setgroups; more is what newuidmap(1) is for.
func writeMaps(pid int, uids, gids []IDMapping) error {
	proc := procDir(pid)
	if os.Geteuid() != 0 && (len(uids) > 1 || uids[0].Count > 1) {
		if err := mapByHelper("newuidmap", pid, uids); err != nil {
			return err
		}
		return mapByHelper("newgidmap", pid, gids)
	}
	if os.Geteuid() != 0 {
		if err := os.WriteFile(proc+"/setgroups", []byte("deny"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("write deny to setgroups: %w", err)
		}
	}
	if err := os.WriteFile(proc+"/gid_map", mapText(gids), 0); err != nil {
		return fmt.Errorf("write gid_map %q: %w", strings.TrimSpace(string(mapText(gids))), err)
	}
	if err := os.WriteFile(proc+"/uid_map", mapText(uids), 0); err != nil {
		return fmt.Errorf("write uid_map %q: %w", strings.TrimSpace(string(mapText(uids))), err)
	}
	return nil
}

func mapText(maps []IDMapping) []byte {
	var b []byte
	for _, m := range maps {
		b = fmt.Appendf(b, "%d %d %d\n", m.Inside, m.Outside, m.Count)
	}
	return b
}

func mapByHelper(helper string, pid int, maps []IDMapping) error {
	args := []string{strconv.Itoa(pid)}
	for _, m := range maps {
		args = append(args, fmt.Sprint(m.Inside), fmt.Sprint(m.Outside), fmt.Sprint(m.Count))
	}
	if out, err := exec.Command(helper, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", helper, err, strings.TrimSpace(string(out)))
	}
	return nil
}
