// Package security decodes what confines a process beside capabilities: its seccomp mode and filters, no_new_privs, and
// its AppArmor or SELinux label. It lists the kernel's security modules, and reads the switches of kernel and proc mount
// that decide what a user may see and make, each with what its value means.
//
// Sentences may quote names that others chose, such as a profile's: callers clean them for a terminal.
package security
