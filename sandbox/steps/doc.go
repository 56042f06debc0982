// Package steps shows what a launch does, stage by stage, as a course would on its slides: what a stage is for (Explain), the
// shell commands that would do the same (Launch.Steps), and what changed in /proc/PID (Look before and after, Compare).
//
// The commands are made from the very operations that the sandbox's first process carries out, so that they cannot tell
// another story. What is read of /proc is bounded and of one process, and texts hold names as they were found there:
// callers clean them for a terminal.
package steps
