package livetest

import (
	"fmt"
	"os"
	"testing"
)

// IPNetns makes a network namespace with `ip netns add` in the machine: a bind mount below /run/netns alone keeps it.
// It returns the namespace's inode.
func IPNetns(t testing.TB, name string) uint64 {
	t.Helper()
	m := UseMachine(t)
	m.Run(t, "ip", "netns", "add", name)
	t.Cleanup(func() {
		if _, err := output(m.Command("ip", "netns", "delete", name)); err != nil {
			t.Errorf("ip netns delete %s: %v", name, err)
		}
	})
	inode := m.Run(t, "stat", "-L", "-c", "%i", "/run/netns/"+name)
	var n uint64
	if _, err := fmt.Sscan(inode, &n); err != nil {
		t.Fatalf("understand the inode %q: %v", inode, err)
	}
	return n
}

// HeldByDescriptor makes a UTS namespace that only a descriptor of this process keeps, and returns that and the
// namespace's inode.
func HeldByDescriptor(t testing.TB) (fd int, inode uint64) {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "unshare")
	l := launch(t, useBench(t).command("unshare", "--uts", "sleep", "3600"), "unshare")
	l.self(t, "sleep")
	file, err := os.Open(fmt.Sprintf("/proc/%d/ns/uts", l.pid))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	inode = Namespace(t, l.pid, "uts")
	l.end()
	return int(file.Fd()), inode
}
