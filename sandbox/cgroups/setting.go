package cgroups

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/cgroup"
)

// Setting is one file of a cgroup that holds a limit, with the value that it has and the one that it is to have.
type Setting struct {
	Limit  string // the limit's name in limit.Set's JSON: memory, swap, cpus, pids, io, cpuset, memset, weight
	Dir    string // the cgroup's directory
	File   string // the file's name there: memory.max
	Device string // "8:0" where the file has a value for each device, else ""
	Old    string // the present value, such that writing it brings it back
	New    string // what will be written

	folder *folder
}

// Setting makes the setting that writes a value into one of the group's files, by the name of its limit.
func (g *Group) Setting(limit, file, device, value string) (*Setting, error) {
	if _, known := forms[file]; !known {
		return nil, &Error{What: file + " is no file that holds a limit"}
	}
	for _, f := range g.folders {
		if !f.has(file) {
			continue
		}
		s := &Setting{Limit: limit, Dir: f.Dir, File: file, Device: device, New: value, folder: f}
		var err error
		s.Old, err = s.Read()
		return s, err
	}
	return nil, &Error{What: "write " + file, Path: g.Name, Err: unix.ENOENT}
}

// Present lists the limits that the group's own files hold now, in a fixed order: Old is the value, New is empty. Files of
// which every device has its own value give a setting for each device that is limited. What cannot be read is left out.
func (g *Group) Present() []Setting {
	var present []Setting
	for _, k := range kept {
		for _, f := range g.folders {
			if f.V2 != k.v2 {
				continue
			}
			text, err := f.read(k.file)
			if err != nil {
				continue
			}
			s := Setting{Limit: k.limit, Dir: f.Dir, File: k.file, folder: f}
			for _, device := range devices(forms[k.file], text) {
				s.Device, s.Old = device, forms[k.file].present(device, text)
				present = append(present, s)
			}
		}
	}
	return present
}

// Recorded is Present for files of a cgroup that were read before. The root cgroup has no limits of its own.
func Recorded(m *cgroup.Membership, entries []cgroup.Entry) []Setting {
	var present []Setting
	if m.Path() == "/" {
		return nil
	}
	seen := map[string]bool{}
	for _, k := range kept {
		for i := range entries {
			e := &entries[i]
			file, device, _ := strings.Cut(e.Name, " ") // a line of its own for each device of io.max
			if file != k.file || !e.Raw.OK() || seen[e.File] && device == "" {
				continue
			}
			seen[e.File] = true
			text := e.Raw.Value
			if device != "" {
				text = device + " " + text
			}
			for _, device := range devices(forms[file], text) {
				present = append(present, Setting{
					Limit: k.limit, Dir: filepath.Dir(e.File), File: file, Device: device, Old: forms[file].present(device, text),
				})
			}
		}
	}
	return present
}

// kept says which file keeps which limit.
var kept = []struct {
	limit, file string
	v2          bool
}{
	{"memory", "memory.max", true},
	{"memory", "memory.limit_in_bytes", false},
	{"swap", "memory.swap.max", true},
	{"swap", "memory.memsw.limit_in_bytes", false},
	{"cpus", "cpu.max", true},
	{"cpus", "cpu.cfs_quota_us", false},
	{"cpus", "cpu.cfs_period_us", false},
	{"weight", "cpu.weight", true},
	{"weight", "cpu.shares", false},
	{"pids", "pids.max", true},
	{"pids", "pids.max", false},
	{"io", "io.max", true},
	{"io", throttles[0], false},
	{"io", throttles[1], false},
	{"io", throttles[2], false},
	{"io", throttles[3], false},
	{"cpuset", "cpuset.cpus", true},
	{"cpuset", "cpuset.cpus", false},
	{"memset", "cpuset.mems", true},
	{"memset", "cpuset.mems", false},
}

// devices lists the devices that a file has lines for; a file with one value alone has the device "".
func devices(f form, text string) []string {
	if f != asRates && f != asThrottle {
		return []string{""}
	}
	var found []string
	for line := range strings.Lines(text) {
		if device, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			found = append(found, device)
		}
	}
	return found
}

// Path is the file's absolute path.
func (s *Setting) Path() string { return filepath.Join(s.Dir, s.File) }

// Changes tells whether the value is to be another than it is.
func (s *Setting) Changes() bool { return !forms[s.File].agree(s.New, s.Old) }

// Agrees tells whether the present value is one that was written once, as near as the kernel keeps it.
func (s *Setting) Agrees(wrote string) bool { return forms[s.File].agree(wrote, s.Old) }

