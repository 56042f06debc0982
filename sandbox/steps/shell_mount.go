package steps

import (
	"fmt"
	"os"
	"strings"

	"cutaway/sandbox/stage"
)

// newRoot is where the commands build the root. The launch needs no directory: it attaches the new root over the old one.
const newRoot = "$ROOT"

// place is a path below the root that is being built, as a word.
func (w *writer) place(target string) string {
	switch {
	case w.root == "":
		return w.quote(target)
	case target == "/":
		return `"` + w.root + `"`
	}
	return `"` + w.root + `"` + w.quote(target)
}

// options are mount(8)'s for MOUNT_ATTR_*, with those of the file system before them.
func options(data string, attr uint64) string {
	var words []string
	if data != "" {
		words = append(words, data)
	}
	for _, a := range []struct {
		bit  uint64
		word string
	}{
		{stage.AttrReadOnly, "ro"},
		{stage.AttrNoSuid, "nosuid"},
		{stage.AttrNoDev, "nodev"},
		{stage.AttrNoExec, "noexec"},
	} {
		if attr&a.bit != 0 {
			words = append(words, a.word)
		}
	}
	return strings.Join(words, ",")
}

// mountOperations writes the operations that make the mounts and the root.
func (w *writer) mountOperations(ops []stage.Op) int {
	o := &ops[0]
	switch o.Verb {
	case stage.Slave:
		w.add("mount --make-rslave /")
	case stage.Private:
		w.add("mount --make-rprivate /")
	case stage.RootHere:
		w.root = ""
	case stage.RootTree, stage.RootFD, stage.RootFS, stage.RootOverlay:
		w.makeRoot(o)
	case stage.Bind:
		if o.Flags&stage.Device != 0 {
			return w.devices(ops)
		}
		w.bind(o)
	case stage.BindFD:
		w.bind(o)
	case stage.NewFS:
		w.newFS(o)
	case stage.Overlay:
		w.overlay(o, w.place(o.Target))
	case stage.Mask:
		return w.masks(ops)
	case stage.ReadOnly:
		return w.readOnly(ops)
	case stage.Mkdir:
		w.add("mkdir -m %04o %s", o.N, w.place(o.Target))
	case stage.Symlink:
		w.add("ln -s %s %s", w.quote(o.Data), w.place(o.Target))
	case stage.Touch:
		at := w.place(o.Target)
		w.chain("printf %s "+w.quote(o.Data)+" > "+at, fmt.Sprintf("chmod %04o %s", o.N, at))
	case stage.Reattr:
		w.add("mount -o remount,bind,%s %s", options("", o.Attr), w.place("/"))
	case stage.Pivot:
		w.chain("cd "+w.place("/"), "pivot_root . .", "mount --make-rprivate .", "umount -l .", "cd /")
		w.root = ""
	case stage.Chroot:
		path := w.place("/")
		if o.Path != "" {
			path = w.quote(o.Path)
		}
		w.add("exec chroot %s bash", path)
		w.root = ""
	default:
		w.add("# an operation that has no words yet")
	}
	return 1
}

// makeRoot makes what becomes the root.
func (w *writer) makeRoot(o *stage.Op) {
	w.root = newRoot
	w.add(`ROOT=$(mktemp -d)`)
	switch o.Verb {
	case stage.RootTree:
		w.bindTree(o, `"$ROOT"`)
	case stage.RootFD:
		w.add(`mount --bind%s %s "$ROOT"`, w.idmap(o), w.quote(o.Path))
		w.restrict(`"$ROOT"`, o)
	case stage.RootFS:
		w.add(`mount -t %s -o %s %s "$ROOT"`, w.quote(o.Path), w.quote(options(o.Data, o.Attr)), w.quote(o.Path))
	case stage.RootOverlay:
		w.overlay(o, `"$ROOT"`)
	}
}

// bindTree binds a tree and restricts it.
func (w *writer) bindTree(o *stage.Op, at string) {
	word := "--bind"
	if o.Flags&stage.Recursive != 0 {
		word = "--rbind"
	}
	w.add("mount %s %s %s", word, w.quote(o.Path), at)
	w.restrict(at, o)
}

// restrict sets a mount's attributes. mount(8) before 2.39 does so for one mount at a time, whatever is mounted below it.
func (w *writer) restrict(at string, o *stage.Op) {
	set := options("", o.Attr)
	switch {
	case set == "":
	case o.Flags&stage.Recursive != 0:
		// A mount below a directory that root of another user namespace may not enter (Podman's, 0700) is out of everybody's reach.
		w.add("findmnt --list --notruncate --noheadings --submounts --output TARGET %s |\n  while read -r m; do [ ! -e \"$m\" ] || mount -o remount,bind,%s \"$m\"; done", at, set)
	default:
		w.add("mount -o remount,bind,%s %s", set, at)
	}
}

