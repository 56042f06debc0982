package caps

import (
	"fmt"
	"math/bits"
	"strings"
)

// Set is a set of capabilities: bit n stands for capability n, as in the Cap lines of /proc/PID/status.
type Set uint64

// DockerDefault is what Docker, containerd and Kubernetes grant unless told otherwise (moby's oci/caps defaults).
const DockerDefault Set = 0xa80425fb

// PodmanDefault is what Podman and CRI-O grant unless told otherwise: Docker's without net_raw, mknod and audit_write
// (containers-common's default_capabilities).
const PodmanDefault Set = 0x800405fb

// Of is the set of the given capabilities.
func Of(list ...Cap) Set {
	var s Set
	for _, c := range list {
		s |= 1 << c
	}
	return s
}

// UpTo is the set of all capabilities to the last, which is what a kernel with that cap_last_cap calls all.
func UpTo(last Cap) Set { return Set(1)<<(last+1) - 1 }

// Has tells whether a capability is in the set.
func (s Set) Has(c Cap) bool { return s>>c&1 != 0 }

// Len is how many capabilities are in the set.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// Caps lists the capabilities of the set by number.
func (s Set) Caps() []Cap {
	list := make([]Cap, 0, s.Len())
	for s != 0 {
		c := Cap(bits.TrailingZeros64(uint64(s)))
		list = append(list, c)
		s &^= 1 << c
	}
	return list
}

// Names lists the capabilities' full names, "cap_chown", and the numbers of those that have none.
func (s Set) Names() []string { return s.list(Cap.String) }

// Short lists the capabilities' names without the prefix, "chown", and the numbers of those that have none.
func (s Set) Short() []string { return s.list(Cap.Short) }

func (s Set) list(name func(Cap) string) []string {
	list := make([]string, 0, s.Len())
	for _, c := range s.Caps() {
		list = append(list, name(c))
	}
	return list
}

// String is the full names with commas between them, as capsh --decode prints them.
func (s Set) String() string { return strings.Join(s.Names(), ",") }

// Hex is the mask as the kernel prints it (fs/proc/array.c): sixteen digits.
func (s Set) Hex() string { return fmt.Sprintf("%016x", uint64(s)) }

// Bits is the mask in binary, highest bit first, in groups of four.
func (s Set) Bits() string {
	digits := fmt.Sprintf("%064b", uint64(s))
	groups := make([]string, 0, 16)
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:i+4])
	}
	return strings.Join(groups, " ")
}

// MarshalText writes the mask as Hex does, so JSON carries it without losing bits.
func (s Set) MarshalText() ([]byte, error) { return []byte(s.Hex()), nil }

// UnmarshalText reads what Parse reads.
func (s *Set) UnmarshalText(text []byte) error {
	set, err := Parse(string(text))
	if err == nil {
		*s = set
	}
	return err
}

// Diff compares a set with a base: what it has beyond it, and what it lacks of it.
func Diff(base, s Set) (added, missing Set) { return s &^ base, base &^ s }
