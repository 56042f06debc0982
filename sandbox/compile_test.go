package sandbox

import (
	"slices"
	"testing"

	"cutaway/sandbox/stage"
)

// A chroot alone takes its terminal before: a bare directory has no devpts. With mounts of its own it comes from those.
func TestTerminalOfAChroot(t *testing.T) {
	for _, mounts := range []bool{false, true} {
		s := Default()
		s.Root = Root{Kind: RootDir, Path: "/srv/root", Switch: Chroot}
		if !mounts {
			s.Namespaces.Mnt = "host"
		}
		plan, _ := compile(&s, site{terminal: true})
		at := func(verb stage.Verb) int {
			return slices.IndexFunc(plan.Ops, func(o stage.Op) bool { return o.Verb == verb })
		}
		terminal, root := at(stage.OpenTerminal), at(stage.Chroot)
		if terminal < 0 || root < 0 || (terminal < root) == mounts {
			t.Errorf("with mounts %v: the terminal is operation %d, the root %d", mounts, terminal, root)
		}
	}
}
