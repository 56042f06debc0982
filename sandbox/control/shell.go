package control

import "cutaway/sandbox/shell"

// shellWrite is the line with which a shell writes a value into a file.
func shellWrite(value, file string) string {
	if value == "" {
		return "echo > " + shell.Quote(file)
	}
	return "echo " + shell.Quote(value) + " > " + shell.Quote(file)
}
