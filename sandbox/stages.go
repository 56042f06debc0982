package sandbox

// Stage is a part of a launch, in the order in which they happen; those that a Spec does not need are left out.
type Stage string

// The stages. The launcher does clone, maps and network's veth pair, the sandbox's first process the rest.
const (
	StageClone        Stage = "clone"        // a process in new namespaces
	StageTime         Stage = "time"         // a time namespace with offsets: a part of the clone
	StageMaps         Stage = "maps"         // uid_map and gid_map of a new user namespace
	StageCgroup       Stage = "cgroup"       // into its cgroup, and a cgroup namespace that begins there
	StageMounts       Stage = "mounts"       // mounts no longer reach the host; the new root, over the old one
	StageProc         Stage = "proc"         // /proc, /sys and /dev
	StageBinds        Stage = "binds"        // the mounts that were asked for
	StageRoot         Stage = "root"         // pivot_root or chroot
	StageHostname     Stage = "hostname"     //
	StageNetwork      Stage = "network"      // lo is up
	StageTerminal     Stage = "terminal"     // a pseudoterminal
	StageRlimits      Stage = "rlimits"      // resource limits
	StageCapabilities Stage = "capabilities" // bounding set, user, effective and permitted sets
	StageNoNewPrivs   Stage = "no_new_privs" //
	StageLandlock     Stage = "landlock"     //
	StageSeccomp      Stage = "seccomp"      // the filter of system calls
	StageExec         Stage = "exec"         // the command
)
