package users

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Subordinate is where a number lies in a range that its owner may map into user namespaces (subuid(5), newuidmap(1)).
type Subordinate struct {
	Owner  string // the user's name, or number where it has none
	Start  uint32 // of the range
	Offset uint32 // of the number in it
}

// String says whose it is: "probeuser's subordinate 165536+0".
func (s Subordinate) String() string {
	return fmt.Sprintf("%s's subordinate %d+%d", s.Owner, s.Start, s.Offset)
}

// grant is one line of subuid(5) or subgid(5).
type grant struct {
	owner string
	start uint32
	count uint64
}

func (g grant) holds(id uint32) bool {
	return id >= g.start && uint64(id-g.start) < g.count
}

// parseGrants reads subuid(5) or subgid(5): user:start:count, where the user is a name or a number. Malformed lines are
// passed over.
func parseGrants(text string) []grant {
	var grants []grant
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) != 3 || fields[0] == "" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		start, ok := parseID(fields[1])
		count, err := strconv.ParseUint(fields[2], 10, 64)
		if ok && err == nil && count > 0 {
			grants = append(grants, grant{owner: fields[0], start: start, count: count})
		}
	}
	return grants
}

// Granted is the first range that a file of subuid(5) or subgid(5) gives to one of the owners, named or numbered. The count
// is 0 when there is none, or no file.
func Granted(file string, owners ...string) (start, count uint32) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0
	}
	for _, g := range parseGrants(string(text)) {
		if slices.Contains(owners, g.owner) {
			return g.start, uint32(min(g.count, math.MaxUint32-uint64(g.start)))
		}
	}
	return 0, 0
}
