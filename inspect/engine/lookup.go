package engine

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// query is all that a lookup needs: it runs beside the scan and must not touch what the scan changes.
type query struct {
	procRoot string
	host     view
	maker    view // where the maker's paths hold; root "" when there is none to trust
	runtimes *runtimes

	engine    string
	id        string
	namespace string // of containerd
	bundle    string
	nested    bool
	rootless  bool // a user made it: only this user's files are believed
	makerPID  int
	pid       int // of the first process
	start     uint64
	users     []uint32 // other than root, whose files may speak for the container
	daemons   []daemon
}

// daemon is a running dockerd that may have made the container.
type daemon struct {
	view view
	args []string
}

// look reads the state files of the container's engine; nil when they say nothing.
func (q query) look() *found {
	switch q.engine {
	case Docker:
		return q.docker()
	case Podman, CRIO:
		return q.storage()
	case Containerd, Kubernetes:
		return q.containerd()
	case Runc, Crun, Unshare:
		return q.runtime()
	case Bubblewrap:
		return q.flatpak()
	case Unknown:
		for _, look := range [...]func() *found{q.docker, q.storage, q.containerd, q.runtime} {
			if f := look(); f != nil {
				return f
			}
		}
	}
	return nil
}

// views are the roots in which the engine may keep its files, its own first. What is nested in a container is looked up
// in there only: an id inside of it says nothing about the host's containers.
func (q query) views() []view {
	switch {
	case q.maker.root == "" && q.nested:
		return nil
	case q.maker.root == "":
		return []view{q.host}
	case q.nested || q.maker == q.host:
		return []view{q.maker}
	}
	return []view{q.maker, q.host}
}

// first calls try for each view and path until one gives an answer.
func (q query) first(paths []string, try func(v view, text []byte, path string) *found) *found {
	for _, v := range q.views() {
		for _, p := range paths {
			if !path.IsAbs(p) {
				continue
			}
			text, err := v.read(p)
			if err != nil {
				continue
			}
			if f := try(v, text, p); f != nil {
				return f
			}
		}
	}
	return nil
}

// homes are the home directories of the users in question.
func (q query) homes() []string {
	if len(q.users) == 0 {
		return nil
	}
	text, err := q.host.read("/etc/passwd")
	if err != nil {
		return nil
	}
	var list []string
	for _, uid := range q.users {
		if home := homeOf(text, uid); home != "" {
			list = append(list, home)
		}
	}
	return list
}

// homeOf finds a user's home directory in /etc/passwd, see passwd(5).
func homeOf(passwd []byte, uid uint32) string {
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) == 7 && fields[2] == strconv.FormatUint(uint64(uid), 10) && path.IsAbs(fields[5]) {
			return fields[5]
		}
	}
	return ""
}

// workingDirectory is where the maker stands, "" when that cannot be read. containerd starts a shim in its bundle.
func (q query) workingDirectory() string {
	if q.makerPID == 0 {
		return ""
	}
	dir, err := os.Readlink(filepath.Join(q.procRoot, strconv.Itoa(q.makerPID), "cwd"))
	if err != nil || !path.IsAbs(dir) {
		return ""
	}
	return dir
}
