package filter

import "cutaway/inspect/spell"

// nearest returns the name that is fewest edits away from what was typed, or "" when none is near.
func nearest(typed string, names []string) string {
	best, distance := "", len(typed)/2+1
	for _, name := range names {
		if d := spell.Distance(typed, name); d < distance || (d == distance && best == "") {
			best, distance = name, d
		}
	}
	if distance > 3 {
		return ""
	}
	return best
}
