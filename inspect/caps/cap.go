package caps

import (
	"strconv"

	"github.com/syndtr/gocapability/capability"
)

// Cap is the number of one capability: its bit in a mask.
type Cap uint8

// maskBits is how many capabilities a mask can hold (include/linux/capability.h: kernel_cap_t is a u64).
const maskBits = 64

// names are the capabilities that have a name, by number.
var names = func() []string {
	list := make([]string, len(capability.List()))
	for _, c := range capability.List() {
		list[c] = c.String()
	}
	return list
}()

// LastKnown is the highest capability that this package has a name and a description for.
func LastKnown() Cap { return Cap(len(names) - 1) }

// Known tells whether the capability has a name here. A newer kernel may have more.
func (c Cap) Known() bool { return int(c) < len(names) }

// Short is the name without its prefix, "net_admin"; the number, "41", for a capability without a name.
func (c Cap) Short() string {
	if !c.Known() {
		return strconv.Itoa(int(c))
	}
	return names[c]
}

// String is the name as capabilities(7) has it in lower case, "cap_net_admin"; the number, "41", for a capability
// without a name, as capsh(1) prints it.
func (c Cap) String() string {
	if !c.Known() {
		return c.Short()
	}
	return "cap_" + names[c]
}
