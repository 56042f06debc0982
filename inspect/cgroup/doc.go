// Package cgroup finds the cgroup hierarchies of a machine (v2, v1, hybrid) from mountinfo and reads one model of use,
// limits, pressure and events over all of them, with the limit that really binds. It only looks; see cgroups(7) and
// Documentation/admin-guide/cgroup-v2.rst.
//
// It trusts neither paths nor text: nothing is opened outside of the hierarchy, through a symbolic link or across a
// mount, nothing but regular files is read, and of each at most 1 MiB. A value that is not there is never 0: readings say
// whether they are known, denied, absent on this kernel, or gone with their cgroup.
package cgroup
