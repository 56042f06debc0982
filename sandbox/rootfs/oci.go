package rootfs

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
)

// descriptor points to a blob (image-spec, descriptor.md).
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations"`
	Platform    *platform         `json:"platform"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// index lists manifests and other indexes (image-spec, image-index.md).
type index struct {
	Manifests []descriptor `json:"manifests"`
}

// manifest is one image for one platform (image-spec, manifest.md).
type manifest struct {
	Config descriptor   `json:"config"`
	Layers []descriptor `json:"layers"`
}

// The media types of OCI, and of docker, whose formats were the pattern for OCI's.
var (
	indexTypes = []string{
		"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
	}
	manifestTypes = []string{
		"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
	}
)

// chooseOCI chooses the image that ref names, or the only one, for this machine.
func chooseOCI(s store, data []byte, ref string) (*image, error) {
	var top index
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("read index.json: %w", err)
	}
	search := &search{store: s, seen: map[string]bool{}}
	chosen, err := search.choose(top.Manifests, ref)
	if err != nil {
		return nil, err
	}
	data, err = readVerified(s, chosen)
	if err != nil {
		return nil, fmt.Errorf("read the image's manifest: %w", err)
	}
	var man manifest
	if err := json.Unmarshal(data, &man); err != nil {
		return nil, fmt.Errorf("read the image's manifest: %w", err)
	}
	config, err := readVerified(s, man.Config)
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	layers := make([]string, len(man.Layers))
	for n, l := range man.Layers {
		d, err := parseDigest(l.Digest)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", n+1, err)
		}
		layers[n] = d.inStore()
	}
	i, err := newImage(s, config, digest(man.Config.Digest), layers)
	if err != nil {
		return nil, err
	}
	i.blobs = man.Layers
	return i, nil
}

// search looks for images in indexes.
type search struct {
	store store
	seen  map[string]bool // indexes, by digest: they may lead to the same one a thousand times
	other []string        // platforms that there are images for
}

// choose finds the image among those that index.json lists.
func (s *search) choose(list []descriptor, ref string) (descriptor, error) {
	var found []descriptor
	var names []string
	for _, d := range list {
		if !d.isNamed(ref) {
			names = append(names, d.name())
			continue
		}
		img, ok, err := s.first(d, 0)
		if err != nil {
			return descriptor{}, err
		}
		same := func(f descriptor) bool { return f.Digest == img.Digest }
		if ok && !slices.ContainsFunc(found, same) {
			found, names = append(found, img), append(names, d.name())
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return descriptor{}, fmt.Errorf("it holds several images: say which, one of %s", listed(names))
	case len(s.other) > 0:
		return descriptor{}, fmt.Errorf("it holds no image for linux/%s, only for %s", runtime.GOARCH, listed(s.other))
	case ref != "" && len(names) > 0:
		return descriptor{}, fmt.Errorf("it holds no image %s: say one of %s", show(ref), listed(names))
	}
	return descriptor{}, errors.New("it holds no image")
}

// first finds the first image for this machine that a descriptor leads to.
func (s *search) first(d descriptor, depth int) (descriptor, bool, error) {
	const deepest = 4
	switch {
	case slices.Contains(manifestTypes, d.MediaType) || d.MediaType == "":
		return d, s.runs(d), nil
	case !slices.Contains(indexTypes, d.MediaType) || s.seen[d.Digest]:
		return d, false, nil // not an image: a signature, say
	case depth == deepest:
		return d, false, &LimitError{"indexes too deep in each other", deepest}
	}
	s.seen[d.Digest] = true
	data, err := readVerified(s.store, d)
	if err != nil {
		return d, false, fmt.Errorf("read an index: %w", err)
	}
	var nested index
	if err := json.Unmarshal(data, &nested); err != nil {
		return d, false, fmt.Errorf("read an index: %w", err)
	}
	for _, below := range nested.Manifests {
		if img, ok, err := s.first(below, depth+1); ok || err != nil {
			return img, ok, err
		}
	}
	return d, false, nil
}

// runs tells whether an image is for this machine, as far as its descriptor says. It says so where there are several.
func (s *search) runs(d descriptor) bool {
	p := d.Platform
	if p == nil || p.OS == "linux" && p.Architecture == runtime.GOARCH {
		return true
	}
	if p.OS != "unknown" { // an attestation, which docker lists beside the images
		s.other = append(s.other, p.OS+"/"+p.Architecture)
	}
	return false
}

// Annotations that name an image.
const (
	refName        = "org.opencontainers.image.ref.name" // a tag, or whatever the tool was told
	containerdName = "io.containerd.image.name"          // the full name; docker writes it
)

// name is what the user can say to choose the image.
func (d descriptor) name() string {
	for _, annotation := range []string{containerdName, refName} {
		if name := d.Annotations[annotation]; name != "" {
			return name
		}
	}
	return d.Digest
}

// isNamed tells whether a descriptor is what ref names; "" names them all.
func (d descriptor) isNamed(ref string) bool {
	if ref == "" || ref == d.Digest {
		return true
	}
	for _, annotation := range []string{containerdName, refName} {
		if name := d.Annotations[annotation]; name != "" && sameImage(ref, name) {
			return true
		}
	}
	return false
}

// listed writes names that came out of an archive, but not all of a thousand.
func listed(names []string) string {
	const most = 10
	slices.Sort(names)
	names = slices.Compact(names)
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, show(name))
	}
	if more := len(names) - most; more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return strings.Join(shown, ", ")
}

// readVerified reads a small blob and compares it with its descriptor before anybody looks at it.
func readVerified(s store, d descriptor) ([]byte, error) {
	want, err := parseDigest(d.Digest)
	if err != nil {
		return nil, err
	}
	data, err := readJSON(s, want.inStore())
	if err != nil {
		return nil, missingBlob(err)
	}
	h := sha256.New()
	h.Write(data)
	return data, compare(d, sum(h), int64(len(data)))
}

// verifyAll compares large blobs with their descriptors, each once.
func verifyAll(ctx context.Context, s store, blobs []descriptor, m *meter) error {
	var total int64
	for _, d := range blobs {
		total += max(d.Size, 0)
	}
	m.start(Checking, total)
	seen := map[string]bool{}
	for n, d := range blobs {
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		if err := verify(ctx, s, d, m); err != nil {
			return fmt.Errorf("layer %d of %d: %w", n+1, len(blobs), err)
		}
	}
	return nil
}

func verify(ctx context.Context, s store, d descriptor, m *meter) error {
	want, err := parseDigest(d.Digest)
	if err != nil {
		return err
	}
	b, err := s.open(want.inStore())
	if err != nil {
		return missingBlob(err)
	}
	defer b.close()
	if b.Size() != d.Size {
		return compare(d, want, b.Size())
	}
	got, err := hashOf(ctx, b, m)
	if err != nil {
		return err
	}
	return compare(d, got, b.Size())
}

func compare(d descriptor, got digest, size int64) error {
	if size != d.Size {
		return fmt.Errorf("the blob %s is damaged: it has %d bytes, and should have %d", d.Digest, size, d.Size)
	}
	if string(got) != d.Digest {
		return fmt.Errorf("the blob %s is damaged: its content has the digest %s", d.Digest, got)
	}
	return nil
}

func missingBlob(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the archive is not complete: %w", err)
	}
	return err
}
