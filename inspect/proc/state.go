package proc

// StateName is the word for a state letter of stat, as status words it (task_state_array in fs/proc/array.c).
func StateName(letter byte) string {
	switch letter {
	case 'R':
		return "running"
	case 'S':
		return "sleeping"
	case 'D':
		return "disk sleep"
	case 'T':
		return "stopped"
	case 't':
		return "tracing stop"
	case 'X', 'x':
		return "dead"
	case 'Z':
		return "zombie"
	case 'P':
		return "parked"
	case 'I':
		return "idle"
	case 'K':
		return "wakekill" // until Linux 3.13
	case 'W':
		return "waking" // until Linux 3.13; before 2.6 paging
	}
	return "unknown"
}
