package rootfs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The same image, however it is stored, is the same root, and is unpacked once.
func TestImageForms(t *testing.T) {
	b := newBox(t)
	base, top := pack(t, file("bin/sh", "#!")), pack(t, file("etc/motd", "hello"))
	zip := func(data []byte) []byte { return gzipped(t, data) }
	zst := func(data []byte) []byte { return zstded(t, data) }
	plain, gz, zs := layout{}, layout{}, layout{}
	plain.index(plain.image(runtime.GOARCH, asIs, base, top))
	gz.index(gz.image(runtime.GOARCH, zip, base, top))
	zs.index(zs.image(runtime.GOARCH, zst, base, top))
	shared := savedImage(t)
	delete(shared, "1/layer.tar")
	dotted := layout{}
	for name, data := range plain {
		dotted["./"+name] = data
	}
	for _, tt := range []struct{ name, path string }{
		{"directory", plain.write(t, filepath.Join(b.dir, "dir"))},
		{"directory, gzip", gz.write(t, filepath.Join(b.dir, "gz"))},
		{"directory, zstd", zs.write(t, filepath.Join(b.dir, "zs"))},
		{"tar", b.put(t, "oci.tar", plain.pack(t))},
		{"tar of .", b.put(t, "dotted.tar", dotted.pack(t))},
		{"tar, gzip", b.put(t, "oci.tar.gz", zip(plain.pack(t)))},
		{"tar, zstd, of gzip layers", b.put(t, "oci.tar.zst", zst(gz.pack(t)))},
		{"docker save", b.put(t, "saved.tar", savedImage(t).pack(t))},
		{"docker save, gzip", b.put(t, "saved.tar.gz", zip(savedImage(t).pack(t)))},
		{"docker save, a directory", savedImage(t).write(t, filepath.Join(b.dir, "saved"))},
		{
			"docker save, a layer that is a link",
			b.put(t, "linked.tar", shared.pack(t, symlink("1/layer.tar", "../0/layer.tar"), file("0/layer.tar", string(base)))),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := b.opts
			opts.CacheDir = filepath.Join(b.dir, "cache of "+strings.ReplaceAll(tt.name, " ", "-"))
			alone, err := (&box{b.dir, opts}).unpackFile(t, tt.path, Image, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, alone, "bin/sh") + content(t, alone, "etc/motd"); got != "#!hello" {
				t.Errorf("the files hold %q", got)
			}
			if want := describeImage(runtime.GOARCH).Config; !reflect.DeepEqual(*alone.Config, want) {
				t.Errorf("the configuration is %+v, want %+v", *alone.Config, want)
			}
			together, err := b.unpackFile(t, tt.path, Image, "")
			if err != nil {
				t.Fatal(err)
			}
			if together.Digest != alone.Digest || !reflect.DeepEqual(together.Config, alone.Config) {
				t.Errorf("from the cache it is %+v, and was %+v", together, alone)
			}
		})
	}
	if roots, err := List(b.opts.CacheDir); err != nil || len(roots) != 1 {
		t.Errorf("%d roots in the cache, want 1 (error %v)", len(roots), err)
	}
}

