package caps

import "fmt"

// Risk is how far a capability reaches when a container holds it over the host's user namespace.
type Risk uint8

// The levels of risk.
const (
	RiskUnknown Risk = iota // a capability that is not described here
	RiskLow                 // stays within the container
	RiskMedium              // reaches what the host shares with it: files, devices, the network, the processes
	RiskHigh                // changes the host as a whole, or gets past what else confines the container
	RiskHost                // enough by itself to take the host over
)

// String is the level in one word.
func (r Risk) String() string {
	return [...]string{"unknown", "low", "medium", "high", "host"}[min(r, RiskHost)]
}

// Description is what there is to know of one capability.
type Description struct {
	Allows      string // what it lets a thread do, after capabilities(7)
	InContainer string // what it means for the host that a container holds it
	Since       string // the Linux version that brought it
	Risk        Risk
	HostOnly    bool // the kernel asks for it over the host's user namespace only (capable() in kernel/capability.c): over another it allows nothing, BPF tokens aside
}

// Describe explains a capability. One that is not known here is described as that.
func Describe(c Cap) Description {
	if !c.Known() {
		return Description{
			Allows:      fmt.Sprintf("Not known to this program: bit %d is newer than it, or means nothing.", c),
			InContainer: "Above the kernel's cap_last_cap it allows nothing; else capabilities(7) of that kernel says what it does.",
		}
	}
	return descriptions[c]
}
