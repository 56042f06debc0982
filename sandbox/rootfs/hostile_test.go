package rootfs

import (
	"archive/tar"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever an archive says, nothing changes outside of its root. What is refused leaves nothing behind.
func TestHostileTars(t *testing.T) {
	long := strings.Repeat("d/", 300)
	for _, tt := range []struct {
		name    string
		items   []item
		refused string            // part of the error; "" when it is unpacked
		has     map[string]string // contents by path, when it is unpacked
	}{
		{"upwards", []item{file("../evil", "x")}, `leads upwards`, nil},
		{"upwards in the middle", []item{folder("a/", 0o755), file("a/../../evil", "x")}, `leads upwards`, nil},
		{"absolute", []item{file("/outside/victim", "x")}, "", map[string]string{"outside/victim": "x"}},
		{"through an absolute link", []item{symlink("l", "OUTSIDE"), file("l/victim", "x")}, "a link to something that is missing", nil},
		{"through a relative link", []item{symlink("l", "../../../../outside"), file("l/victim", "x")}, "missing", nil},
		{
			"through a link that leads inside",
			[]item{folder("usr/lib/", 0o755), symlink("lib", "/usr/lib"), file("lib/so", "x"), symlink("l", "/../../lib"), file("l/two", "y")},
			"",
			map[string]string{"usr/lib/so": "x", "usr/lib/two": "y"},
		},
		{"over a link", []item{symlink("l", "OUTSIDE/victim"), file("l", "x")}, "", map[string]string{"l": "x"}},
		{
			"a directory that becomes a link",
			[]item{folder("d/", 0o755), file("d/f", "x"), symlink("d", "OUTSIDE"), file("d/victim", "y")},
			"missing", nil,
		},
		{
			"a directory that becomes a link inside",
			[]item{folder("d/", 0o755), file("d/f", "x"), folder("e/", 0o755), symlink("d", "e"), file("d/f", "y")},
			"",
			map[string]string{"e/f": "y"},
		},
		{
			"a parent that is exchanged",
			[]item{folder("a/b/", 0o755), file("a/b/f", "x"), folder("z/b/", 0o755), symlink("a", "z"), file("a/b/f", "y")},
			"",
			map[string]string{"z/b/f": "y"},
		},
		{"a link to itself", []item{symlink("l", "l"), file("l/f", "x")}, "too many levels", nil},
		{"through proc", []item{symlink("l", "/proc/self/root/OUTSIDE"), file("l/victim", "x")}, "missing", nil},
		{"a hard link out", []item{hardlink("l", "OUTSIDE/victim")}, "no such file", nil},
		{"a hard link upwards", []item{hardlink("l", "../../../outside/victim")}, "leads upwards", nil},
		{"a hard link through a link", []item{symlink("s", "OUTSIDE"), hardlink("l", "s/victim")}, "no such file", nil},
		{
			"a hard link to a link, then written",
			[]item{symlink("s", "OUTSIDE/victim"), hardlink("l", "s"), file("l", "x")},
			"",
			map[string]string{"l": "x"},
		},
		{"a hard link to itself", []item{file("f", "x"), hardlink("f", "f")}, "", map[string]string{"f": "x"}},
		{"a hard link to a directory", []item{folder("d/", 0o755), hardlink("l", "d")}, "it is a directory", nil},
		{
			"a hard link in the place of its target's directory",
			[]item{folder("d/", 0o755), file("d/f", "x"), hardlink("d", "d/f")},
			"no such file", nil,
		},
		{"a hard link made twice", []item{file("f", "x"), hardlink("l", "f"), hardlink("l", "f")}, "", map[string]string{"l": "x"}},
		{"the same file twice", []item{file("f", "x"), file("f", "y")}, "", map[string]string{"f": "y"}},
		{
			"written after a hard link",
			[]item{file("f", "x"), hardlink("l", "f"), file("f", "y")},
			"",
			map[string]string{"f": "y", "l": "x"},
		},
		{"entries before their directory", []item{file("a/b/f", "x"), folder("a/b/", 0o500), folder("a/", 0o700)}, "", map[string]string{"a/b/f": "x"}},
		{"a directory nobody may enter", []item{folder("d/", 0), file("d/f", "x"), folder("d/", 0o700)}, "", map[string]string{"d/f": "x"}},
		{"a file as a directory", []item{file("f", "x"), file("f/g", "y")}, "not a directory", nil},
		{"a directory in the place of a file", []item{file("f", "x"), folder("f/", 0o755), file("f/g", "y")}, "", map[string]string{"f/g": "y"}},
		{"a file in the place of a directory", []item{folder("d/", 0o755), file("d/a/b", "x"), file("d", "y")}, "", map[string]string{"d": "y"}},
		{"the root is a file", []item{file(".", "x")}, "the root itself", nil},
		{"the root is a link", []item{symlink(".", "OUTSIDE")}, "the root itself", nil},
		{"a link without a target", []item{symlink("l", "")}, "no such file", nil},
		{"a name too long for a file", []item{file(strings.Repeat("n", 256), "x")}, "file name too long", nil},
		{"a path too long", []item{file(strings.Repeat("n/", 2100)+"f", "x")}, "too long a path", nil},
		{"too deep", []item{file(long+"f", "x")}, "too deep", nil},
		{"too deep through links", []item{file(long[:300]+"f", "x"), symlink("l", long[:300]), file("l/"+long[:300]+"f", "y")}, "too deep", nil},
		{"empty", nil, "it is empty", nil},
		{"an unknown kind", []item{{tar.Header{Typeflag: 'Z', Name: "x"}, ""}}, "its type", nil},
		{"an escape sequence", []item{file("\x1b]52;c;eA\a/../f", "x")}, `"\x1b]52;c;eA\a/../f"`, nil},
		{"an image taken for a tar", []item{file("oci-layout", "{}"), file("index.json", "{}")}, "it is an image", nil},
		{"a whiteout is a file here", []item{file("f", "x"), file(".wh.f", "y")}, "", map[string]string{"f": "x", ".wh.f": "y"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			outside := filepath.Join(b.dir, "outside")
			if err := os.Mkdir(outside, 0o755); err != nil {
				t.Fatal(err)
			}
			b.put(t, "outside/victim", []byte("untouched"))
			for i := range tt.items {
				tt.items[i].Linkname = strings.ReplaceAll(tt.items[i].Linkname, "OUTSIDE", outside)
			}
			data := pack(t, tt.items...)
			before := list(t, outside)
			r, err := b.unpack(t, data)
			if after := list(t, outside); after != before {
				t.Errorf("outside is now\n%s\nand was\n%s", after, before)
			}
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Fatalf("want an error with %q, got %v", tt.refused, err)
				}
				if strings.ContainsRune(err.Error(), '\x1b') {
					t.Errorf("a control character in the error %q", err)
				}
				b.empty(t)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.has {
				if got := content(t, r, name); got != want {
					t.Errorf("%s holds %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestDamagedTars(t *testing.T) {
	good := pack(t, file("a", strings.Repeat("x", 2000)), file("b", "y"))
	zipped := gzipped(t, good)
	for _, tt := range []struct {
		name, refused string
		data          []byte
	}{
		{"no tar", "not a tar", []byte(strings.Repeat("hello ", 200))},
		{"an empty file", "it is empty", nil},
		{"a wrong sum", "not a tar", append([]byte("z"), good[1:]...)},
		{"cut in a file", "unexpected EOF", good[:2000]},
		{"cut in a header", "unexpected EOF", good[:len(good)-2000]},
		{"gzip cut", "unexpected EOF", zipped[:len(zipped)-9]},
		{"gzip damaged", "gzip", append(zipped[:len(zipped)-8:len(zipped)-8], 0, 0, 0, 0, 0, 0, 0, 0)},
		{"gzip and something else", "gzip", append(zipped[:len(zipped):len(zipped)], "more"...)},
		{"zstd cut", "unexpected EOF", zstded(t, good)[:40]},
		{"xz", "xz, which is not supported", []byte("\xfd7zXZ\x00....")},
		{"bzip2", "bzip2, which is not supported", []byte("BZh91AY&SY")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			_, err := b.unpack(t, tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Fatalf("want an error with %q, got %v", tt.refused, err)
			}
			b.empty(t)
		})
	}
}

// Headers that Go's own writer refuses to write.
func TestHostileHeaders(t *testing.T) {
	for _, tt := range []struct {
		name, refused string
		change        func(header []byte)
	}{
		{"a negative size", "", func(h []byte) { copy(h[124:136], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") }},
		{"a huge size", "too many bytes", func(h []byte) { copy(h[124:136], "\x80\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff") }},
		{"a negative uid", "is not an id", func(h []byte) { copy(h[108:116], "\xff\xff\xff\xff\xff\xff\xff\xfe") }},
		{"the uid that is none", "is not an id", func(h []byte) { copy(h[108:116], "\x80\x00\x00\x00\xff\xff\xff\xff") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.name, "uid") && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			b := newBox(t)
			data := rawTar("f", tt.change)
			_, err := b.unpack(t, data)
			if err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Fatalf("want an error with %q, got %v", tt.refused, err)
			}
			b.empty(t)
		})
	}
}

func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for _, tt := range []struct {
		name   string
		limits Limits
		data   []byte
	}{
		{"bytes", Limits{Bytes: 10}, pack(t, file("a", "123456"), file("b", "123456"))},
		{"bytes of a sparse file", Limits{Bytes: 1 << 20}, sparseTar("f", 1<<32)},
		{"entries", Limits{Entries: 2}, pack(t, folder("a/", 0o755), folder("b/", 0o755), folder("c/", 0o755))},
		{"path", Limits{PathLen: 10}, pack(t, file("12345678901", ""))},
		{"path through a link", Limits{PathLen: 10}, pack(t, folder("123456/", 0o755), symlink("l", "123456"), file("l/1234", ""))},
		{"depth", Limits{Depth: 2}, pack(t, file("a/b/c/d", ""))},
		{"gzip bomb", Limits{}, gzipped(t, pack(t, file("f", strings.Repeat(zeros, 100))))},
		{"zstd bomb", Limits{}, zstded(t, pack(t, file("f", strings.Repeat(zeros, 100))))},
		{"headers alone", Limits{Bytes: 10 << 10, Entries: 1}, gzipped(t, append(pack(t, file("f", ""))[:512], zeros[:100<<10]...))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t)
			b.opts.Limits = tt.limits
			_, err := b.unpack(t, tt.data)
			if limit := new(LimitError); !errors.As(err, &limit) {
				t.Fatalf("want a LimitError, got %v", err)
			}
			b.empty(t)
		})
	}
}
