// Package nsfs asks the kernel about single namespaces through descriptors of their files (ioctl_ns(2), fs/nsfs.c): kind,
// owner, parent and creator, and finds those that a bind mount keeps alive.
//
// Opening never trusts a path: what is opened is looked at through an O_PATH descriptor first, and opened for the
// questions only when it is a namespace. Nothing here enters a namespace or keeps one alive longer than a File is open.
package nsfs
