package livetest

import (
	"slices"
	"testing"
)

// Nspawn starts a container with systemd-nspawn; it registers nowhere and shares the cgroup of the bench.
func Nspawn(t testing.TB, name string) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "systemd-nspawn")
	cmd := UseMachine(t).Command(slices.Concat([]string{
		"systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
		"--machine=" + name, "--directory=" + useRootfs(t).Dir, "--private-network",
	}, idle)...)
	return &Container{Engine: "systemd-nspawn", Name: name, PID: launch(t, cmd, "systemd-nspawn").child(t, "sleep")}
}

// Firejail starts a program with firejail, which confines it in the machine's own file system.
func Firejail(t testing.TB, flags ...string) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "firejail")
	cmd := UseMachine(t).Command(slices.Concat([]string{"firejail", "--noprofile", "--quiet"}, flags, idle)...)
	return &Container{Engine: "firejail", PID: launch(t, cmd, "firejail").child(t, "sleep")}
}

// Bwrap starts a container with bubblewrap on the host itself, as root or as a normal user.
func Bwrap(t testing.TB, flags ...string) *Container {
	t.Helper()
	NeedTools(t, "bwrap")
	cmd := useBench(t).command(slices.Concat([]string{
		"bwrap", "--ro-bind", useRootfs(t).Dir, "/", "--proc", "/proc", "--dev", "/dev",
	}, flags, idle)...)
	return &Container{Engine: "bubblewrap", PID: launch(t, cmd, "bwrap").child(t, "sleep")}
}

// Unshare starts a program with unshare(1) on the host itself, as root or as a normal user: Unshare(t, "--uts", "--net").
// With "--fork" the container's first process is unshare's child, else it is unshare itself.
func Unshare(t testing.TB, flags ...string) *Container {
	t.Helper()
	NeedTools(t, "unshare")
	l := launch(t, useBench(t).command(slices.Concat([]string{"unshare"}, flags, idle)...), "unshare")
	if slices.Contains(flags, "--fork") {
		return &Container{Engine: "unshare", PID: l.child(t, "sleep")}
	}
	return &Container{Engine: "unshare", PID: l.self(t, "sleep")}
}

// Chroot starts a program with chroot(8) on the host itself.
func Chroot(t testing.TB) *Container {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "chroot")
	cmd := useBench(t).command(slices.Concat([]string{"chroot", useRootfs(t).Dir}, idle)...)
	return &Container{Engine: "chroot", PID: launch(t, cmd, "chroot").self(t, "sleep")}
}
