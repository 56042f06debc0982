package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// ociConfig is what is needed of a bundle's config.json (opencontainers/runtime-spec: config.md).
type ociConfig struct {
	Hostname    string            `json:"hostname"`
	Annotations map[string]string `json:"annotations"`
}

// parseOCIConfig reads a bundle's config.json. The engines leave names in its annotations: containerd's CRI plugin
// (containerd: internal/cri/annotations), CRI-O (cri-o: pkg/annotations), nerdctl and Podman.
func parseOCIConfig(text []byte) (*found, error) {
	var c ociConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("parse a bundle's configuration: %w", err)
	}
	a := c.Annotations
	f := &found{}
	podLabels(f, a)
	f.image = cmp.Or(a["io.kubernetes.cri.image-name"], a["io.kubernetes.cri-o.ImageName"])
	f.name = cmp.Or(a["io.kubernetes.cri.container-name"], f.name, a["io.kubernetes.cri-o.KubeName"], a["nerdctl/name"])
	f.pod.Name = cmp.Or(a["io.kubernetes.cri.sandbox-name"], f.pod.Name)
	f.pod.Namespace = cmp.Or(a["io.kubernetes.cri.sandbox-namespace"], f.pod.Namespace)
	f.pod.UID = cmp.Or(a["io.kubernetes.cri.sandbox-uid"], f.pod.UID)
	if a["io.kubernetes.cri.container-type"] == "sandbox" || a["io.kubernetes.cri-o.ContainerType"] == "sandbox" && f.pod.UID != "" {
		f.name = "pause"
	}
	if f.pod.UID == "" && a["io.container.manager"] == "libpod" {
		f.pod.UID = a["io.kubernetes.cri-o.SandboxID"]
	}
	return f, nil
}

// containerdStates are where containerd keeps the bundles of running containers: its own default, and k3s's.
var containerdStates = [...]string{"/run/containerd", "/run/k3s/containerd"}

// containerd looks into the container's bundle: beside the one that its shim stands in (one shim serves a whole pod),
// else in the usual place. A user's containerd keeps them in a mount namespace that we do not trust.
func (q query) containerd() *found {
	if q.rootless || q.id == "" || q.id != path.Base(q.id) {
		return nil
	}
	var files []string
	for _, dir := range [...]string{q.bundle, q.workingDirectory()} {
		if dir != "" && dir != "/" {
			files = append(files, path.Join(path.Dir(dir), q.id, "config.json"))
		}
	}
	for _, state := range containerdStates {
		namespace := cmp.Or(q.namespace, "k8s.io")
		if namespace == path.Base(namespace) {
			files = append(files, path.Join(state, "io.containerd.runtime.v2.task", namespace, q.id, "config.json"))
		}
	}
	return q.first(files, func(v view, text []byte, file string) *found {
		f, err := parseOCIConfig(text)
		if err != nil {
			return nil
		}
		f.engine = Containerd
		if f.pod.Name != "" {
			f.engine = Kubernetes
		}
		f.evidence = Evidence{v.path(file), strings.TrimSpace("bundle of " + shortID(q.id) + " " + f.name)}
		return f
	})
}