func TestChooseImage(t *testing.T) {
	l := layout{}
	layer := func(text string) []byte { return pack(t, file("which", text)) }
	mine := l.image(runtime.GOARCH, asIs, layer("mine"))
	other := l.image("s390x", asIs, layer("other"))
	second := l.image(runtime.GOARCH, asIs, layer("second"))
	silent := second
	silent.Platform = nil
	unknown := descriptor{MediaType: manifestTypes[0], Digest: string(sumOf(nil)), Platform: &platform{"unknown", "unknown"}}
	signature := descriptor{MediaType: "application/vnd.dev.sigstore+json", Digest: string(sumOf(nil))}
	nest := func(list ...descriptor) descriptor { return l.add(indexTypes[0], encode(index{list})) }
	deep := mine
	for range 6 {
		deep = nest(deep)
	}
	wide := nest(other) // a thousand times the same, again and again
	for range 3 {
		wide = nest(slices.Repeat([]descriptor{wide}, 1000)...)
	}
	for _, tt := range []struct {
		name, ref string
		list      []descriptor
		want      string // what the image holds, or part of the error
	}{
		{"one", "", []descriptor{mine}, "mine"},
		{"none", "", nil, "it holds no image"},
		{"by platform", "", []descriptor{other, mine}, "mine"},
		{"in an index, by platform", "", []descriptor{nest(unknown, other, mine)}, "mine"},
		{"the first of an index", "", []descriptor{nest(second, mine)}, "second"},
		{"beside what is none", "", []descriptor{signature, mine, unknown}, "mine"},
		{"twice the same", "", []descriptor{named(mine, refName, "a"), named(mine, refName, "b")}, "mine"},
		{"several", "", []descriptor{named(mine, refName, "a"), named(second, refName, "b")}, `say which, one of "a", "b"`},
		{"by tag", "b", []descriptor{named(mine, refName, "a"), named(second, refName, "b")}, "second"},
		{"by digest", second.Digest, []descriptor{mine, second}, "second"},
		{"by docker's name", "bb", []descriptor{mine, named(second, containerdName, "docker.io/library/bb:latest")}, "second"},
		{"by full name", "r.io:5/x/bb:2", []descriptor{mine, named(second, containerdName, "r.io:5/x/bb:2")}, "second"},
		{"no such name", "c", []descriptor{named(mine, refName, "a"), named(second, refName, "b")}, `no image "c": say one of "a", "b"`},
		{"only others", "", []descriptor{other, nest(other)}, `only for "linux/s390x"`},
		{"platform not said", "", []descriptor{silent}, "second"},
		{"deep", "", []descriptor{deep}, "indexes too deep"},
		{"wide", "", []descriptor{wide}, `only for "linux/s390x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			r, err := b.unpackFile(t, l.index(tt.list...).write(t, filepath.Join(b.dir, "image")), Image, tt.ref)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("want %s, got the error %v", tt.want, err)
				}
				b.empty(t)
				return
			}
			if got := content(t, r, "which"); got != tt.want {
				t.Errorf("got the image %q, want %q", got, tt.want)
			}
		})
	}
}

func TestChooseSaved(t *testing.T) {
	one := savedImage(t, "bb:1", "bb:latest")
	for _, tt := range []struct{ ref, refused string }{
		{"", ""},
		{"bb:1", ""},
		{"bb", ""},
		{"docker.io/library/bb:1", ""},
		{"bb:2", `no image "bb:2": say one of "bb:1", "bb:latest"`},
	} {
		b := newBox(t)
		_, err := b.unpackFile(t, b.put(t, "saved.tar", one.pack(t)), Image, tt.ref)
		if (err == nil) != (tt.refused == "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%q: want the error %q, got %v", tt.ref, tt.refused, err)
		}
	}
}

// What was damaged, or never was an image, is refused, and nothing stays.
func TestDamagedImages(t *testing.T) {
	find := func(l layout, part string) string {
		for name, data := range l {
			if strings.HasPrefix(name, "blobs/") && strings.Contains(string(data), part) {
				return name
			}
		}
		t.Fatalf("no blob has %q", part)
		return ""
	}
	config := func(change func(*imageConfig)) layout {
		l, layer := layout{}, pack(t, file("f", "x"))
		c := describeImage(runtime.GOARCH, layer)
		change(&c)
		return l.index(l.add(manifestTypes[0], encode(manifest{
			Config: l.add("", encode(c)), Layers: []descriptor{l.add("", layer)},
		})))
	}
	changed := func(change func(layout)) layout {
		l := oneLayer(t)
		change(l)
		return l
	}
	noTar := layout{}
	noTar.index(noTar.image(runtime.GOARCH, asIs, []byte(strings.Repeat("no", 600))))
	for _, tt := range []struct {
		name, refused string
		image         layout
	}{
		{"nothing", "it is no image", layout{"a": nil}},
		{"no JSON", "read index.json", layout{"index.json": []byte("{")}},
		{"not a list", "read manifest.json", layout{"manifest.json": []byte("{}")}},
		{"a list of nothing", "it holds no image", layout{"manifest.json": []byte("[]")}},
		{"a large index", "more than the", layout{"index.json": make([]byte, maxJSON+1)}},
		{"a layer that is missing", "not complete", changed(func(l layout) { delete(l, find(l, "ustar")) })},
		{"a changed layer", "damaged: its content", changed(func(l layout) { l[find(l, "ustar")][600] ^= 1 })},
		{"a cut layer", "damaged: it has", changed(func(l layout) { n := find(l, "ustar"); l[n] = l[n][:512] })},
		{"a changed configuration", "damaged: its content", changed(func(l layout) { l[find(l, "diff_ids")][20] ^= 1 })},
		{"a changed manifest", "damaged: its content", changed(func(l layout) { l[find(l, "mediaType")][20] ^= 1 })},
		{"a digest that is a path", "is not a digest", changed(func(l layout) {
			l.index(descriptor{MediaType: manifestTypes[0], Digest: "sha256:../../../etc/passwd"})
		})},
		{"sha512", "sha256", changed(func(l layout) { l.index(descriptor{MediaType: manifestTypes[0], Digest: "sha512:00"}) })},
		{"another content than it says", "digest", config(func(c *imageConfig) { c.RootFS.DiffIDs[0] = string(sumOf(nil)) })},
		{"fewer layers than it says", "tells of 2", config(func(c *imageConfig) {
			c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, string(sumOf(nil)))
		})},
		{"no image of a root", "no layers", config(func(c *imageConfig) { c.RootFS.Type = "" })},
		{"another machine's", `for "linux"/"s390x"`, config(func(c *imageConfig) { c.Architecture = "s390x" })},
		{"another system's", `"windows"`, config(func(c *imageConfig) { c.OS = "windows" })},
		{"a layer that is no tar", "not a tar", noTar},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			for form, path := range map[string]string{
				"directory": tt.image.write(t, filepath.Join(b.dir, "image")),
				"tar":       b.put(t, "image.tar", tt.image.pack(t)),
			} {
				_, err := b.unpackFile(t, path, Image, "")
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("%s: want an error with %q, got %v", form, tt.refused, err)
				}
			}
			b.empty(t)
		})
	}
}

// A directory is not ours: nothing that it has in the place of a file is opened.
func TestHostileLayouts(t *testing.T) {
	b := newBox(t)
	b.put(t, "secret", []byte("{}"))
	for name, make := range map[string]func(path string) error{
		"FIFO":         func(path string) error { return unix.Mkfifo(path, 0o600) },
		"link out":     func(path string) error { return os.Symlink("../secret", path) },
		"absolute":     func(path string) error { return os.Symlink(filepath.Join(b.dir, "secret"), path) },
		"proc's link":  func(path string) error { return os.Symlink("/proc/self/fd/0", path) },
		"directory":    func(path string) error { return os.Mkdir(path, 0o700) },
		"link to none": func(path string) error { return os.Symlink("index.json", path) },
	} {
		dir := filepath.Join(b.dir, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), make(filepath.Join(dir, "index.json"))); err != nil {
			t.Fatal(err)
		}
		if _, err := b.unpackFile(t, dir, Image, ""); err == nil || !strings.Contains(err.Error(), "index.json") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	b.empty(t)
}

func TestArchiveOfLoops(t *testing.T) {
	b := newBox(t)
	data := pack(t, symlink("manifest.json", "b"), hardlink("b", "manifest.json"), symlink("index.json", "../../../index.json"))
	if _, err := b.unpackFile(t, b.put(t, "loop.tar", data), Image, ""); !errors.Is(err, unix.ELOOP) {
		t.Errorf("got %v", err)
	}
	b.empty(t)
}
