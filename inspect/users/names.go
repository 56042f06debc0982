package users

import (
	"strconv"
	"strings"
)

// parseNames reads passwd(5) or group(5), whose first field is the name and third the number. As for getpwuid(3), the
// first line with a number counts; lines that are neither (comments, NIS's "+") are passed over.
func parseNames(text string) map[uint32]string {
	names := map[uint32]string{}
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), ":", 4)
		if len(fields) < 4 || fields[0] == "" || strings.ContainsRune("#+-", rune(fields[0][0])) {
			continue
		}
		id, ok := parseID(fields[2])
		if _, taken := names[id]; ok && !taken {
			names[id] = fields[0]
		}
	}
	return names
}

// parseID reads a number of a user or group.
func parseID(text string) (id uint32, ok bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil
}
