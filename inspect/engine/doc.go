// Package engine tells which processes are a container, which engine made it, its id and name, and the evidence for
// that. It works from what the kernel says of a process; the engines' state files only add names. No engine needs to run.
//
// A container is found in one of two ways. First by the id in its cgroup path, if at least one of its processes does not
// share all of the host's namespaces. Else by namespaces: a first process with a PID and a mount namespace of its own,
// or with a root directory that its program comes from, or below an engine that we know by its executable. All that
// descends from it is in it, and what joins its namespaces from elsewhere. Names, cgroups and command lines can be
// forged; so a name alone makes no container, and what a user or a container made can never pass for somebody else's.
//
// Detect is cheap enough for every tick in which processes came or went: equal cgroups and namespaces are shared
// pointers and are understood once. State files are read apart from it: regular files only, below the root that they
// belong to, up to a size, and a read that hangs holds up nothing but itself.
package engine
