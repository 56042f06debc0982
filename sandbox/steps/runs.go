package steps

import "fmt"

// WhoRuns says which process the command of a sandbox is, given its first process. It looks at the command's process.
func WhoRuns(first View) string {
	switch {
	case first.Unread["."] != nil:
		return "It has ended already."
	case first.Comm != FirstProgram:
		return fmt.Sprintf("It is PID %d.", first.PID)
	case len(first.Children) == 0:
		return fmt.Sprintf("PID %d is the tiny init over it.", first.PID)
	}
	command := Look(first.Children[0])
	words := fmt.Sprintf("It is PID %d, %s, below the tiny init, PID %d", command.PID, command.Comm, first.PID)
	if inside := command.Status.NSpid; len(inside) > 1 {
		words += fmt.Sprintf("; inside it is PID %d", inside[len(inside)-1])
	}
	return words + "."
}
