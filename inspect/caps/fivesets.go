package caps

import "cutaway/inspect/reading"

// Kind is one of a thread's five capability sets.
type Kind uint8

// The five sets in the order of /proc/PID/status.
const (
	Inheritable Kind = iota
	Permitted
	Effective
	Bounding
	Ambient
)

// FiveSets holds a thread's sets by Kind. The bounding set (before Linux 2.6.26) and the ambient set (before 4.3) may be
// absent, which is not the same as empty.
type FiveSets [5]reading.Of[Set]

// Kinds lists the five in the order of /proc/PID/status.
func Kinds() [5]Kind { return [5]Kind{Inheritable, Permitted, Effective, Bounding, Ambient} }

var kinds = [...]struct{ name, field, meaning string }{
	Inheritable: {
		"inheritable", "CapInh",
		"What an executed program may keep if its file names the same capabilities as inheritable, which files hardly ever do.",
	},
	Permitted: {
		"permitted", "CapPrm",
		"What the thread may make effective whenever it likes: the most it can do now. What it drops here, only executing a program can bring back.",
	},
	Effective: {
		"effective", "CapEff",
		"What the kernel checks when the thread acts.",
	},
	Bounding: {
		"bounding", "CapBnd",
		"The most that any program it executes can gain, set-user-ID root included. What is dropped here is lost to it and its descendants for good.",
	},
	Ambient: {
		"ambient", "CapAmb",
		"What programs that it executes keep without being root and without file capabilities (since Linux 4.3).",
	},
}

// String is the set's name, "effective".
func (k Kind) String() string { return kinds[k].name }

// Field is the set's line in /proc/PID/status, "CapEff".
func (k Kind) Field() string { return kinds[k].field }

// Meaning says in plain sentences what the set is for (capabilities(7), "Thread capability sets").
func (k Kind) Meaning() string { return kinds[k].meaning }

// Over says over what a process's capabilities count, told whether it is in the host's user namespace
// (user_namespaces(7)).
func Over(hostUserNS reading.Of[bool]) string {
	switch {
	case !hostUserNS.OK():
		return "Its user namespace could not be read, so it is not known over what they count."
	case hostUserNS.Value:
		return "They count over the host's user namespace: over the machine itself, where nothing else confines the process."
	}
	return "They count over its own user namespace and what that owns, such as its mounts, network and hostname. On the host itself they allow nothing."
}
