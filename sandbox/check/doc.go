// Package check finds out what this kernel and this user allow a launcher to do, before it is done: Probe reads the facts,
// Refusals compares them with what a launch needs, Advice explains a step that failed all the same, and Try does for
// `cutaway doctor` what a launch does, in children that end at once.
//
// Probe and Refusals change nothing and start nothing. They refuse only what is certain to fail; what may fail, or works with
// less, is a warning. Facts come from files below one root directory, so that other machines can be looked at in copies, and
// from system calls whose arguments are invalid on purpose: the kernel answers with an errno that tells whether it knows the
// call and whether a seccomp filter stands before it, and does nothing.
//
// Yama (kernel.yama.ptrace_scope) is not looked at: it restricts attaching, and no step of a launch attaches.
//
// Texts may quote names that others chose, of mounts and profiles: callers clean them for a terminal.
package check
