// Package proc reads files of one /proc tree. Parsers are pure functions of a file's bytes, one file each, and are
// fuzzed; Root holds the tree open and reads with openat and readlinkat into buffers that the caller owns.
//
// Everything here is text that another process may have chosen: a parser returns an error for what it cannot
// understand, never panics, and does not clean the text for a terminal (ui/text does). A parser of lines returns those
// before the one it stopped at together with the error, so that of a file cut at a limit the beginning can be shown.
// Memory is in proportion to the text, whose size the caller caps.
package proc
