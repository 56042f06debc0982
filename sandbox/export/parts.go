package export

import (
	"strings"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// parts are a command line and what stands around it.
type parts struct {
	first   []string // commands before the rest, and before there is anything to remove
	before  []string // commands of preparation
	atEnd   []string // commands that remove what was made
	group   group    // the command's cgroup
	command string
}

// text is the command line alone where nothing stands around it; else a script, which ends with the first command that
// fails, so that what is run is never less confined than it says.
func (p *parts) text(comments string) string {
	if len(p.first)+len(p.before)+len(p.group.dirs) == 0 {
		return comments + p.command + "\n"
	}
	var b strings.Builder
	b.WriteString("#!/bin/bash\n" + comments + "set -euo pipefail\n\n")
	b.WriteString(indent(p.first, ""))
	atEnd := p.atEnd
	if len(p.group.dirs) > 0 {
		atEnd = append(atEnd, removal(p.group.dirs))
	}
	if len(atEnd) > 0 {
		b.WriteString("trap " + shell.Quote(strings.Join(atEnd, "; ")) + " EXIT\n")
	}
	b.WriteString(indent(p.before, ""))
	if len(p.group.dirs) == 0 {
		return b.String() + p.command + "\n"
	}
	b.WriteString(indent(p.group.make, ""))
	b.WriteString("(\n  " + ownPID + "\n")
	for _, dir := range p.group.dirs {
		b.WriteString(`  echo "$PID" > ` + dir + "/cgroup.procs\n")
	}
	b.WriteString("  exec " + strings.ReplaceAll(p.command, "\n", "\n  ") + "\n)\n")
	return b.String()
}

// ownPID sets a variable to the PID of a subshell.
const ownPID = "read -r PID _ < /proc/self/stat # $$ is the script's own"

// removal removes cgroups, and ends whoever is left in there, as when the script itself is ended. It takes them a moment.
func removal(dirs []string) string {
	return "for d in " + strings.Join(dirs, " ") + `; do for _ in 1 2 3 4 5 6 7 8 9; do ` +
		`rmdir "$d" 2>/dev/null && break; { kill -KILL $(cat "$d"/cgroup.procs); } 2>/dev/null || :; sleep 0.1; done; done`
}

// unpacked brings the root of an archive where $ROOTFS says.
func unpacked(s *sandbox.Spec) (p parts) {
	switch s.Root.Kind {
	case sandbox.RootTar:
		p.first = []string{"ROOTFS=$(mktemp -d)"}
		p.atEnd = []string{`rm -rf "$ROOTFS"`}
		p.before = []string{`chmod 755 "$ROOTFS"`, `tar -C "$ROOTFS" -x -p --exclude 'dev/*' -f ` + shell.Quote(s.Root.Path)}
	case sandbox.RootImage:
		p.first = []string{`: "${ROOTFS:?is where the image was unpacked to}"`}
	}
	return p
}
