package rootfs

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cutaway/inspect/livetest"
)

// engineFiles are what engines put into each container, and so into its export, beside the image's files.
func engineFiles(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch path {
	case ".", "etc", ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab":
		return true
	}
	return first == "dev" || first == "proc" || first == "sys" || first == "run"
}

// changes make layers that hide much of the one below.
const changes = `mkdir -p /srv/a/b && echo 1 >/srv/a/b/f && echo 1 >/srv/a/g && ln /srv/a/g /srv/hard && ln -s a /srv/l`

const moreChanges = `rm /www -r; rm -r /srv/a; mkdir /srv/a; echo 2 >/srv/a/h; rm /bin/ar; ln -s busybox /bin/ar; chmod 4711 /bin/busybox; ` +
	`rm /srv/l; mkdir /srv/l; echo 2 >/srv/l/x; mkfifo /srv/pipe; chown 1000:1000 /srv/a/h`

// engineImage makes an image of three layers and returns its name, and a container of it.
func engineImage(t *testing.T, e *livetest.Engine) (name, container string) {
	t.Helper()
	name = "cutaway-layers:1"
	from := "bb:1"
	for _, script := range []string{changes, moreChanges} {
		id := e.Command(t, "create", "--ulimit", "nofile=1024:2048", "--ulimit", "nproc=1000:2000", from, "/bin/sh", "-c", script)
		t.Cleanup(func() { e.Command(t, "rm", "-f", id) })
		e.Command(t, "start", "-a", id)
		e.Command(t, "commit", "--change", `CMD ["/bin/sh","-l"]`, "--change", "ENV A=b", id, name)
		from = name
	}
	t.Cleanup(func() { e.Command(t, "rmi", "-f", name) })
	container = e.Command(t, "create", name)
	t.Cleanup(func() { e.Command(t, "rm", "-f", container) })
	return name, container
}

// What engines export and save is unpacked as they themselves put it together.
func liveEngine(t *testing.T, e *livetest.Engine, formats map[string][]string) {
	name, container := engineImage(t, e)
	b := newBox(t)
	exported := filepath.Join(b.dir, "export.tar")
	e.Command(t, "export", "-o", exported, container)
	want := untar(t, exported)
	run(t, "find", want, "-type", "f", "-perm", "/6000", "-exec", "chmod", "ug-s", "{}", "+")

	r, err := b.unpackFile(t, exported, Tar, "")
	if err != nil {
		t.Fatal(err)
	}
	same(t, want, r.Dir, func(path string) bool { return path == "." || strings.HasPrefix(path, "dev") })

	for format, save := range formats {
		saved := filepath.Join(b.dir, format)
		e.Command(t, append(save, "-o", saved, name)...)
		r, err := b.unpackFile(t, saved, Image, name)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		same(t, want, r.Dir, engineFiles)
		if c := r.Config; c == nil || fmt.Sprint(c.Cmd) != "[/bin/sh -l]" || !strings.Contains(fmt.Sprint(c.Env), "A=b") {
			t.Errorf("%s: the configuration is %+v", format, c)
		}
	}
	if roots, err := List(b.opts.CacheDir); err != nil || len(roots) != 2 {
		t.Errorf("%d roots in the cache, want the export's and the image's (error %v)", len(roots), err)
	}
}

func TestLiveDocker(t *testing.T) {
	liveEngine(t, livetest.Docker(t), map[string][]string{"save.tar": {"save"}})
}

func TestLivePodman(t *testing.T) {
	liveEngine(t, livetest.Podman(t), map[string][]string{
		"docker.tar": {"save", "--format", "docker-archive"},
		"oci.tar":    {"save", "--format", "oci-archive"},
		"oci-dir":    {"save", "--format", "oci-dir"},
	})
}

// Layouts of skopeo's, against what umoci makes of them.
func TestLiveLayouts(t *testing.T) {
	livetest.NeedRoot(t)
	livetest.NeedTools(t, "skopeo", "umoci")
	b := newBox(t)
	base := pack(t, folder("./", 0o755), folder("bin/", 0o755), file("bin/sh", "#!"), hardlink("bin/ash", "bin/sh"), folder("d/", 0o755),
		file("d/a", "1"), file("d/b", "1"), folder("d/e/", 0o700), file("d/e/f", "1"), symlink("lib", "/bin"), folder("gone/", 0o755), file("gone/x", "1"))
	top := pack(t, folder("d/", 0o711), file("d/.wh.a", ""), folder("d/e/", 0o755), file("d/e/.wh..wh..opq", ""), file("d/e/g", "2"),
		file(".wh.gone", ""), file("lib/so", "2"), folder("bin/", 0o755))
	described := describeImage(runtime.GOARCH, base, top)
	described.Config.User = "" // umoci looks for others in /etc/passwd
	config := encode(described)
	name := sumOf(config).hex() + ".json"
	saved := b.put(t, "saved.tar", layout{
		name: config, "1.tar": base, "2.tar": top,
		"manifest.json": encode([]saved{{Config: name, RepoTags: []string{"two:1"}, Layers: []string{"1.tar", "2.tar"}}}),
	}.pack(t))
	dir := filepath.Join(b.dir, "oci")
	for _, args := range [][]string{
		{"oci:" + dir + ":gz"},
		{"--dest-compress-format", "zstd", "oci:" + dir + ":zst"},
		{"oci-archive:" + filepath.Join(b.dir, "2") + ":x"},
		{"docker-archive:" + filepath.Join(b.dir, "3") + ":two:1"},
	} {
		run(t, append([]string{"skopeo", "copy", "--insecure-policy", "-q", "docker-archive:" + saved}, args...)...)
	}
	run(t, "umoci", "unpack", "--image", dir+":gz", filepath.Join(b.dir, "bundle"))
	want := filepath.Join(b.dir, "bundle", "rootfs")
	for _, image := range []struct{ path, ref string }{
		{saved, ""}, {dir, "gz"}, {dir, "zst"}, {filepath.Join(b.dir, "2"), ""}, {filepath.Join(b.dir, "3"), "two:1"},
	} {
		r, err := b.unpackFile(t, image.path, Image, image.ref)
		if err != nil {
			t.Errorf("%s %s: %v", image.path, image.ref, err)
			continue
		}
		same(t, want, r.Dir, nil)
	}
}
