// Package security decodes what confines a process beside capabilities: its seccomp mode and filters, no_new_privs, and
// its AppArmor or SELinux label, and lists the kernel's security modules.
package security