// Sibling reads another file of the same cgroup.
func (s *Setting) Sibling(file string) (string, error) { return s.folder.read(file) }

// Read reads the present value, in the form of Old and New.
func (s *Setting) Read() (string, error) {
	text, err := s.folder.read(s.File)
	if err != nil {
		return "", err
	}
	return forms[s.File].present(s.Device, text), nil
}

// Write writes New and reads it back: now is the value that the kernel keeps, which it may have rounded. A value that is
// another one altogether is an error.
func (s *Setting) Write() (now string, err error) { return s.put(s.New) }

// Restore writes Old, as Write does New.
func (s *Setting) Restore() (now string, err error) { return s.put(s.Old) }

func (s *Setting) put(value string) (string, error) {
	if err := s.folder.write(s.File, value); err != nil {
		return "", &Error{What: "write " + shown(value), Path: s.Path(), Err: err, Advice: s.advice(err)}
	}
	now, err := s.Read()
	if err != nil {
		return "", err
	}
	if !forms[s.File].agree(value, now) {
		return now, &Error{
			What: fmt.Sprintf("the kernel took %s and keeps %s", shown(value), shown(now)), Path: s.Path(),
			Advice: "another program, such as systemd or the container's engine, may be writing the same file",
		}
	}
	return now, nil
}

// shown is a value in a message: what is empty needs quotes to be seen.
func shown(value string) string {
	if value == "" {
		return `""`
	}
	return value
}

// Identity is the directory's inode number: a cgroup file system gives each only once, so that a cgroup that is made anew
// under an old name can be told.
func (s *Setting) Identity() (uint64, error) {
	st, err := s.folder.stat()
	return st.Ino, err
}

// advice says what may be done about an errno of a limit's file; the kernel's reasons are in mm/memcontrol-v1.c,
// kernel/sched/core.c (tg_set_bandwidth), kernel/cgroup/cpuset.c and block/blk-throttle.c.
func (s *Setting) advice(err error) string {
	switch {
	case errors.Is(err, unix.EACCES) && s.Limit != "cpuset" && s.Limit != "memset", errors.Is(err, unix.EPERM):
		return "the cgroup belongs to another user: run cutaway as root"
	case errors.Is(err, unix.EROFS):
		return "the cgroup file system is mounted read-only here, as engines do inside of containers"
	case errors.Is(err, unix.ENODEV) && s.Device == "":
		return "the cgroup was removed meanwhile"
	case errors.Is(err, unix.ENOENT):
		return s.missing()
	}
	switch s.Limit {
	case "memory", "swap":
		return s.memoryAdvice(err)
	case "cpus":
		if errors.Is(err, unix.EINVAL) {
			return "the cgroup above allows less than this, or one below has more: see the cpu.cfs_quota_us and cpu.cfs_burst_us of both"
		}
	case "cpuset", "memset":
		return s.cpusetAdvice(err)
	case "io":
		if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) {
			return "only whole disks can be limited: `lsblk -o NAME,MAJ:MIN,TYPE` lists them"
		}
	case "weight":
		if errors.Is(err, unix.EINVAL) {
			return "a cgroup with cpu.idle has no weight"
		}
	}
	return ""
}

func (s *Setting) memoryAdvice(err error) string {
	switch {
	case errors.Is(err, unix.EBUSY):
		return "more than this is in use, and the kernel could not reclaim it: ask for more, or let go of memory first"
	case errors.Is(err, unix.EINVAL):
		return "memory alone may not have more than memory and swap together: see memory.memsw.limit_in_bytes"
	}
	return ""
}

func (s *Setting) cpusetAdvice(err error) string {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return "a cgroup with processes needs at least one processor and one memory node"
	case errors.Is(err, unix.EACCES):
		return "not all of these belong to the cgroup above, or the cgroup belongs to another user"
	case errors.Is(err, unix.EBUSY):
		return "a cgroup below has more, or a deadline task (SCHED_DEADLINE) holds the processors"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ERANGE):
		return "not all of these are on this machine and online: see `lscpu`"
	}
	return ""
}

// missing says why a cgroup has not got the file.
func (s *Setting) missing() string {
	if strings.HasPrefix(s.File, "memory.memsw.") || s.File == "memory.swap.max" {
		return "this kernel does not account for swap: boot with swapaccount=1"
	}
	if s.folder.V2 {
		controller, _, _ := strings.Cut(s.File, ".")
		return fmt.Sprintf("the %s controller is not on for this cgroup: `echo +%s > %s` in each cgroup above it turns it on",
			controller, controller, filepath.Join(filepath.Dir(s.Dir), "cgroup.subtree_control"))
	}
	return "this kernel was built without it"
}
