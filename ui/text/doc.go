// Package text makes text fit for a terminal, for both faces of cutaway: it takes the harm out of what other processes
// chose (comm, cmdline, environ, hostnames, names of cgroups and mounts), measures and cuts by cells, and writes
// numbers, times, bars and shell words.
//
// Whatever came from another process goes through Sanitise exactly once, before it is styled or measured. Nothing else
// in this package cleans: the rest takes text that is already safe and may carry the face's own colours.
package text
