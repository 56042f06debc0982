package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// dockerConfig is what is needed of a container's config.v2.json (moby: daemon/container/container.go, type Container).
type dockerConfig struct {
	ID     string
	Name   string
	Config struct {
		Image  string
		Labels map[string]string
	}
}

// parseDockerConfig reads a config.v2.json.
func parseDockerConfig(text []byte) (*found, error) {
	var c dockerConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("parse a Docker container's configuration: %w", err)
	}
	f := &found{name: strings.TrimPrefix(c.Name, "/"), image: c.Config.Image}
	podLabels(f, c.Config.Labels)
	if f.name == "" {
		return nil, fmt.Errorf("parse a Docker container's configuration: it has no name")
	}
	return f, nil
}

// parseHostConfig reads the runtime from a hostconfig.json: a name such as "crun", or a shim's such as
// "io.containerd.runc.v2".
func parseHostConfig(text []byte) string {
	var c struct{ Runtime string }
	if json.Unmarshal(text, &c) != nil {
		return ""
	}
	if shim, ok := strings.CutPrefix(c.Runtime, "io.containerd."); ok {
		name, _, _ := strings.Cut(shim, ".")
		return name
	}
	return c.Runtime
}

// podLabels takes the labels that the kubelet gives to every container
// (k8s.io/kubernetes: pkg/kubelet/types/labels.go), whatever the engine.
func podLabels(f *found, labels map[string]string) {
	f.pod.Name = labels["io.kubernetes.pod.name"]
	f.pod.Namespace = labels["io.kubernetes.pod.namespace"]
	f.pod.UID = labels["io.kubernetes.pod.uid"]
	if name := labels["io.kubernetes.container.name"]; name != "" && f.pod.Name != "" {
		f.name = name
	}
}

// docker looks into the data directories of the daemons that run, then into the usual one, then into the one that the
// container's own mounts come from.
func (q query) docker() *found {
	if !isID(q.id) {
		return nil
	}
	usual := q.dockerRoot()
	for _, d := range q.daemons {
		if f := q.dockerIn(d.view, cmp.Or(d.dataRoot(), usual)); f != nil {
			return f
		}
	}
	for _, root := range [...]string{usual, q.mountedFrom()} {
		for _, v := range q.views() {
			if f := q.dockerIn(v, root); f != nil {
				return f
			}
		}
	}
	return nil
}

// dockerRoot is where a daemon keeps its data when it is told nothing else.
func (q query) dockerRoot() string {
	if !q.rootless {
		return "/var/lib/docker"
	}
	if homes := q.homes(); len(homes) > 0 {
		return path.Join(homes[0], ".local/share/docker")
	}
	return ""
}

// dockerIn looks into one data directory. With userns-remap the daemon keeps everything one level below, in a directory
// named for the mapped ids.
func (q query) dockerIn(v view, dataRoot string) *found {
	if !path.IsAbs(dataRoot) {
		return nil
	}
	roots := []string{dataRoot}
	names, _ := v.list(dataRoot)
	for _, name := range names {
		if uid, gid, ok := strings.Cut(name, "."); ok && isNumber(uid) && isNumber(gid) {
			roots = append(roots, path.Join(dataRoot, name))
		}
	}
	for _, root := range roots {
		file := path.Join(root, "containers", q.id, "config.v2.json")
		text, err := v.read(file)
		if err != nil {
			continue
		}
		if f, err := parseDockerConfig(text); err == nil {
			f.engine = Docker
			if text, err = v.read(path.Join(root, "containers", q.id, "hostconfig.json")); err == nil {
				f.runtime = parseHostConfig(text)
			}
			f.evidence = Evidence{v.path(file), "Name " + f.name}
			return f
		}
	}
	return nil
}

// dataRoot is where a daemon was told to keep its data: by its option, else by its daemon.json, else "" (dockerd(8)).
func (d daemon) dataRoot() string {
	if dir := option(d.args, "-g", "--data-root"); dir != "" {
		return dir
	}
	if dir := option(d.args, "", "--graph"); dir != "" {
		return dir
	}
	text, err := d.view.read(cmp.Or(option(d.args, "", "--config-file"), "/etc/docker/daemon.json"))
	if err != nil {
		return ""
	}
	var file struct {
		DataRoot string `json:"data-root"`
		Graph    string `json:"graph"`
	}
	if json.Unmarshal(text, &file) != nil {
		return ""
	}
	return cmp.Or(file.DataRoot, file.Graph)
}

// mountedFrom is the data directory that the container's /etc/hostname is mounted from, as the path within its
// file system: right when that is the root file system. "" when the container has no such mount, or is a user's, who
// may mount what he likes.
func (q query) mountedFrom() string {
	if q.rootless {
		return ""
	}
	f, err := os.Open(filepath.Join(q.procRoot, strconv.Itoa(q.pid), "mountinfo"))
	if err != nil {
		return ""
	}
	defer f.Close()
	text := make([]byte, 1<<20)
	n, _ := f.Read(text)
	return dataRootOf(string(text[:n]), q.id)
}

// dataRootOf finds "<data root>/containers/<id>/hostname", the fourth field of a line of mountinfo.
func dataRootOf(mountinfo, id string) string {
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[4] != "/etc/hostname" {
			continue
		}
		if root, ok := strings.CutSuffix(fields[3], "/containers/"+id+"/hostname"); ok && path.IsAbs(root) {
			return root
		}
	}
	return ""
}

// isDockerd tells a Docker daemon by its executable.
func isDockerd(p *Process) bool {
	return strings.HasSuffix(p.Exe, "/dockerd") || p.Exe == "" && p.Comm == "dockerd"
}
