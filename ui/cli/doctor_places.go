package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cutaway/ui/text"
)

// The checks of what is neither process nor kernel.

// stateDirs are where engines keep what names containers. None has to be there.
var stateDirs = []struct{ engine, dir string }{
	{"docker", "/var/lib/docker/containers"},
	{"containerd", "/run/containerd/io.containerd.runtime.v2.task"},
	{"k3s", "/run/k3s/containerd/io.containerd.runtime.v2.task"},
	{"podman, cri-o", "/var/lib/containers/storage"},
	{"runc", "/run/runc"},
	{"crun", "/run/crun"},
	{"lxc", "/var/lib/lxc"},
}

// checkEngines says which state files can be read. Without them containers are found all the same, under their ids.
func checkEngines(p *patient) []finding {
	var open, closed []string
	for _, s := range stateDirs {
		_, err := os.ReadDir(filepath.Join(p.inspect.Root, s.dir))
		switch {
		case err == nil:
			open = append(open, s.engine)
		case !errors.Is(err, fs.ErrNotExist):
			closed = append(closed, s.engine+" ("+s.dir+")")
		}
	}
	f := finding{name: "engines' state", value: "readable: " + strings.Join(open, ", ")}
	if len(open) == 0 {
		f.value = "none is readable"
	}
	if len(closed) > 0 {
		f.health = limited
		f.value += "; refused: " + strings.Join(closed, ", ")
		f.meaning = "Those engines' containers are found, but go by their ids."
		f.advice = "Run as root to see their names."
	}
	return []finding{f}
}

// checkTerminal says how output will look.
func checkTerminal(p *patient) []finding {
	st := p.style()
	f := finding{name: "terminal"}
	term := os.Getenv("TERM")
	if term == "" {
		term = "not set"
	}
	words := []string{"TERM " + term}
	if st.glyphs == text.Unicode {
		words = append(words, "UTF-8")
	} else {
		words = append(words, "ASCII")
		f.health = limited
		f.meaning = "Lines and fingerprints are drawn with ASCII."
		f.advice = "Set a locale with UTF-8, such as LANG=C.UTF-8."
	}
	switch {
	case p.color == "never" || os.Getenv("NO_COLOR") != "":
		words = append(words, "no colour (as asked)")
	case !isTerminal(os.Stdout):
		words = append(words, "standard output is no terminal")
	case term == "dumb" || term == "not set":
		f.health = limited
		f.meaning = "The screen needs a terminal that can move its cursor; the other commands do not."
	default:
		words = append(words, "colour")
	}
	f.value = strings.Join(words, ", ")
	return []finding{f}
}
