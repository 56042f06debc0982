package rootfs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// layout is an OCI layout, or what docker save writes: contents by name.
type layout map[string][]byte

func (l layout) add(mediaType string, data []byte) descriptor {
	d := sumOf(data)
	l[d.inStore()] = data
	return descriptor{MediaType: mediaType, Digest: string(d), Size: int64(len(data))}
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // the tests' own types
	}
	return data
}

// describeImage is a configuration of layers, which are tars as they are uncompressed.
func describeImage(arch string, layers ...[]byte) imageConfig {
	c := imageConfig{Architecture: arch, OS: "linux", Config: ImageConfig{
		User: "guest", Env: []string{"PATH=/bin"}, Entrypoint: []string{"/bin/sh", "-c"}, Cmd: []string{"id"}, WorkingDir: "/srv",
	}}
	c.RootFS.Type = "layers"
	for _, layer := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, string(sumOf(layer)))
	}
	return c
}

// image adds an image whose layers are stored as pack makes them.
func (l layout) image(arch string, pack func([]byte) []byte, layers ...[]byte) descriptor {
	man := manifest{Config: l.add("application/vnd.oci.image.config.v1+json", encode(describeImage(arch, layers...)))}
	for _, layer := range layers {
		man.Layers = append(man.Layers, l.add("application/vnd.oci.image.layer.v1.tar", pack(layer)))
	}
	d := l.add(manifestTypes[0], encode(man))
	d.Platform = &platform{Architecture: arch, OS: "linux"}
	return d
}

func asIs(data []byte) []byte { return data }

func named(d descriptor, annotation, name string) descriptor {
	d.Annotations = map[string]string{annotation: name}
	return d
}

func (l layout) index(list ...descriptor) layout {
	l["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	l["index.json"] = encode(index{list})
	return l
}

// write makes a directory of the layout.
func (l layout) write(t testing.TB, dir string) string {
	t.Helper()
	for name, data := range l {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pack makes a tar of the layout.
func (l layout) pack(t testing.TB, more ...item) []byte {
	t.Helper()
	var items []item
	for name, data := range l {
		items = append(items, file(name, string(data)))
	}
	slices.SortFunc(items, func(a, b item) int { return len(a.Name) - len(b.Name) })
	return pack(t, append(more, items...)...)
}

// oneLayer is an image with one file.
func oneLayer(t testing.TB) layout {
	l := layout{}
	return l.index(l.image(runtime.GOARCH, asIs, pack(t, folder("./", 0o755), file("bin/sh", "#!"))))
}

// savedImage is what docker save wrote before it wrote OCI layouts.
func savedImage(t testing.TB, tags ...string) layout {
	base, top := pack(t, file("bin/sh", "#!")), pack(t, file("etc/motd", "hello"))
	config := encode(describeImage(runtime.GOARCH, base, top))
	name := sumOf(config).hex() + ".json"
	return layout{
		name: config, "1/layer.tar": base, "2/layer.tar": top,
		"manifest.json": encode([]saved{{Config: name, RepoTags: tags, Layers: []string{"1/layer.tar", "2/layer.tar"}}}),
	}
}
