// Package inside reads what a process inside of a container would read: its host's name, its settings of the kernel, its
// addresses and routes through its namespaces, and its users and its system's name below its root. It is no guess from outside:
// where a namespace has to be entered for a value, a thread of its own enters it, and where that is not allowed the value says so.
//
// It looks only. Nothing below the root is opened but regular files, and no link leads out of it (package rootfile); what does not
// answer in time is given up, and left alone for a while. What is read is the container's word and hostile: callers clean it for a
// terminal.
package inside
