package caps

import (
	"strings"

	"cutaway/inspect/spell"
)

// nearest is the capability's name that a mistyped one most likely means, or "".
func nearest(name string) string {
	const longest = 32 // of what could be a slip of the fingers; the longest name has 18
	if len(name) < 2 || len(name) > longest {
		return ""
	}
	best, least := "", min(3, 1+len(name)/4)+1
	for _, known := range names {
		if d := spell.Distance(name, known); d < least {
			best, least = known, d
		}
	}
	if best != "" {
		return best
	}
	for _, known := range names {
		if strings.HasPrefix(known, name) || strings.HasSuffix(known, "_"+name) {
			return known
		}
	}
	return ""
}
