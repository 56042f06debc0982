package sandbox

import (
	"strings"

	"cutaway/sandbox/rootfs"
)

// unpackRoot gets the root of a tar or an image out of the cache, or into it. Its files' owners are shifted as the
// sandbox's user namespace maps them, so that the archive's root is root inside.
func (l *launch) unpackRoot() error {
	kind := l.spec.Root.Kind
	if kind != RootTar && kind != RootImage {
		return nil
	}
	opts := rootfs.Options{Progress: l.opts.Progress}
	if l.site.sendTrees {
		opts.UIDMap, opts.GIDMap = shift(l.site.uids), shift(l.site.gids)
	}
	root, err := rootfs.Unpack(l.ctx, l.spec.Root.Path, rootfs.Kind(kind), l.spec.Root.Ref, opts)
	if err != nil {
		return failed(StageMounts, "unpack the root", l.spec.Root.Path, err)
	}
	l.box.root = root
	l.site.rootDir = root.Dir
	if root.Config != nil {
		l.site.imageEnv = root.Config.Env
	}
	return nil
}

func shift(maps []IDMapping) []rootfs.IDMapping {
	list := make([]rootfs.IDMapping, len(maps))
	for i, m := range maps {
		list[i] = rootfs.IDMapping(m)
	}
	return list
}

// imageDefaults are the variables of an image that neither the caller's environment nor the Spec gives.
func imageDefaults(image, given []string) []string {
	names := map[string]bool{}
	for _, v := range given {
		name, _, _ := strings.Cut(v, "=")
		names[name] = true
	}
	var list []string
	for _, v := range image {
		if name, _, ok := strings.Cut(v, "="); ok && name != "" && !names[name] {
			list = append(list, v)
		}
	}
	return list
}
