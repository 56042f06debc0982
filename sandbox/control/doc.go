// Package control changes what runs already: the limits of a container's or a process's cgroup, freezing, thawing and
// killing it, signals. It is what `cutaway limits`, `freeze`, `thaw`, `kill` and `signal` do, and the screen's editor.
//
// A Target is pinned by a pidfd and its start time, its cgroups are held open. What will happen is worked out as a Plan,
// with words for a person, before anything is written; a plan that fails half-way is taken back. Every change goes through
// sandbox/journal, and a change of limits can be undone from it. A cgroup that holds cutaway, a process that cutaway
// descends from, or PID 1 is never limited, frozen or killed.
package control
