// Package livetest starts real containers for tests: Docker, Podman, LXC, runc, crun, containerd, systemd-nspawn,
// bubblewrap, firejail, plain unshare and chroot, and namespaces that no process is in.
//
// It promises to leave nothing behind. The engines run at their usual places, but in a Machine: a mount and a network
// namespace of their own in which /etc, /var, /run and /dev/shm are private, with all their cgroups below one of the
// bench's own. What a test started ends with the test; all the rest ends with the test binary, even when that is
// killed, because a janitor process waits for its end.
//
// A tool or a right that is missing skips the test with that reason. With CUTAWAY_MUST_RUN=1 it fails the test instead:
// continuous integration may not skip what it is there to run.
package livetest
