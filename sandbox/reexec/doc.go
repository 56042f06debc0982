// Package reexec is what a launcher needs to execute cutaway's own program again in one of sandbox/stage's roles: the program
// in a form that a container cannot write to, files in memory for plans, and the messages that come back.
package reexec
