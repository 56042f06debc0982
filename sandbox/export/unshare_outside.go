package export

import (
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// makeOutside writes what the script makes, and removes in the end.
func (w *unshareWriter) makeOutside() {
	inside := strings.Join(w.inside, "\n")
	if strings.Contains(inside, "mktemp") || strings.Contains(inside, "$TMPDIR") {
		w.outside = append(w.outside, `TMPDIR=$(mktemp -d) # the mounts below it are the sandbox's alone`, `chmod 1777 "$TMPDIR"`, "export TMPDIR")
		w.atEnd = append(w.atEnd, `find "$TMPDIR" -depth -type d -empty -delete`)
	}
	if len(w.group.dirs) > 0 {
		w.atEnd = append(w.atEnd, removal(w.group.dirs))
	}
}

// endChildren ends unshare where the script itself is ended, and with it all of the sandbox (--kill-child).
const endChildren = `{ read -r c < /proc/$$/task/$$/children; kill -KILL ${c-}; } 2>/dev/null || :`

// text puts the parts together.
func (w *unshareWriter) text(start []string) string {
	var b strings.Builder
	b.WriteString("#!/bin/bash\n")
	if p, ok := sandbox.PresetNamed(w.spec.Preset); ok {
		b.WriteString("# " + p.Name + ": " + p.Sentence + "\n")
	}
	b.WriteString(w.comments())
	b.WriteString("set -eu\n")
	if inside := strings.Join(w.inside, "\n"); strings.Contains(inside, "pivot_root") || strings.Contains(inside, "ip link") {
		b.WriteString("PATH=$PATH:/usr/sbin:/sbin # which not all users have: pivot_root and ip are there\n")
	}
	if w.spec.Root.Kind == sandbox.RootImage {
		b.WriteString(`: "${ROOTFS:?is where the image was unpacked to}"` + "\n")
	}
	if len(w.inside) > 0 {
		b.WriteString("\ninside=$(cat <<'END'\n" + indent(w.inside, "") + "END\n)\n")
	}
	b.WriteString("\n" + indent(w.outside, ""))
	if len(w.atEnd) > 0 {
		w.atEnd = append([]string{endChildren}, w.atEnd...)
		b.WriteString("trap " + shell.Quote(strings.Join(w.atEnd, "; ")) + " EXIT\n")
	}
	b.WriteString(indent(w.group.make, ""))
	if len(w.atEnd) == 0 {
		b.WriteString(indent(start, ""))
		return b.String()
	}
	b.WriteString("(\n" + indent(start, "  ") + ")\n")
	return b.String()
}
