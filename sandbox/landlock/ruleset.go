package landlock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/stage"
)

// Ruleset is what a process restricts itself to. What is Handled or Scoped is refused but for what a rule allows.
type Ruleset struct {
	Handled uint64 // LANDLOCK_ACCESS_FS_*
	Scoped  uint64 // LANDLOCK_SCOPE_*
	Rules   []Rule
	Gaps    []string // what this version of Landlock does not refuse, though the paths say so; each a line for a person
}

// Rule allows something on a file, or in a directory and below.
type Rule struct {
	Path   string // absolute, inside the sandbox's root
	Access uint64 // LANDLOCK_ACCESS_FS_*; those that make sense for directories only are left out for a file
}

// OnFile are the accesses that a rule for something other than a directory may have: with any other, the kernel refuses the
// rule with EINVAL (ACCESS_FILE in security/landlock/fs.c).
const OnFile uint64 = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
	unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX

// reading is what rules for reading allow.
const reading uint64 = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR

// version is what a version of Landlock brought.
type version struct {
	abi            int
	handled, scope uint64
	gap            string // what an older one lets happen
}

// versions are those that brought something for paths and scopes. 4 (TCP ports), 7 (what is logged) and 8 (other threads)
// did not; the kernel's version may be newer than the last.
var versions = []version{
	{
		abi: 1,
		handled: reading | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
			unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
			unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM,
	},
	{
		abi: 2, handled: unix.LANDLOCK_ACCESS_FS_REFER,
		gap: "before Linux 5.19 (ABI 2), files cannot be moved or linked between directories, not even below the writable paths",
	},
	{
		abi: 3, handled: unix.LANDLOCK_ACCESS_FS_TRUNCATE,
		gap: "before Linux 6.2 (ABI 3), files outside of the writable paths can be cut to a length, though not written",
	},
	{
		abi: 5, handled: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
		gap: "before Linux 6.10 (ABI 5), devices outside of the writable paths that can be opened take every ioctl",
	},
	{
		abi: 6, scope: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL,
		gap: "before Linux 6.12 (ABI 6), processes outside of the sandbox can be signalled, and their abstract Unix sockets reached, where no namespace hides them",
	},
	{
		abi: 9, handled: unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX,
		gap: "before Linux 7.1 (ABI 9), Unix sockets outside of the writable paths can be connected to, such as an engine's",
	},
}

// Rules are the restrictions to paths under a version of Landlock (see ABI): below the paths of read, files can be read and
// executed, and directories listed; below those of write, everything is allowed. Either may name files too. Nothing else
// can be reached: a command needs its program and libraries among them. Descriptors that are open already stay as they are.
//
// An error is a version that is none, a path that is not absolute, or no path at all.
func Rules(abi int, read, write []string) (Ruleset, error) {
	if abi < 1 {
		return Ruleset{}, fmt.Errorf("there is no version %d of Landlock", abi)
	}
	if len(read)+len(write) == 0 {
		return Ruleset{}, errors.New("no path is named for Landlock, so that not even the command could be executed: name at least what it is read from, such as /usr, /lib, /lib64, /bin and /etc")
	}
	var r Ruleset
	for _, v := range versions {
		if v.abi > abi {
			r.Gaps = append(r.Gaps, v.gap)
			continue
		}
		r.Handled |= v.handled
		r.Scoped |= v.scope
	}
	if err := r.allow(read, reading); err != nil {
		return Ruleset{}, err
	}
	if err := r.allow(write, r.Handled); err != nil {
		return Ruleset{}, err
	}
	return r, nil
}

// allow adds a rule for each path, or to the one that the path has.
func (r *Ruleset) allow(paths []string, access uint64) error {
next:
	for _, p := range paths {
		if !path.IsAbs(p) || strings.ContainsRune(p, 0) {
			return fmt.Errorf("the Landlock path %q is not absolute: name it as it is inside the sandbox, such as /usr", p)
		}
		p = path.Clean(p)
		for i := range r.Rules {
			if r.Rules[i].Path == p {
				r.Rules[i].Access |= access
				continue next
			}
		}
		r.Rules = append(r.Rules, Rule{Path: p, Access: access})
	}
	return nil
}

// Op is the ruleset for the sandbox's first process.
func (r *Ruleset) Op() stage.Op {
	op := stage.Op{Verb: stage.Landlock, Flags: r.Handled, M: int64(r.Scoped), N: int64(OnFile)}
	var data []byte
	for _, rule := range r.Rules {
		op.List = append(op.List, rule.Path)
		data = binary.LittleEndian.AppendUint64(data, rule.Access)
	}
	op.Data = string(data)
	return op
}
