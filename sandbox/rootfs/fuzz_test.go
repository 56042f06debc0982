package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallLimits keep fuzzing fast.
var smallLimits = Limits{Bytes: 1 << 20, Entries: 200, Ratio: 200, PathLen: 500, Depth: 20}

// fillGuarded adds tars to a new root, as layers or as one tar, and fails the test when anything outside of it has
// changed, or when a root that was filled cannot be settled and removed again.
func fillGuarded(t *testing.T, layers bool, tars ...[]byte) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"root", "outside"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	victim := filepath.Join(dir, "outside", "victim")
	if err := os.WriteFile(victim, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := around(t, dir)
	root, err := os.Open(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tr, err := newTree(int(root.Fd()), Options{}, &budget{limits: smallLimits})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.leave()
	for _, data := range tars {
		if layers {
			tr.layer = map[place]bool{}
		}
		if _, err = tr.addAll(bytes.NewReader(data), &meter{}); err != nil {
			plainText(t, err)
			break
		}
	}
	if err == nil {
		if err := tr.settle(); err != nil {
			t.Errorf("settle: %v", err)
		}
	}
	if err := removeAll(unix.AT_FDCWD, filepath.Join(dir, "root"), nil); err != nil {
		t.Errorf("remove the root: %v", err)
	}
	if after := around(t, dir); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// around describes what is beside the root.
func around(t *testing.T, dir string) string {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range names {
		if n.Name() != "root" {
			all = append(all, list(t, filepath.Join(dir, n.Name())))
		}
	}
	return strings.Join(all, "\n")
}

// plainText fails the test when an error could change a terminal.
func plainText(t *testing.T, err error) {
	t.Helper()
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
		t.Errorf("a control character in the error %q", err)
	}
}

func FuzzTar(f *testing.F) {
	for _, items := range [][]item{
		{folder("./", 0o755), folder("d/", 0o500), file("d/f", "x"), hardlink("d/g", "d/f"), symlink("l", "/d"), file("l/h", "y")},
		{symlink("l", "../outside"), file("l/victim", "x")},
		{symlink("d", ".."), folder("d/", 0), special("p", tar.TypeFifo), special("c", tar.TypeChar), hardlink("e", "c")},
		{file("../x", ""), file("/abs", "x")},
		{file(strings.Repeat("n", 150)+"/"+strings.Repeat("m", 150), "x"), hardlink("l", strings.Repeat("n", 150))},
	} {
		f.Add(pack(f, items...))
	}
	f.Add(sparseTar("f", 1<<19))
	f.Fuzz(func(t *testing.T, data []byte) { fillGuarded(t, false, data) })
}

// Names as the kernel resolves them are tried more often than with whole tars, whose sums have to be right. Each line is a
// kind, a name and a target; the second half is a layer above the first.
func FuzzNames(f *testing.F) {
	f.Add("d a/b/c\ns a/l ../../..\nf a/l/x\nh y a/l/x\nf a/.wh.b")
	f.Add("s l /\nf l/l/l/x\nd l\nf l/x\nf .wh..wh..opq")
	f.Add("s a b\ns b a\nf a/x\nh c a\nf c")
	f.Add("f a\nh a a\nd a\nf a/b\nh a a/b")
	f.Fuzz(func(t *testing.T, text string) {
		var items []item
		for line := range strings.Lines(text) {
			if len(items) < 50 {
				items = append(items, itemOf(line)...)
			}
		}
		base, err := tryPack(items[:len(items)/2]...)
		if err != nil {
			return // a tar cannot hold it
		}
		top, err := tryPack(items[len(items)/2:]...)
		if err != nil {
			return
		}
		fillGuarded(t, false, base, top)
		fillGuarded(t, true, base, top)
	})
}

func itemOf(line string) []item {
	kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	name, target, _ := strings.Cut(rest, " ")
	name = strings.TrimRight(name, "/")
	switch kind {
	case "d":
		return []item{folder(name+"/", 0o500)}
	case "f":
		return []item{file(name, "x")}
	case "s":
		return []item{symlink(name, target)}
	case "h":
		return []item{hardlink(name, target)}
	}
	return nil
}

func FuzzCompressed(f *testing.F) {
	data := bytes.Repeat([]byte("some text, again and again; "), 1000)
	f.Add(gzipped(f, data))
	f.Add(zstded(f, data))
	f.Add(append([]byte("\x50\x2a\x4d\x18\x01\x00\x00\x00x"), zstded(f, data)...))
	f.Add(append(gzipped(f, data), gzipped(f, data)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &budget{limits: Limits{Bytes: 1 << 20, Entries: 1, Ratio: 200}}
		stream, err := openPlain(context.Background(), bytes.NewReader(data), b, &meter{}, nil, nil)
		if err != nil {
			plainText(t, err)
			return
		}
		n, err := io.Copy(io.Discard, stream)
		if err != nil {
			plainText(t, err)
		}
		if stream.Close(); n > 1<<20+2048 {
			t.Errorf("%d bytes came out", n)
		}
	})
}

// open makes a store of a layout.
func (l layout) open(name string) (*blob, error) {
	data, ok := l[name]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", show(name), fs.ErrNotExist)
	}
	return &blob{io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))), nil}, nil
}

