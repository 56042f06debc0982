package export

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/stage"
	"cutaway/sandbox/steps"
)

// rootPlace stands for the directory that an image was unpacked to, in the operations of a launch.
const rootPlace = "/\x01root"

// unshareWriter writes a script. Its first part runs outside, makes cgroups and temporary directories, and removes them; its
// second, start, becomes the first process; its third, inside, runs in there and becomes the command.
type unshareWriter struct {
	lacks
	spec  *sandbox.Spec
	plan  *steps.Launch
	group group
	steps map[string][]string // shell commands by stage

	outside []string
	inside  []string
	atEnd   []string // removes what was made outside
}

// Unshare is a bash script that makes the sandbox by unshare(1), nsenter(1), mount(8), pivot_root(8), prlimit(1) and setpriv(1)
// of util-linux, ip(8), newuidmap(1), and plain writes to files.
func Unshare(s *sandbox.Spec) (Script, error) {
	plan, err := s.Outline(environ(), rootPlace)
	if err != nil {
		return Script{}, err
	}
	w := &unshareWriter{spec: s, plan: plan}
	if w.group, err = groupOf(s, &w.lacks); err != nil {
		return Script{}, err
	}
	w.readSteps()
	w.sayMissing()
	w.makeInside()
	start := w.start()
	w.makeOutside()
	return Script{Text: w.text(start), Missing: w.missing}, nil
}

// readSteps writes the launch's operations as commands, by stage. A tar is unpacked into memory instead of below an overlay:
// with the owners that it has inside.
func (w *unshareWriter) readSteps() {
	w.plan.Idmapped = nil
	if w.spec.Root.Kind == sandbox.RootTar {
		for i := range w.plan.Ops {
			if o := &w.plan.Ops[i]; o.Verb == stage.RootOverlay {
				*o = stage.Op{Verb: stage.RootFS, Path: "tmpfs", Data: "mode=0755", Attr: o.Attr}
			}
		}
	}
	w.steps = map[string][]string{}
	for _, s := range w.plan.Script(quotePlace) {
		w.steps[s.Stage] = append(w.steps[s.Stage], s.Commands...)
	}
}

// quotePlace quotes a word that may hold rootPlace.
func quotePlace(word string) string {
	if !strings.Contains(word, rootPlace) {
		return shell.Quote(word)
	}
	var b strings.Builder
	for i, part := range strings.Split(word, rootPlace) {
		if i > 0 {
			b.WriteString(`"$ROOTFS"`)
		}
		if part != "" {
			b.WriteString(shell.Quote(part))
		}
	}
	return b.String()
}

func (w *unshareWriter) sayMissing() {
	s := w.spec
	w.lackIf(s.Seccomp != sandbox.SeccompOff, "seccomp %s: no command of the shell loads a filter of system calls", s.Seccomp)
	w.lackIf(s.Landlock != nil, "landlock: setpriv has it only since util-linux 2.40")
	w.lackIf(s.Terminal != sandbox.TerminalNever, "a terminal of the sandbox's own: it has yours, and may type into it (TIOCSTI)")
	w.lackIf(s.Init && s.Namespaces.PID.IsNew(), "an init that passes signals on: a shell stays as PID 1 and reaps")
	w.lackIf(s.Root.Kind == sandbox.RootImage, "unpacking an image: set ROOTFS to a directory it is unpacked to (skopeo copy, umoci unpack)")
	w.lackOfNames(s)
	w.lackOfTools(s, "bash, setpriv and unshare")
	w.lackOfOwners(s, w.plan, "mount -o X-mount.idmap, since util-linux 2.39")
	for _, name := range odd(s, w.plan) {
		w.lack("the variable %s: no shell can name it", shell.Quote(name))
	}
}

// commands gives those of a stage, without what its own parts of the script do.
func (w *unshareWriter) commands(stages ...string) (list []string) {
	for _, name := range stages {
		list = append(list, w.steps[name]...)
	}
	return list
}

// makeInside writes what runs in the new namespaces.
func (w *unshareWriter) makeInside() {
	s := w.spec
	if w.mountsProcOnly() {
		return
	}
	w.inside = append(w.inside, w.commands("mounts")...)
	if s.Root.Kind == sandbox.RootTar {
		w.inside = append(w.inside, fmt.Sprintf(`tar -C "$ROOT" -x -p --numeric-owner --exclude 'dev/*'%s <&9 9<&-`, decompressor(s.Root.Path)))
	}
	w.inside = append(w.inside, w.commands("proc", "binds", "hostname")...)
	if s.Network.Veth != nil {
		w.inside = append(w.inside, "until ip route show dev eth0 2>/dev/null | grep -q .; do sleep 0.1; done")
	}
	for _, c := range w.steps["network"] {
		if c == "ip link set lo up" {
			w.inside = append(w.inside, c)
		}
	}
}

// mountsProcOnly tells whether the only mount is that of unshare --mount-proc.
func (w *unshareWriter) mountsProcOnly() bool {
	s := w.spec
	return s.Namespaces.PID.IsNew() && s.Namespaces.Mnt.IsNew() && s.Root.Kind == sandbox.RootKeep && s.Proc == sandbox.ProcUnmasked &&
		s.Sys == sandbox.SysKeep && s.Dev == sandbox.DevKeep && len(s.Mounts) == 0 && s.Hostname == "" && !w.lo() && s.Network.Veth == nil
}

func (w *unshareWriter) lo() bool { return w.spec.Namespaces.Net.IsNew() && w.spec.Network.Loopback }

