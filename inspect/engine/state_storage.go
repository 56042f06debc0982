package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// storedContainer is one entry of a containers.json of containers/storage, with the metadata that libpod and CRI-O put
// there as a JSON text of its own (containers/storage: containers.go; podman: libpod/storage.go).
type storedContainer struct {
	ID       string   `json:"id"`
	Names    []string `json:"names"`
	Metadata string   `json:"metadata"`
}

type storedMetadata struct {
	ImageName string `json:"image-name"`
	Name      string `json:"name"`
}

var errNotStored = errors.New("the container is not in the list")

// parseStorage finds a container by its id, or by its name, in a containers.json.
func parseStorage(text []byte, id, name string) (*found, string, error) {
	var list []storedContainer
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, "", fmt.Errorf("parse containers/storage's list of containers: %w", err)
	}
	for i := range list {
		c := &list[i]
		if c.ID != id && (len(c.Names) == 0 || c.Names[0] != name || name == "") {
			continue
		}
		f := &found{}
		var m storedMetadata
		if json.Unmarshal([]byte(c.Metadata), &m) == nil {
			f.name, f.image = m.Name, m.ImageName
		}
		if len(c.Names) > 0 {
			f.name = c.Names[0]
		}
		return f, c.ID, nil
	}
	return nil, "", errNotStored
}

// storageDrivers are the drivers for which Podman and CRI-O keep a list of containers.
var storageDrivers = [...]string{"overlay", "vfs", "btrfs", "zfs"}

// storage looks into the list of containers/storage: the one above the bundle that root's conmon names, else the usual
// ones.
func (q query) storage() *found {
	if !isID(q.id) {
		return nil
	}
	bases := []string{"/var/lib/containers/storage"}
	if q.rootless {
		bases = nil
		for _, home := range q.homes() {
			bases = append(bases, path.Join(home, ".local/share/containers/storage"))
		}
	}
	var dirs []string
	if dir := path.Dir(path.Dir(q.bundle)); strings.HasSuffix(dir, "-containers") && !q.rootless {
		dirs = append(dirs, dir)
	}
	for _, base := range bases {
		for _, driver := range storageDrivers {
			dirs = append(dirs, path.Join(base, driver+"-containers"))
		}
	}
	var files []string
	for _, dir := range dirs {
		files = append(files, path.Join(dir, "containers.json"), path.Join(dir, "volatile-containers.json"))
	}
	return q.first(files, q.stored)
}

// stored completes what a list tells with the bundle's annotations.
func (q query) stored(v view, list []byte, file string) *found {
	f, _, err := parseStorage(list, q.id, "")
	if err != nil {
		return nil
	}
	f.engine = Podman
	f.evidence = Evidence{v.path(file), "names " + f.name}
	dir := path.Dir(file)
	text, err := v.read(path.Join(dir, q.id, "userdata", "config.json"))
	if err != nil {
		return f
	}
	bundle, err := parseOCIConfig(text)
	if err != nil {
		return f
	}
	f.pod = bundle.pod
	if f.pod.Name != "" {
		f.engine, f.name = CRIO, bundle.name
	}
	if f.pod.Name == "" && isID(f.pod.UID) {
		f.pod.Name = podmanPod(v, dir, list, f.pod.UID)
	}
	return f
}

// podmanPod finds a pod's name. Only Podman's database has it, but the hostname of the pod's infra container is the
// pod's name.
func podmanPod(v view, dir string, list []byte, pod string) string {
	_, infra, err := parseStorage(list, "", shortID(pod)+"-infra")
	if err != nil || !isID(infra) {
		return ""
	}
	text, err := v.read(path.Join(dir, infra, "userdata", "config.json"))
	if err != nil {
		return ""
	}
	var c ociConfig
	if json.Unmarshal(text, &c) != nil {
		return ""
	}
	return c.Hostname
}
