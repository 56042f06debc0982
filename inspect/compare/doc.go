// Package compare lines two views up: what the host sees and what a container sees, two containers, a process now and in a saved
// snapshot. A view is a process with all that is known of it from outside (inspect.Detail) and, where its place could be looked
// from, from inside (package inside). The result is rows in groups, each with a value at the left and at the right, where each comes
// from, and how they stand to each other.
//
// What is not known on one side is neither the same nor different: unknown is a state of its own, and the value says why. Texts are
// the kernel's and the containers' own: callers clean them for a terminal.
package compare
