// Package cgroup finds the cgroup hierarchies of a machine (v2, v1, hybrid) from mountinfo and reads one model of use,
// limits, pressure and events over all of them, with the limit that really binds. It only looks; see cgroups(7) and
// Documentation/admin-guide/cgroup-v2.rst.
package cgroup
