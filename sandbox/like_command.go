package sandbox

import (
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"cutaway/inspect/aside"
	"cutaway/inspect/proc"
	"cutaway/inspect/secret"
	"cutaway/sandbox/steps"
)

// tinyInits are first processes that do nothing but run a command, by what they call themselves.
var tinyInits = []string{"cutaway-init", "docker-init", "tini", "podman-init", "catatonit", "dumb-init"}

// command is the process's command line, and where it runs.
func (p *portrait) command() {
	s := &p.Spec
	s.Command = []string{"/bin/sh"}
	words, err := aside.InTime(likePatience, func() ([]string, error) {
		b, err := readSome(p.dir+"/cmdline", maxText)
		return proc.ParseCmdline(b), err
	})
	exe, exeErr := os.Readlink(p.dir + "/exe")
	switch {
	case err != nil:
		p.unknown("command", "a shell: %s", because(err))
	case len(words) == 0 || words[0] == "":
		p.unknown("command", "a shell: it has no command line")
	case !slices.ContainsFunc(words, func(w string) bool { return !utf8.ValidString(w) }):
		s.Command = words
		if len(words) == 1 && strings.Contains(words[0], " ") {
			p.unknown("command", "what it calls itself: it has written over its command line")
		}
		if strings.HasPrefix(words[0], "-") && exeErr == nil && absolute(exe) { // a login shell
			s.Command[0] = exe
		}
	default:
		p.changed("command", "a shell: its command line is not UTF-8")
	}
	pids := p.them.Status.NSpid
	s.Init = pids[len(pids)-1] != 1
	p.workingDirectory()
}

// workingDirectory is where the process is, as a path below its root.
func (p *portrait) workingDirectory() {
	s := &p.Spec
	s.Dir = "/"
	cwd, err := os.Readlink(p.dir + "/cwd")
	if err != nil {
		p.unknown("dir", "the root: %s", because(err))
		return
	}
	if p.them.Root != "/" && p.them.Unread["root"] == nil {
		if rest, ok := under(cwd, p.them.Root); ok {
			cwd = path.Join("/", rest)
		}
	}
	switch {
	case !absolute(cwd) || !utf8.ValidString(cwd) || strings.HasSuffix(cwd, " (deleted)"):
		p.changed("dir", "the root: its own, %s, is not to be reached by that name", plainName(cwd))
	case p.standIn && !isHostDir(cwd):
		p.changed("dir", "the root: its own, %s, is not among the host's files", plainName(cwd))
	default:
		s.Dir = cwd
	}
}

func isHostDir(name string) bool {
	info, err := aside.InTime(likePatience, func() (os.FileInfo, error) { return os.Stat(name) })
	return err == nil && info.IsDir()
}

// environ takes the variables over that are no secrets. Those of a program whose files are not had are left out, as Enter does: the host's
// programs would heed them, and an LD_PRELOAD of /proc/1/root/x.so would have them execute what is inside.
func (p *portrait) environ() {
	s := &p.Spec
	s.Env = Env{Keep: []string{"TERM"}, Set: map[string]string{}}
	usual := func() { s.Env.Set = map[string]string{"PATH": defaultPath} }
	b, err := aside.InTime(likePatience, func() ([]byte, error) { return readSome(p.dir+"/environ", maxEnviron) })
	switch {
	case err != nil:
		usual()
		p.unknown("env", "PATH alone: %s", because(err))
		return
	case p.standIn:
		usual()
		p.changed("env", "PATH alone: its variables are for its own files, and the host's programs would heed them")
		return
	case isSecure(p.dir):
		usual()
		p.changed("env", "PATH alone: it has more rights than who started it, whose variables it has")
		return
	}
	var hidden, odd []string
	for _, v := range proc.ParseEnviron(b) {
		switch {
		case v.Bare || v.Name == "" || !utf8.ValidString(v.Name) || !utf8.ValidString(v.Value) || len(v.Name)+len(v.Value) >= maxWord:
			odd = append(odd, v.Name)
		case secret.Looks(v.Name, v.Value):
			hidden = append(hidden, v.Name)
		default:
			s.Env.Set[v.Name] = v.Value
		}
	}
	if len(hidden) > 0 {
		p.changed("env.set", "without %s, which %s (--env sets them)", few(hidden), plural(len(hidden), "looks like a secret", "look like secrets"))
	}
	if len(odd) > 0 {
		p.changed("env.set", "without %s, which %s", few(odd), plural(len(odd), "is no variable", "are no variables"))
	}
	if len(b) >= maxEnviron {
		p.changed("env.set", "its first %d KiB alone: a process may write there what it likes", maxEnviron>>10)
	}
}

func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// isTinyInit tells whether a process does nothing but run one command.
func isTinyInit(v *steps.View) bool {
	return slices.Contains(tinyInits, v.Comm) && len(v.Children) == 1
}
