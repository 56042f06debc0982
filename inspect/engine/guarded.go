package engine

import (
	"cutaway/inspect/rootfile"
)

// maxState caps a state file. Docker's and runc's have some tens of KiB; Podman's list of all containers may grow to
// some MiB.
const maxState = 8 << 20

// view is a root directory below which an engine's paths mean what the engine means by them: the host's, or
// /proc/PID/root of an engine in a mount namespace of its own.
type view struct {
	root string
}

func (v view) read(path string) ([]byte, error) { return rootfile.Root(v.root).Read(path, maxState) }

func (v view) list(path string) ([]string, error) { return rootfile.Root(v.root).List(path) }

// path is how a person would reach a file of the view.
func (v view) path(path string) string { return rootfile.Root(v.root).Path(path) }
