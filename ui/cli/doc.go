// Package cli is cutaway's command line: one file for each command, tables for people and JSON for programs.
//
// It promises: text from other processes reaches a terminal only through ui/text; JSON keeps the true bytes and is
// documented key by key in docs/json.md; errors are one line on stderr that says what to do; the exit status is 2 for
// wrong usage, 1 for failure, 130 after Ctrl-C, and nothing is said when the reader of a pipe goes away.
package cli

//go:generate sh -c "go run ../.. man > ../../docs/cutaway.1"
