// Package engine tells which processes are a container, which engine made it, its id and name, and the evidence for
// that. It works from what the kernel says of a process; the engines' state files only add names. No engine needs to run.
package engine
