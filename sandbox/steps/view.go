package steps

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
)

// View is a process as its files in /proc show it at one moment.
type View struct {
	PID        int
	Comm       string
	Root       string // where /proc/PID/root leads
	Namespaces [proc.NSLinks]uint64
	Status     proc.Status
	UIDMap     []proc.IDMapping // of its user namespace, outside as ours sees it
	GIDMap     []proc.IDMapping
	Cgroups    []proc.CgroupLine
	Mounts     []proc.Mount
	Limits     []proc.ResourceLimit
	Interfaces []string // of its network namespace
	Addresses  []string // of its network namespace, without prefixes
	Children   []int    // of its main thread, as we see them; none on a kernel without CONFIG_PROC_CHILDREN

	// Unread says of each file below /proc/PID that could not be read, or not whole, why. What it would have told is empty.
	Unread map[string]error
}

// maxFile is how much is read of one file: more mounts than fit (about 20,000) are left out, and Unread says so.
const maxFile = 4 << 20

// maxChildren is how many children are listed: a launch has one.
const maxChildren = 100

// errCut is in Unread for a file that is longer than maxFile.
var errCut = errors.New("longer than 4 MiB: the rest was not read")

// Look reads a process. All of it is of this very process, even when it ends on the way and its PID is used again: then the
// rest is in Unread. It never fails as a whole.
func Look(pid int) View {
	v := View{PID: pid, Unread: map[string]error{}}
	dir, err := os.OpenRoot("/proc/" + strconv.Itoa(pid))
	if err != nil {
		v.Unread["."] = err
		return v
	}
	defer dir.Close()
	v.read(reader{dir, v.Unread})
	return v
}

// read fills a view from the files of one process.
func (v *View) read(r reader) {
	v.Comm = strings.TrimSuffix(string(r.file("comm")), "\n")
	v.Root = r.link("root")
	for link := range v.Namespaces {
		v.Namespaces[link] = r.namespace("ns/" + proc.NSLinkName(proc.NSLink(link)))
	}
	if err := proc.ParseStatus(r.file("status"), &v.Status); err != nil {
		r.failed("status", err)
		v.Status = proc.Status{}
	}
	v.UIDMap = parse(r, "uid_map", proc.ParseIDMap)
	v.GIDMap = parse(r, "gid_map", proc.ParseIDMap)
	v.Cgroups = parse(r, "cgroup", proc.ParseCgroup)
	v.Mounts = parse(r, "mountinfo", proc.ParseMountinfo)
	v.Limits = parse(r, "limits", proc.ParseLimits)
	for _, i := range parse(r, "net/dev", proc.ParseNetDev) {
		v.Interfaces = append(v.Interfaces, i.Name)
	}
	for _, word := range strings.Fields(string(r.optional("task/" + strconv.Itoa(v.PID) + "/children"))) {
		if pid, err := strconv.Atoi(word); err == nil && len(v.Children) < maxChildren {
			v.Children = append(v.Children, pid)
		}
	}
	v.Addresses = append(v4Addresses(r.file("net/fib_trie")), v6Addresses(r.optional("net/if_inet6"))...)
}

// reader reads files below one /proc/PID. The directory stays the process's: once it has ended they are gone.
type reader struct {
	dir    *os.Root
	unread map[string]error
}

// failed keeps the first reason, which tells the most.
func (r reader) failed(name string, err error) {
	if r.unread[name] == nil {
		r.unread[name] = err
	}
}

// file reads a file up to maxFile. Non-blocking, since in a tree that is not proc a FIFO could stand there.
func (r reader) file(name string) []byte {
	f, err := r.dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		r.failed(name, err)
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		r.failed(name, err)
		return nil
	case len(b) > maxFile:
		r.failed(name, errCut)
		return b[:maxFile]
	}
	return b
}

// optional reads a file that some kernels do not have.
func (r reader) optional(name string) []byte {
	if _, err := r.dir.Lstat(name); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return r.file(name)
}

func (r reader) link(name string) string {
	target, err := r.dir.Readlink(name)
	if err != nil {
		r.failed(name, err)
	}
	return target
}

// namespace is where a link leads: 0 when it could not be read, or the kernel has no such kind.
func (r reader) namespace(name string) uint64 {
	target, err := r.dir.Readlink(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		r.failed(name, err)
		return 0
	}
	_, ino, ok := proc.ParseNSLink([]byte(target))
	if !ok {
		r.failed(name, fmt.Errorf("%w: %q", proc.ErrFormat, target))
	}
	return ino
}

// parse reads a list. Of one that was cut, or that holds a line which is not understood, it gives the lines before.
func parse[T any](r reader, name string, parse func([]byte) ([]T, error)) []T {
	b := r.file(name)
	if r.unread[name] != nil && b == nil {
		return nil
	}
	list, err := parse(b)
	if err != nil {
		r.failed(name, err)
	}
	return list
}
