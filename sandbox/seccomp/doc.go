// Package seccomp builds filters of system calls for seccomp(2): programs of classic BPF that the kernel runs before each
// call, over its number, its architecture and its arguments (struct seccomp_data, include/uapi/linux/seccomp.h).
//
// A profile is an allow list. Which calls it lets through is data (groups.go, checks.go), and everything comes from there:
// the program for the kernel, the same as a section of an OCI configuration, and what a screen says about it. A call that
// a profile refuses fails with EPERM, as in Docker's containers; one that is newer than the tables fails with ENOSYS, on
// which programs fall back to what they did before there was such a call. A call of another architecture, such as one
// through int 0x80 in a 64-bit process, ends the process: its numbers mean other calls.
//
// The profile "docker" lets through what the default profile of Docker does (moby's seccomp/default.json of 2026), except
// that it also refuses to put input into a terminal, and i386 and x32 programs. What a command may do with the
// capabilities that it keeps, it may call, as there. The profile "strict" has no such exceptions, and is smaller.
package seccomp