// idmap is the option that maps the owners of a mount by the user namespace.
func (w *writer) idmap(o *stage.Op) string {
	if o.N < 0 || int(o.N) >= len(w.Idmapped) || !w.Idmapped[o.N] {
		return ""
	}
	return " -o X-mount.idmap=/proc/" + w.pid + "/ns/user"
}

// bind mounts a tree of the host's. What is missing is made as the host's is: a directory, or a file.
func (w *writer) bind(o *stage.Op) {
	at := w.place(o.Target)
	if o.Flags&stage.Create != 0 {
		if st, err := os.Stat(o.Path); err == nil && !st.IsDir() {
			w.add("[ -e %s ] || touch %s", at, at)
		} else {
			w.add("mkdir -p %s", at)
		}
	}
	if o.Verb == stage.BindFD && w.idmap(o) != "" {
		w.add("mount --bind%s %s %s", w.idmap(o), w.quote(o.Path), at)
		w.restrict(at, o)
		return
	}
	w.bindTree(o, at)
}

func (w *writer) newFS(o *stage.Op) {
	at := w.place(o.Target)
	mount := "mount -t " + w.quote(o.Path)
	if set := options(o.Data, o.Attr); set != "" {
		mount += " -o " + w.quote(set)
	}
	mount += " " + w.quote(o.Path) + " " + at
	switch {
	case o.Flags&stage.Optional != 0:
		w.add("if [ -d %s ]; then %s; fi", at, mount)
	case o.Flags&stage.Create != 0:
		w.chain("mkdir -p "+at, mount)
	default:
		w.add("%s", mount)
	}
}

// overlay mounts an overlay whose upper layer is in memory.
func (w *writer) overlay(o *stage.Op, at string) {
	lower := w.quote(o.Path)
	if o.Flags&stage.Create != 0 {
		w.add("mkdir -p %s", at)
	}
	w.chain("UPPER=$(mktemp -d)", `mount -t tmpfs tmpfs "$UPPER"`, `mkdir "$UPPER"/upper "$UPPER"/work`)
	w.chain("chmod --reference="+lower+` "$UPPER"/upper`, "chown --reference="+lower+` "$UPPER"/upper`)
	layers := w.quote("lowerdir="+strings.NewReplacer(`\`, `\\`, ":", `\:`, ",", `\,`).Replace(o.Path)) + `,upperdir="$UPPER"/upper,workdir="$UPPER"/work`
	if set := options(o.Data, o.Attr); set != "" {
		layers += "," + w.quote(set)
	}
	w.chain("mount -t overlay -o "+layers+" overlay "+at, `umount -l "$UPPER"`)
}

// run takes the operations of one kind that follow one another.
func run(ops []stage.Op, same func(o *stage.Op) bool) int {
	n := 1
	for n < len(ops) && same(&ops[n]) {
		n++
	}
	return n
}

// loop writes a command for each target of some operations.
func (w *writer) loop(ops []stage.Op, lines ...string) {
	words := make([]string, len(ops))
	for i := range ops {
		words[i] = w.quote(ops[i].Target)
	}
	body := strings.ReplaceAll(strings.Join(lines, "\n  "), "@", `"`+w.root+`$f"`)
	w.add("%s", "for f in "+strings.Join(words, " ")+"; do\n  "+body+"\ndone")
}

// devices binds the host's device nodes one by one.
func (w *writer) devices(ops []stage.Op) int {
	first := &ops[0]
	n := run(ops, func(o *stage.Op) bool {
		return o.Verb == stage.Bind && o.Flags == first.Flags && o.Attr == first.Attr && o.Path == o.Target
	})
	w.loop(ops[:n], strings.Join([]string{"touch @", `mount --bind "$f" @`, "mount -o remount,bind," + options("", first.Attr) + " @"}, w.and))
	return n
}

func (w *writer) masks(ops []stage.Op) int {
	n := run(ops, func(o *stage.Op) bool { return o.Verb == stage.Mask })
	w.loop(ops[:n],
		`if [ -d @ ]; then mount -t tmpfs -o ro,nosuid,nodev,noexec,mode=0,size=4k tmpfs @`,
		`elif [ -e @ ]; then mount --bind /dev/null @`+w.and+`mount -o remount,bind,ro,nosuid,nodev,noexec @; fi`)
	return n
}

func (w *writer) readOnly(ops []stage.Op) int {
	first := &ops[0]
	n := run(ops, func(o *stage.Op) bool { return o.Verb == stage.ReadOnly && o.Attr == first.Attr })
	w.loop(ops[:n], `if [ -e @ ]; then mount --rbind @ @`+w.and+`mount -o remount,bind,`+options("", first.Attr|stage.AttrReadOnly)+` @; fi`)
	return n
}
