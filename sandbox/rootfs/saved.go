package rootfs

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// saved is one image in the manifest.json of `docker save` (github.com/moby/docker-image-spec, v1.2). Its names are of
// files beside it; podman and skopeo write it too.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// chooseSaved chooses the image that ref names, or the only one. The configuration has the digests of the layers.
func chooseSaved(s store, data []byte, ref string) (*image, error) {
	var list []saved
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("read manifest.json as docker save writes it: %w; of skopeo's layouts, oci: is supported, dir: is not", err)
	}
	var found []saved
	var names []string
	for _, img := range list {
		names = append(names, img.names()...)
		if img.isNamed(ref) {
			found = append(found, img)
		}
	}
	switch {
	case len(list) == 0:
		return nil, errors.New("it holds no image")
	case len(found) == 0:
		return nil, fmt.Errorf("it holds no image %s: say one of %s", show(ref), listed(names))
	case len(found) > 1:
		return nil, fmt.Errorf("it holds several images: say which, one of %s", listed(names))
	}
	config, err := readJSON(s, found[0].Config)
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", missingBlob(err))
	}
	h := sha256.New()
	h.Write(config)
	// The file is called by its digest; where it is not, as some tools do, nothing says what it should be.
	if named, err := parseDigest(found[0].digestName()); err == nil && named != sum(h) {
		return nil, fmt.Errorf("the image's configuration %s is damaged: its content has the digest %s", named, sum(h))
	}
	return newImage(s, config, sum(h), found[0].Layers)
}

// digestName is the digest in the name of the configuration's file.
func (i saved) digestName() string {
	return algorithm + strings.TrimSuffix(path.Base(i.Config), ".json")
}

// names are what the user can say to choose the image.
func (i saved) names() []string {
	if len(i.RepoTags) > 0 {
		return i.RepoTags
	}
	return []string{i.digestName()}
}

func (i saved) isNamed(ref string) bool {
	named := func(tag string) bool { return sameImage(ref, tag) }
	return ref == "" || ref == i.digestName() || slices.ContainsFunc(i.RepoTags, named)
}
