package caps

import (
	"fmt"
	"strings"
)

// few is how many names, or differences from a set that people know, a summary spells out.
const few = 3

// Summary says in a few words which set this is on a kernel with that last capability: "none", "all 41", "docker's
// default set", "docker's default + net_admin − mknod", "all 41 − sys_resource", "kill, net_raw", "22 capabilities".
func Summary(s Set, last Cap) string {
	all := UpTo(last)
	known := []struct {
		set           Set
		exact, almost string
	}{
		{all, fmt.Sprintf("all %d", all.Len()), fmt.Sprintf("all %d", all.Len())},
		{DockerDefault, "docker's default set", "docker's default"},
		{PodmanDefault, "podman's default set", "podman's default"},
	}
	best, least := -1, few+1
	for i, k := range known {
		if d := (s ^ k.set).Len(); d < least {
			best, least = i, d
		}
	}
	switch {
	case s == 0:
		return "none"
	case best >= 0 && least == 0:
		return known[best].exact
	case s.Len() <= few:
		return strings.Join(s.Short(), ", ")
	case best >= 0:
		return known[best].almost + difference(known[best].set, s)
	}
	return fmt.Sprintf("%d capabilities", s.Len())
}

// difference writes what must be added to and taken from base to make s: " + net_admin − mknod".
func difference(base, s Set) string {
	added, missing := Diff(base, s)
	var b strings.Builder
	for _, name := range added.Short() {
		b.WriteString(" + " + name)
	}
	for _, name := range missing.Short() {
		b.WriteString(" − " + name)
	}
	return b.String()
}
