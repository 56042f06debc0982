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

// Grant is one line of subuid(5) or subgid(5): the range of numbers that an owner may map into user namespaces.
type Grant struct {
	Owner string // a user's name or number
	Start uint32
	Count uint64
}

func (g Grant) holds(id uint32) bool {
	return id >= g.Start && uint64(id-g.Start) < g.Count
}

// parseGrants reads subuid(5) or subgid(5): user:start:count, where the user is a name or a number. Malformed lines are
// passed over.
func parseGrants(text string) []Grant {
	var grants []Grant
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) != 3 || fields[0] == "" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		start, ok := parseID(fields[1])
		count, err := strconv.ParseUint(fields[2], 10, 64)
		if ok && err == nil && count > 0 {
			grants = append(grants, Grant{Owner: fields[0], Start: start, Count: count})
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
		if slices.Contains(owners, g.Owner) {
			return g.Start, uint32(min(g.Count, math.MaxUint32-uint64(g.Start)))
		}
	}
	return 0, 0
}
