// Package cgroups makes, limits, freezes, kills and removes control groups on v1, v2 and hybrid machines. Where they are
// it asks inspect/cgroup, which goes by mountinfo, never by fixed paths.
//
// A Group is one cgroup in every hierarchy that it needs, held open: what takes its name later is not touched. A limit that
// cannot be set, or that reads back as another than was asked for, is an error that names the file, the errno and what to
// do; nothing that was made for it stays behind. See cgroups(7), Documentation/admin-guide/cgroup-v2.rst and
// Documentation/admin-guide/cgroup-v1.
package cgroups
