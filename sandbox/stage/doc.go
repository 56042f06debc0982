// Package stage is what runs between clone(2) and the command: a sandbox's first process carries out a Plan, a list of
// small operations that the launcher worked out and checked, reports each stage, and becomes the command or the tiny init
// over it. Nothing here decides; what cannot be done ends the launch.
//
// The process is a plain re-execution of cutaway's own program. The package imports only syscall, so that Go initialises it
// before all others and its init function takes over after less than a millisecond, before the screen's and the command
// line's packages cost anything.
//
//	launcher                                             first process
//	   │ clone(new namespaces), exec cutaway                  │
//	   │ ────────────────────────────────────────────────────►│ starts
//	   │ makes cgroups, writes uid_map, the Plan (fd 3), ...  │ waits
//	   │ ──────────────── Go (with file descriptors) ────────►│ reads the Plan, setresuid(0)
//	   │◄─────────────── Begin "cgroup" ──────────────────────│
//	   │ ──────────────── Go, only when it waits ────────────►│ carries out the stage's operations
//	   │◄─────────────── Begin "mounts", "root", ... ─────────│
//	   │◄─────────────── Terminal (the pty's master) ─────────│
//	   │◄─────────────── Running, or Failed ──────────────────│ fork and exec the command
//	   │ ──────────────── Signal N ──────────────────────────►│ kill(command, N)
//	   │◄─────────────── Exited ──────────────────────────────│ the command ended; the rest is killed
//
// User, mount and time namespaces that exist already can be entered by a process with one thread alone, which no Go program
// is: for them there is the spawner, which carries out an Order, a shorter Plan, in a fork that makes nothing but prepared
// system calls.
//
// The launcher's end of the control socket (fd 4) is also the leash: when it closes, the sandbox ends.
package stage
