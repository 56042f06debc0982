package check

import (
	"fmt"
	"slices"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
)

// side is one of the two kinds of ids.
type side struct {
	name    string // "uid"
	own     uint32
	maps    []proc.IDMapping // that the launch asks for
	outer   []proc.IDMapping // of our own user namespace
	granted Range
	file    string // where ranges are granted
	helper  *Helper
	needed  caps.Cap // that writes any map
}

func (m *Machine) sides(need *Need) [2]side {
	return [2]side{
		{"uid", m.UID(), need.UIDs, m.UIDs, m.SubUIDs, "/etc/subuid", &m.NewUIDMap, capSetuid},
		{"gid", m.GID(), need.GIDs, m.GIDs, m.SubGIDs, "/etc/subgid", &m.NewGIDMap, capSetgid},
	}
}

// needMaps looks whether the maps of a new user namespace may be written (user_namespaces(7), "Defining user and group ID
// mappings").
func (m *Machine) needMaps(need *Need) (found []Finding) {
	if !need.New[proc.User] {
		return nil
	}
	for _, s := range m.sides(need) {
		if len(s.maps) > 0 {
			found = append(found, m.needMap(&s)...)
		}
	}
	return found
}

func (m *Machine) needMap(s *side) []Finding {
	refuse := func(value, reason, advice string) []Finding {
		return []Finding{{s.name + " map", Refused, value, reason, advice}}
	}
	for _, line := range s.maps {
		if !coveredBy(s.outer, line) {
			return refuse(fmt.Sprintf("%ss %d to %d outside do not exist in cutaway's own user namespace", s.name, line.Outside, last(line)),
				"writing the map gives EPERM", fmt.Sprintf("take them from those in /proc/self/%s_map", s.name))
		}
	}
	if m.Can(s.needed) {
		if maps0(s.maps) && s.name == "uid" && !m.Can(capSetfcap) {
			return refuse("mapping root takes CAP_SETFCAP, which cutaway lacks", "writing the map gives EPERM (Linux 5.12)", "map other ids, or start cutaway with that capability")
		}
		return nil
	}
	if len(s.maps) == 1 && s.maps[0].Count == 1 && s.maps[0].Outside == s.own {
		return m.onlyOne(s)
	}
	if !s.helper.Works() {
		return refuse("a user may map their own "+s.name+" alone, and "+s.helper.Problem, "", s.helper.Advice)
	}
	for _, line := range s.maps {
		own := line.Count == 1 && line.Outside == s.own
		inside := line.Outside >= s.granted.Start && uint64(line.Outside)+uint64(line.Count) <= uint64(s.granted.Start)+uint64(s.granted.Count)
		if !own && !inside {
			return refuse(fmt.Sprintf("%s gives %s no %ss %d to %d", s.file, m.User, s.name, line.Outside, last(line)),
				"newuidmap and newgidmap refuse what is not granted there", m.grant(s))
		}
	}
	return nil
}

// onlyOne says what a map of one id costs, and how to have more, unless all is there for that.
func (m *Machine) onlyOne(s *side) []Finding {
	if s.name == "gid" && (!m.NewUIDMap.Works() || m.SubUIDs.Count == 0) {
		return nil // said of the uids
	}
	f := Finding{
		Name: s.name + " map", Health: Limited,
		Value:  fmt.Sprintf("only %s %d is mapped", s.name, s.own),
		Reason: "chown to others fails inside: apt, dpkg and what changes its user break",
	}
	switch {
	case !s.helper.Works():
		f.Value += ": " + s.helper.Problem
		f.Advice = s.helper.Advice
	case s.granted.Count == 0:
		f.Value += ": " + s.file + " gives " + m.User + " no range"
		f.Advice = m.grant(s)
	default:
		return nil // as asked
	}
	return []Finding{f}
}

// grant is the command that gives a user a range.
func (m *Machine) grant(s *side) string {
	return fmt.Sprintf("as root: usermod --add-sub%ss 100000-165535 %s (a range that no line of %s has yet)", s.name, m.User, s.file)
}

func last(line proc.IDMapping) uint64 { return uint64(line.Outside) + uint64(line.Count) - 1 }

// maps0 tells whether maps lead to root outside.
func maps0(maps []proc.IDMapping) bool {
	return slices.ContainsFunc(maps, func(m proc.IDMapping) bool { return m.Outside == 0 && m.Count > 0 })
}

// coveredBy tells whether every id outside of a line exists in a user namespace. The kernel looks at both ends only, and
// takes ids from several lines (map_id_range_down in kernel/user_namespace.c asks for one); so does this.
func coveredBy(outer []proc.IDMapping, line proc.IDMapping) bool {
	return outer == nil || slices.ContainsFunc(outer, func(o proc.IDMapping) bool {
		return line.Outside >= o.Inside && last(line) < uint64(o.Inside)+uint64(o.Count)
	})
}

// needGroups looks whether setgroups(2) works inside: never where the map of groups was written without privileges, and
// not below a user namespace that denies it.
func (m *Machine) needGroups(need *Need) []Finding {
	if !need.Groups {
		return nil
	}
	f := Finding{Name: "supplementary groups", Health: Refused}
	switch {
	case !m.Setgroups:
		f.Value = "/proc/self/setgroups is deny, and every user namespace below inherits that"
		f.Advice = "leave the groups out, or start cutaway outside of this user namespace"
	case need.New[proc.User] && !m.Can(capSetgid) && len(need.GIDs) == 1 && need.GIDs[0].Count == 1:
		f.Value = "a user who maps their own group alone must give up setgroups(2) first"
		f.Advice = "leave the groups out, or map a range: see uid map"
	case !need.user() && !m.Can(capSetgid):
		f.Value = "setgroups(2) takes CAP_SETGID"
		f.Advice = "leave the groups out, or run cutaway as root"
	default:
		return nil
	}
	return []Finding{f}
}
