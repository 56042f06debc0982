// Package terminal lends the caller's terminal to a sandbox that has one of its own: raw mode, what is typed and written,
// the size, job control, and everything put back afterwards, whatever ends it but SIGKILL. Without a terminal it forwards
// the caller's signals.
package terminal
