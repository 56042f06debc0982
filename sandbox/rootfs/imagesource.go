package rootfs

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
)

// image is one image of a store.
type image struct {
	store  store
	d      digest // of the configuration
	conf   imageConfig
	layers []layer
	blobs  []descriptor // what the layers must be as they are stored; none in what docker wrote before it wrote OCI
}

// layer is one layer: a tar, compressed or not.
type layer struct {
	name string // in the store
	diff digest // of the tar, uncompressed (DiffID, image-spec, config.md)
}

// imageConfig is an image's configuration (image-spec, config.md).
type imageConfig struct {
	Architecture string      `json:"architecture"`
	OS           string      `json:"os"`
	Config       ImageConfig `json:"config"`
	RootFS       struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// openImage chooses an image, whose manifest and configuration are compared with their digests.
func openImage(ctx context.Context, j *job, ref string) (source, error) {
	s, err := openStore(ctx, j)
	if err != nil {
		return nil, err
	}
	i, err := chooseImage(s, ref)
	if err != nil {
		s.close()
		return nil, err
	}
	return i, nil
}

// chooseImage reads a store as an OCI layout, which docker 25 and newer writes too, or else as docker wrote before.
func chooseImage(s store, ref string) (*image, error) {
	index, err := readJSON(s, "index.json")
	if err == nil {
		return chooseOCI(s, index, ref)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	manifest, err := readJSON(s, "manifest.json")
	if err == nil {
		return chooseSaved(s, manifest, ref)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, errors.New("it is no image: it has neither index.json (an OCI layout) nor manifest.json (docker save); " +
		"if these are the files of a root, as docker export writes them, say that it is a tar")
}

// newImage brings layers, by their names in the store, and configuration together.
func newImage(s store, config []byte, d digest, layers []string) (*image, error) {
	i := &image{store: s, d: d}
	if err := json.Unmarshal(config, &i.conf); err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	if err := i.conf.check(len(layers)); err != nil {
		return nil, err
	}
	for n, name := range layers {
		diff, err := parseDigest(i.conf.RootFS.DiffIDs[n])
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", n+1, err)
		}
		i.layers = append(i.layers, layer{name, diff})
	}
	return i, nil
}

// maxLayers is more than any engine can run: overlayfs stops at 500, docker at 127.
const maxLayers = 500

func (c *imageConfig) check(layers int) error {
	switch {
	case c.RootFS.Type != "layers":
		return errors.New("it is not an image of a root: its configuration has no layers")
	case len(c.RootFS.DiffIDs) != layers:
		return fmt.Errorf("it has %d layers, and its configuration tells of %d", layers, len(c.RootFS.DiffIDs))
	case layers == 0:
		return errors.New("the image is empty: it has no layer")
	case layers > maxLayers:
		return &LimitError{"too many layers", maxLayers}
	case c.OS != "" && c.OS != "linux" || c.Architecture != "" && c.Architecture != runtime.GOARCH:
		return fmt.Errorf("the image is for %s/%s; this machine is linux/%s", show(c.OS), show(c.Architecture), runtime.GOARCH)
	}
	return nil
}

func (i *image) digest() digest       { return i.d }
func (i *image) config() *ImageConfig { return &i.conf.Config }
func (i *image) kind() Kind           { return Image }
func (i *image) close()               { i.store.close() }

func (i *image) unpack(ctx context.Context, t *tree, m *meter) error {
	if err := verifyAll(ctx, i.store, i.blobs, m); err != nil {
		return err
	}
	var total int64
	for _, l := range i.layers {
		b, err := i.store.open(l.name)
		if err != nil {
			return err
		}
		total += b.Size()
		b.close()
	}
	m.start(Unpacking, total)
	for n, l := range i.layers {
		if err := i.unpackLayer(ctx, t, l, m); err != nil {
			return fmt.Errorf("layer %d of %d: %w", n+1, len(i.layers), err)
		}
	}
	return nil
}

// unpackLayer also finds what was changed since the layer was compared with its own digest.
func (i *image) unpackLayer(ctx context.Context, t *tree, l layer, m *meter) error {
	b, err := i.store.open(l.name)
	if err != nil {
		return err
	}
	defer b.close()
	t.layer = map[place]bool{}
	h := sha256.New()
	if _, err := t.unpack(ctx, b, m, nil, h); err != nil {
		return err
	}
	if got := sum(h); got != l.diff {
		return fmt.Errorf("its content is damaged: it has the digest %s, and the configuration says %s", got, l.diff)
	}
	return nil
}
