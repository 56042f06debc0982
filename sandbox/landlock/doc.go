// Package landlock says in Landlock's terms which paths a sandbox may reach (landlock(7), Documentation/userspace-api/landlock.rst).
//
// A Ruleset is data: the launcher makes it before it starts anything, and the sandbox's first process applies it after its
// mounts, when every path is opened inside the new root. It is a second layer, and the only one where a user may not make
// namespaces. It reaches no further than the kernel's version of the interface: what that cannot refuse is in Gaps, for a
// person to see. The network is left to network namespaces: Landlock knows ports only, not addresses.
package landlock
