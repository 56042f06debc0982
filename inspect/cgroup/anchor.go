package cgroup

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// maxSearch bounds the search for the namespace's root, in directories looked at.
const maxSearch = 10_000

// findAnchors tells of places above the root of this cgroup namespace, which the kernel calls only "/../..", how that root
// is called there: "/system.slice/x" (cgroup_namespaces(7)). It is the directory with the inode of the root, when that is
// mounted too, as in a container that was given the host's cgroups beside its own; else, as after `unshare --cgroup`,
// the directory that holds this process where /proc/self/cgroup says.
func (h *hierarchy) findAnchors() {
	for i := range h.places {
		p := &h.places[i]
		if up := levelsUp(p.root); up > 0 && depth(p.root) == 0 {
			left := maxSearch
			p.anchor = search(p.dir, "/", up, h.isNamespaceRoot(), &left)
		}
	}
}

// isNamespaceRoot makes the test for being the root of this cgroup namespace.
func (h *hierarchy) isNamespaceRoot() func(dir string, e fs.DirEntry) bool {
	if own := slices.IndexFunc(h.places, func(p place) bool { return p.root == "/" }); own >= 0 {
		root, rootErr := os.Stat(h.places[own].dir)
		return func(_ string, e fs.DirEntry) bool {
			info, err := e.Info()
			return rootErr == nil && err == nil && os.SameFile(info, root)
		}
	}
	text, _ := os.ReadFile("/proc/self/cgroup")
	lines, _ := proc.ParseCgroup(text)
	line := h.line(&Membership{Lines: lines})
	self := []byte(fmt.Sprintf("\n%d\n", os.Getpid()))
	return func(dir string, _ fs.DirEntry) bool {
		if line == nil {
			return false
		}
		below, ok := relative("/", line.Path)
		procs, err := os.ReadFile(filepath.Join(dir, below, "cgroup.procs"))
		return ok && err == nil && bytes.Contains(append([]byte("\n"), procs...), self)
	}
}

// search looks for a directory some levels below another and gives its path from there, "" when it is not there.
func search(dir, name string, levels int, is func(dir string, e fs.DirEntry) bool, left *int) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if !e.IsDir() || *left == 0 {
			continue
		}
		*left--
		sub, subName := filepath.Join(dir, e.Name()), path.Join(name, e.Name())
		if levels > 1 {
			if found := search(sub, subName, levels-1, is, left); found != "" {
				return found
			}
		} else if is(sub, e) {
			return subName
		}
	}
	return ""
}

// way is the way from a place down to a cgroup.
func (p place) way(cgroup string) (below string, ok bool) {
	up := levelsUp(cgroup)
	if p.anchor == "" || up > depth(p.anchor) {
		return relative(p.root, cgroup)
	}
	at := p.anchor
	for range up {
		at = above(at)
	}
	switch rest := cgroup[up*len("/.."):]; {
	case rest == "" || rest == "/":
		return relative("/", at)
	case at == "/":
		return relative("/", rest)
	default:
		return relative("/", at+rest)
	}
}

// levelsUp counts the ".." with which a path begins; the kernel writes them nowhere else.
func levelsUp(cgroup string) int {
	up := 0
	for strings.HasPrefix(cgroup, "/..") && (len(cgroup) == len("/..") || cgroup[len("/..")] == '/') {
		cgroup = cgroup[len("/.."):]
		up++
	}
	return up
}

// above is the name of the cgroup above, which leads out of the namespace at its root.
func above(cgroup string) string {
	switch at := strings.LastIndexByte(cgroup, '/'); {
	case cgroup == "/":
		return "/.."
	case strings.HasSuffix(cgroup, "/.."):
		return cgroup + "/.."
	case at <= 0:
		return "/"
	default:
		return cgroup[:at]
	}
}