// last is the end of inside: into the new root, and the command with the rights and variables that it is to have.
func (w *unshareWriter) last() []string {
	s := w.spec
	limits := w.commands("rlimits")
	newRoot := s.Root.Kind != sandbox.RootKeep
	hostFiles := s.Root.Kind == sandbox.RootHost || s.Root.Kind == sandbox.RootOverlay
	words := w.rightsAndVariables()
	command := shell.Join(s.Command...)
	cd := "cd " + shell.Quote(s.Dir)
	switch {
	case !newRoot:
		return append(limits, cd, w.run(join(words, command)))
	case s.Root.Switch == sandbox.Chroot:
		place := `"$ROOT"`
		if !s.Namespaces.Mnt.IsNew() {
			place = quotePlace(w.chrootPath())
		}
		if hostFiles {
			return append(limits, w.run(join("chroot", place, words, w.inDir(command))))
		}
		if keep, _ := s.Kept(); hasRights(words) && (s.User.UID != 0 || !keep.Has(unix.CAP_SYS_CHROOT)) {
			w.lack("giving up rights after chroot(2): setpriv is not in the new root")
			words = w.variableWords()
		}
		return append(limits, w.run(join(words, "chroot", place, w.inDir(command))))
	case hostFiles:
		return append(limits, `cd "$ROOT"`, "pivot_root . .", "umount -l .", cd, w.run(join(words, command)))
	}
	return append(limits, w.pivotTogether(words)...)
}

func (w *unshareWriter) chrootPath() string {
	if w.spec.Root.Kind == sandbox.RootDir {
		return w.spec.Root.Path
	}
	return rootPlace
}

// inDir is the command in its directory, where chroot(8) left it in /.
func (w *unshareWriter) inDir(command string) string {
	if w.spec.Dir == "/" {
		return command
	}
	return "/bin/sh -c " + shell.Quote("cd "+shell.Quote(w.spec.Dir)+` && exec "$@"`) + " sh " + command
}

// pivotTogether enters a root that has none of the tools. The shell that becomes the command lets go of its rights while it
// still finds them. pivot_root(2) then changes the root of each process that had the old one, and so of that shell too; but
// not of one that was changed to a copy of the old root before, and finds umount there.
func (w *unshareWriter) pivotTogether(words string) []string {
	become := `echo >&7; read -r done <&8; [ "$done" = yes ]; cd ` + shell.Quote(w.spec.Dir) + `; unset OLDPWD; exec "$@" 6<&- 7>&- 8>&- 9>&-`
	return []string{
		`OLD=$(mktemp -d)`,
		`mount --rbind / "$OLD"`,
		`for p in 7 8 9; do mkfifo "$TMPDIR/$p"; done`,
		`exec 6< / 7<> "$TMPDIR/7" 8<> "$TMPDIR/8" 9<> "$TMPDIR/9"`,
		`rm "$TMPDIR"/[789]`,
		// Both others must have been started by then: they would not find their programs in the new root.
		`{ read -r _ <&7; read -r _ <&7; cd "$ROOT" && pivot_root . . && echo yes >&9 || echo no >&9; } &`,
		`{ chroot "$OLD" bash -c 'echo >&7; read -r done <&9; [ "$done" = yes ] && umount --no-canonicalize --lazy /proc/self/fd/6 && echo yes >&8 || echo no >&8' || echo no >&8; } &`,
		w.run(join(words, "bash -euc", shell.Quote(become), "bash", shell.Join(w.spec.Command...))),
	}
}

// run makes a command the process itself, or, where an init stays, its child.
func (w *unshareWriter) run(command string) string {
	if w.spec.Init && w.spec.Namespaces.PID.IsNew() {
		return command + " || exit $?"
	}
	return "exec " + command
}

// rightsAndVariables are setpriv(1), setsid(1) and env(1) with their options; "" when none is needed.
func (w *unshareWriter) rightsAndVariables() string {
	var words []string
	if w.spec.Terminal == sandbox.TerminalNever {
		words = append(words, "setsid --wait")
	}
	return join(join(words...), w.setpriv(), w.variableWords())
}

func hasRights(words string) bool { return strings.Contains(words, "setpriv ") }

// setpriv takes from the operations what the launch would do to rights. What is for root to be is done before.
func (w *unshareWriter) setpriv() string {
	var words []string
	for _, c := range w.commands("capabilities", "no_new_privs") {
		options, isSetpriv := strings.CutPrefix(c, "exec setpriv ")
		if !isSetpriv {
			continue
		}
		for _, option := range strings.Fields(strings.TrimSuffix(options, " bash")) {
			if option != strings.TrimSpace(pdeathsig) { // the caller's shell is no launcher
				words = append(words, option)
			}
		}
	}
	if len(words) == 0 {
		return ""
	}
	if stays := w.spec.Init && w.spec.Namespaces.PID.IsNew(); w.forks() && !stays {
		words = append(words, strings.TrimSpace(pdeathsig))
	}
	return "setpriv " + strings.Join(words, " ")
}

func (w *unshareWriter) variableWords() string {
	list := variables(w.spec, w.plan)
	words := []string{"env"}
	if !all(w.spec) {
		words = append(words, "-i")
	}
	for _, v := range list {
		words = append(words, v.word())
	}
	if len(words) == 1 {
		return ""
	}
	return strings.Join(words, " ")
}

// join puts spaces between what is not empty.
func join(words ...string) string {
	var list []string
	for _, word := range words {
		if word != "" {
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}

// decompressor is tar's option for the archive, which cannot find out by itself what comes through a descriptor.
func decompressor(path string) string {
	switch filepath.Ext(path) {
	case ".gz", ".tgz":
		return " --gzip"
	case ".zst", ".tzst":
		return " --zstd"
	}
	return ""
}
