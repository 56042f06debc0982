package cgroup

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxSearch bounds the search for the namespace's root, in directories looked at.
const maxSearch = 10_000

// findAnchors tells of places above the root of this cgroup namespace, which the kernel calls only "/../..", how that root
// is called there: "/system.slice/x" (cgroup_namespaces(7)). It can be told when the root is mounted too, as in a container
// that was given the host's cgroups beside its own: both are directories of one file system, and have the same inode.
func (h *hierarchy) findAnchors() {
	own := slices.IndexFunc(h.places, func(p place) bool { return p.root == "/" })
	if own < 0 {
		return
	}
	root, err := os.Stat(h.places[own].dir)
	if err != nil {
		return
	}
	for i := range h.places {
		p := &h.places[i]
		if up := levelsUp(p.root); up > 0 && depth(p.root) == 0 {
			left := maxSearch
			p.anchor = search(p.dir, "/", up, root, &left)
		}
	}
}

// search looks for a directory some levels below another and gives its path from there, "" when it is not there.
func search(dir, name string, levels int, want fs.FileInfo, left *int) string {
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
			if found := search(sub, subName, levels-1, want, left); found != "" {
				return found
			}
		} else if info, err := e.Info(); err == nil && os.SameFile(info, want) {
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
