package sandbox

import (
	"slices"
	"strings"
)

func checkSources(s *Spec) (errs []error) {
	for _, name := range NamespaceTypes {
		if err := s.Namespaces.Of(name).check(); err != nil {
			errs = append(errs, wrong("namespaces."+name, "", "%v", err)...)
		}
	}
	return errs
}

// isHostname tells whether a name is one that hostname(7) allows, or has the underscore that people use all the same.
func isHostname(name string) bool {
	const inside = ".-" // not at an end
	for i := range len(name) {
		if c := name[i]; c != '_' && !isLetterOrDigit(c) && !strings.Contains(inside, name[i:i+1]) {
			return false
		}
	}
	return name != "" && len(name) <= 64 && strings.Trim(name, inside) == name
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func checkHostname(s *Spec) []error {
	switch {
	case s.Hostname == "":
		return nil
	case !s.Namespaces.UTS.IsNew():
		return wrong("hostname", "make a new uts namespace too, or leave it empty", "would change the name of the host, or of what is joined")
	case !isHostname(s.Hostname):
		return wrong("hostname", "say 64 letters, digits, dots and dashes at most", "%s is none", clip(s.Hostname))
	}
	return nil
}

// maxOffset is the most that the kernel's clocks may differ from the host's, about 146 years (KTIME_SEC_MAX / 2 in
// kernel/time/namespace.c).
const maxOffset int64 = (1<<63 - 1) / 1_000_000_000 / 2

func checkTime(s *Spec) (errs []error) {
	if s.Time != (TimeOffsets{}) && !s.Namespaces.Time.IsNew() {
		errs = append(errs, wrong("time", "make a new time namespace too", "offsets are a time namespace's own")...)
	}
	for _, seconds := range []int64{s.Time.Monotonic, s.Time.Boottime} {
		if seconds > maxOffset || seconds < -maxOffset {
			errs = append(errs, wrong("time", "", "%d seconds are more than the 146 years that the kernel takes", seconds)...)
		}
	}
	return errs
}

// maxMapLines is UID_GID_MAP_MAX_EXTENTS of include/linux/user_namespace.h.
const maxMapLines = 340

func checkMaps(s *Spec) (errs []error) {
	for _, m := range []struct {
		field string
		maps  []IDMapping
		ids   []uint32
	}{
		{"uid_map", s.UIDMap, []uint32{s.User.UID}},
		{"gid_map", s.GIDMap, append([]uint32{s.User.GID}, s.User.Groups...)},
	} {
		switch {
		case len(m.maps) == 0:
		case !s.Namespaces.User.IsNew():
			errs = append(errs, wrong(m.field, "make a new user namespace too", "maps belong to a new user namespace")...)
		case len(m.maps) > maxMapLines:
			errs = append(errs, wrong(m.field, "", "has more than the %d lines that the kernel takes", maxMapLines)...)
		default:
			errs = append(errs, checkLines(m.field, m.maps)...)
			errs = append(errs, checkCovered(m.field, m.maps, m.ids)...)
		}
	}
	return errs
}

// checkLines refuses what the kernel refuses with EINVAL, and host root, which it would take.
func checkLines(field string, maps []IDMapping) (errs []error) {
	for i, m := range maps {
		if m.Count == 0 || uint64(m.Inside)+uint64(m.Count) > noID || uint64(m.Outside)+uint64(m.Count) > noID {
			errs = append(errs, wrong(field, "say first id inside, first id outside and how many, such as 0:100000:65536",
				"%d:%d:%d is no range of ids", m.Inside, m.Outside, m.Count)...)
			continue
		}
		if m.Outside == 0 {
			errs = append(errs, wrong(field, "map to other ids, such as 0:100000:65536",
				"maps the host's root: without any capability it could still write /proc/sys/kernel/core_pattern, by ownership")...)
		}
		for _, o := range maps[:i] {
			if overlap(m.Inside, m.Count, o.Inside, o.Count) || overlap(m.Outside, m.Count, o.Outside, o.Count) {
				errs = append(errs, wrong(field, "", "%d:%d:%d overlaps %d:%d:%d", m.Inside, m.Outside, m.Count, o.Inside, o.Outside, o.Count)...)
			}
		}
	}
	return errs
}

func overlap(a, countA, b, countB uint32) bool {
	return uint64(a) < uint64(b)+uint64(countB) && uint64(b) < uint64(a)+uint64(countA)
}

func checkCovered(field string, maps []IDMapping, ids []uint32) (errs []error) {
	for _, id := range ids {
		if !slices.ContainsFunc(maps, func(m IDMapping) bool { return m.covers(id) }) {
			errs = append(errs, wrong(field, "map it, or run the command as one that is mapped", "does not map %d, who the command runs as", id)...)
		}
	}
	return errs
}

// covers tells whether an id inside is mapped by this line.
func (m IDMapping) covers(inside uint32) bool { return inside >= m.Inside && inside-m.Inside < m.Count }
