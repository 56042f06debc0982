package rootfs

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Layers hide what is below them, whatever the order of their entries (image-spec, layer.md).
func TestWhiteouts(t *testing.T) {
	base := []item{folder("d/", 0o755), file("d/a", "1"), file("d/b", "1"), folder("d/e/", 0o755), file("d/e/f", "1"), symlink("l", "d")}
	for _, tt := range []struct {
		name string
		top  []item
		want string // paths and the contents of files
	}{
		{"nothing", nil, "d d/a=1 d/b=1 d/e d/e/f=1 l"},
		{"a file", []item{file("d/.wh.a", "")}, "d d/b=1 d/e d/e/f=1 l"},
		{"a directory", []item{file(".wh.d", "")}, "l"},
		{"a link, not what it leads to", []item{file(".wh.l", "")}, "d d/a=1 d/b=1 d/e d/e/f=1"},
		{"through a link", []item{file("l/.wh.a", "")}, "d d/b=1 d/e d/e/f=1 l"},
		{"what is not there", []item{file("d/.wh.z", ""), file("z/.wh.a", ""), file("d/a/.wh.z", "")}, "d d/a=1 d/b=1 d/e d/e/f=1 l"},
		{"opaque", []item{file("d/.wh..wh..opq", ""), file("d/g", "2")}, "d d/g=2 l"},
		{"opaque after its files", []item{file("d/g", "2"), file("d/e/h", "2"), file("d/.wh..wh..opq", "")}, "d d/e d/e/h=2 d/g=2 l"},
		{"opaque root", []item{file(".wh..wh..opq", ""), file("g", "2")}, "g=2"},
		{"opaque where nothing is", []item{file("z/.wh..wh..opq", "")}, "d d/a=1 d/b=1 d/e d/e/f=1 l"},
		{"replaced after", []item{file("d/.wh.a", ""), file("d/a", "2")}, "d d/a=2 d/b=1 d/e d/e/f=1 l"},
		{"replaced before", []item{file("d/a", "2"), file("d/.wh.a", "")}, "d d/a=2 d/b=1 d/e d/e/f=1 l"},
		{"a directory replaced before", []item{folder("d/", 0o700), file("d/g", "2"), file(".wh.d", "")}, "d d/g=2 l"},
		{"a directory with a new file", []item{file("d/g", "2"), file(".wh.d", "")}, "d d/g=2 l"},
		{"aufs' own", []item{file(".wh..wh.plnk", ""), file(".wh..wh.orph/x", "")}, "d d/a=1 d/b=1 d/e d/e/f=1 l"},
		{"a file in the place of a directory", []item{file("d", "2")}, "d=2 l"},
		{"a directory in the place of a link", []item{folder("l/", 0o755), file("l/g", "2")}, "d d/a=1 d/b=1 d/e d/e/f=1 l l/g=2"},
		{"a device in the place of a file", []item{special("d/a", '3')}, "d d/b=1 d/e d/e/f=1 l"},
		{"a hard link to the layer below", []item{hardlink("h", "d/a"), file("d/.wh.a", "")}, "d d/b=1 d/e d/e/f=1 h=1 l"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			l := layout{}
			l.index(l.image(runtime.GOARCH, asIs, pack(t, base...), pack(t, tt.top...)))
			r, err := b.unpackFile(t, l.write(t, filepath.Join(b.dir, "image")), Image, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := shortList(t, r); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	for _, name := range []string{".wh.", ".wh..", ".wh...", "d/.wh.."} {
		b, l := newBox(t), layout{}
		l.index(l.image(runtime.GOARCH, asIs, pack(t, base...), pack(t, file(name, ""))))
		if _, err := b.unpackFile(t, l.write(t, filepath.Join(b.dir, "image")), Image, ""); err == nil {
			t.Errorf("%s was not refused", name)
		}
		b.empty(t)
	}
}

// shortList names all files of a root, and what they hold.
func shortList(t *testing.T, r *Root) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(r.Dir, path)
		switch {
		case err != nil || name == ".":
			return err
		case d.Type().IsRegular():
			name += "=" + content(t, r, name)
		}
		found = append(found, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " ")
}
