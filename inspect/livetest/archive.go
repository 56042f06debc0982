package livetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// archive packs the root file system as `docker save` would: its tar as the only layer, a configuration and a manifest
// (github.com/moby/moby, image/spec/v1.2.md). containerd imports nothing simpler.
func (r *rootfs) archive() (string, error) {
	layer, err := os.ReadFile(r.Tar)
	if err != nil {
		return "", fmt.Errorf("read the layer: %w", err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	if err != nil {
		return "", fmt.Errorf("write the image's configuration: %w", err)
	}
	manifest, err := json.Marshal([]map[string]any{{
		"Config": "config.json", "RepoTags": []string{"docker.io/library/" + image}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return "", fmt.Errorf("write the image's manifest: %w", err)
	}
	name := filepath.Join(filepath.Dir(r.Tar), "image.tar")
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, file := range []struct {
		name string
		data []byte
	}{{"layer.tar", layer}, {"config.json", config}, {"manifest.json", manifest}} {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.data))}); err != nil {
			return "", fmt.Errorf("pack the image: %w", err)
		}
		if _, err := io.Copy(w, bytes.NewReader(file.data)); err != nil {
			return "", fmt.Errorf("pack the image: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("pack the image: %w", err)
	}
	return name, f.Close()
}