func (l layout) close() {}

// chooseGuarded chooses an image and checks that it is what its digests say.
func chooseGuarded(t *testing.T, s store, ref string) {
	t.Helper()
	i, err := chooseImage(s, ref)
	if err == nil {
		err = verifyAll(context.Background(), s, i.blobs, &meter{})
	}
	if err != nil {
		plainText(t, err)
		return
	}
	if _, err := parseDigest(string(i.d)); err != nil || len(i.layers) == 0 || len(i.layers) > maxLayers {
		t.Errorf("chose %+v", i)
	}
	for _, b := range i.blobs {
		data, err := readJSON(s, digest(b.Digest).inStore())
		if err != nil || string(sumOf(data)) != b.Digest {
			t.Errorf("the blob %s is not what its digest says", b.Digest)
		}
	}
}

// An index, a manifest, a configuration and docker's manifest.json. Digests and sizes are put in the place of M, C, L and 99.
func FuzzImage(f *testing.F) {
	f.Add(`{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"M","size":99,"annotations":{"a":"b"}}]}`,
		`{"config":{"digest":"C","size":99},"layers":[{"digest":"L","size":99}]}`,
		`{"os":"linux","config":{"User":"x","Env":["a=b"]},"rootfs":{"type":"layers","diff_ids":["L"]}}`, "", "")
	f.Add(`{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"M","size":99}]}`,
		`{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"C","size":99}]}`, `{"manifests":null}`, "", "a")
	f.Add("", "", `{"rootfs":{"type":"layers","diff_ids":["L"]}}`, `[{"Config":"c.json","RepoTags":["a:1"],"Layers":["l.tar"]}]`, "a:1")
	f.Fuzz(func(t *testing.T, index, manifest, config, saved, ref string) {
		l, known := layout{}, map[string][]byte{"L": []byte("a layer")}
		add := func(mark, text string) []byte {
			for m, data := range known {
				text = strings.ReplaceAll(text, `"`+m+`","size":99`, `"`+string(sumOf(data))+`","size":`+strconv.Itoa(len(data)))
				text = strings.ReplaceAll(text, `"`+m+`"`, `"`+string(sumOf(data))+`"`)
			}
			l.add("", []byte(text))
			known[mark] = []byte(text)
			return []byte(text)
		}
		l.add("", known["L"])
		l["l.tar"] = known["L"]
		l["c.json"] = add("C", config)
		add("M", manifest)
		if index != "" {
			l["index.json"] = add("I", index)
		}
		l["manifest.json"] = []byte(saved)
		chooseGuarded(t, l, ref)
	})
}

func FuzzImageArchive(f *testing.F) {
	l := layout{}
	f.Add(l.index(l.image(runtime.GOARCH, asIs, pack(f, file("f", "x")))).pack(f), "")
	f.Add(savedImage(f, "a:1").pack(f), "a:1")
	f.Add(pack(f, symlink("manifest.json", "b"), hardlink("b", "manifest.json")), "")
	f.Fuzz(func(t *testing.T, data []byte, ref string) {
		s, err := newTarStore(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			plainText(t, err)
			return
		}
		chooseGuarded(t, s, ref)
	})
}
