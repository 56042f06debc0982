package proc

import "strings"

// PropagationString says how mounts below this one propagate, with the peer groups: "private", "unbindable", "shared 5",
// "slave of 2", "shared 5, slave of 2 through 1" (1 being the nearest group that can be seen), see mount_namespaces(7).
func (m *Mount) PropagationString() string {
	var words []string
	for _, field := range m.Propagation {
		kind, group, _ := strings.Cut(field, ":")
		switch {
		case kind == "shared":
			words = append(words, "shared "+group)
		case kind == "master":
			words = append(words, "slave of "+group)
		case kind == "propagate_from" && len(words) > 0:
			words[len(words)-1] += " through " + group
		default: // "unbindable", and what a newer kernel may add
			words = append(words, field)
		}
	}
	if len(words) == 0 {
		return "private"
	}
	return strings.Join(words, ", ")
}
