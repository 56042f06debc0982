package sandbox

import (
	"slices"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/veth"
)

// checkNetwork looks at what a network namespace is to hold. Loopback is on by default and means nothing for another's.
func checkNetwork(s *Spec) (errs []error) {
	v := s.Network.Veth
	if v == nil {
		return nil
	}
	if !s.Namespaces.Net.IsNew() {
		errs = append(errs, wrong("network.veth", "make a new net namespace too", "leads into a new net namespace")...)
	}
	if _, _, err := veth.Addresses(v.Host, v.Inside); err != nil {
		errs = append(errs, wrong("network.veth", "", "%v", err)...)
	}
	return errs
}

// checkCapabilities takes plain names only: where caps.Encode reads "all -sys_admin" as people write it, a list in which
// one word takes back another is easily misread.
func checkCapabilities(s *Spec) (errs []error) {
	if len(s.Capabilities) == 1 && s.Capabilities[0] == "all" {
		return nil
	}
	if len(s.Capabilities) > maxPaths {
		return wrong("capabilities", "", "are more than %d", maxPaths)
	}
	for _, name := range s.Capabilities {
		if name == "all" {
			errs = append(errs, wrong("capabilities", "", "all stands alone")...)
			continue
		}
		set, err := caps.Encode(name)
		switch {
		case err != nil:
			errs = append(errs, wrong("capabilities", "", "%v", err)...)
		case set.Len() != 1 || strings.Trim(name, "-+, \t\r\n") != name:
			errs = append(errs, wrong("capabilities", "give one in each place, such as cap_net_raw", "%s is no name", clip(name))...)
		}
	}
	return errs
}

func checkFilters(s *Spec) (errs []error) {
	errs = notOneOf("seccomp", s.Seccomp, SeccompDocker, SeccompStrict, SeccompOff)
	l := s.Landlock
	if l == nil {
		return errs
	}
	paths := slices.Concat(l.Read, l.Write)
	switch {
	case len(paths) == 0:
		errs = append(errs, wrong("landlock", "name what may be read, such as /usr, or leave landlock out", "allows no path, not even the command's own")...)
	case len(paths) > maxPaths:
		return append(errs, wrong("landlock", "", "has more than %d paths", maxPaths)...)
	}
	for _, p := range paths {
		if !absolute(p) {
			errs = append(errs, wrong("landlock", "", "%s is not an absolute path", clip(p))...)
		}
	}
	return errs
}

func checkRlimits(s *Spec) (errs []error) {
	seen := map[string]bool{}
	for _, r := range s.Rlimits {
		if _, ok := rlimitNumber(r.Name); !ok {
			errs = append(errs, wrong("rlimits", "prlimit --help has the names, such as nofile", "%s is no resource", clip(r.Name))...)
			continue
		}
		if seen[r.Name] {
			errs = append(errs, wrong("rlimits", "", "%s is limited twice", r.Name)...)
		}
		seen[r.Name] = true
		switch {
		case r.Soft < -1 || r.Hard < -1:
			errs = append(errs, wrong("rlimits", "-1 is unlimited", "%s cannot be %d:%d", r.Name, r.Soft, r.Hard)...)
		case r.Hard != -1 && (r.Soft > r.Hard || r.Soft == -1):
			errs = append(errs, wrong("rlimits", "-1 is unlimited", "%s: the soft limit %d is above the hard one %d", r.Name, r.Soft, r.Hard)...)
		}
	}
	return errs
}

// leastMemory is below what any program needs to start; the kernel would kill it in execve(2).
const leastMemory = 1 << 20

func checkLimits(s *Spec) []error {
	if err := s.Limits.Validate(); err != nil {
		return wrong("limits", "", "%v", err)
	}
	if m := s.Limits.Memory; m != nil && *m != limit.Max && *m < leastMemory {
		return wrong("limits.memory", "give it at least 1M", "no program starts with %s", m.About())
	}
	return nil
}
