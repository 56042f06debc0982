package proc

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrFormat is wrapped by the parsers' errors: text that the file's manual page does not allow, or a file cut short.
var ErrFormat = errors.New("not in the form that the kernel writes")

// formatError says which file's text was not understood and shows the beginning of it.
func formatError(file string, text []byte) error {
	const shown = 80
	return fmt.Errorf("%s: %w: %.*q", file, ErrFormat, shown, text[:min(len(text), shown)])
}

// missingError says which line a file lacks.
func missingError(file, line string) error {
	return fmt.Errorf("%s: %w: no line %s", file, ErrFormat, line)
}

// countLines says how many lines a text has, at most, when none is shorter than shortest, its newline included. Text of
// newlines alone must not make a parser ask for memory.
func countLines(text []byte, shortest int) int {
	return min(bytes.Count(text, []byte{'\n'}), len(text)/shortest)
}
