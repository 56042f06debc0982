package security

import (
	"fmt"
	"strings"

	"cutaway/inspect/reading"
)

// NoLabel says what it means that a process has no label: attr/current gives EINVAL where no security module labels
// processes, which is no error.
const NoLabel = "No security module of this kernel labels processes: nothing but permissions, capabilities and seccomp confines them."

// Meaning says in a sentence or two what the label means for the process. enforcing is SELinuxEnforcing's reading, which
// only SELinux's labels need.
func (l Label) Meaning(enforcing reading.Of[bool]) string {
	switch l.LSM {
	case AppArmor:
		return l.appArmorMeaning()
	case SELinux:
		return l.seLinuxMeaning(enforcing)
	case Smack:
		return fmt.Sprintf("Smack compares its label, %s, with those of what it touches.", l.Profile)
	}
	return "The text does not tell which security module's label this is."
}

func (l Label) appArmorMeaning() string {
	if l.Raw == unconfined {
		return "AppArmor does not confine it: it has no profile."
	}
	profile := "profile " + l.Profile
	if stack := l.Stack(); len(stack) > 1 {
		profile = "any one of the profiles " + strings.Join(stack, ", ")
	}
	switch l.Mode {
	case "enforce":
		return fmt.Sprintf("AppArmor refuses what %s does not allow.", profile)
	case "complain":
		return fmt.Sprintf("AppArmor refuses nothing: it only logs what %s does not allow.", profile)
	case "kill":
		return fmt.Sprintf("AppArmor kills it when it does what %s does not allow.", profile)
	case "prompt":
		return fmt.Sprintf("AppArmor asks the user about what %s does not allow.", profile)
	case unconfined:
		return fmt.Sprintf("AppArmor does not confine it: the %s only marks the program, for instance as one that may make user namespaces.", profile)
	case "mixed":
		return fmt.Sprintf("AppArmor applies the profiles %s in different modes: what one enforces is refused, what another complains of is logged.", strings.Join(l.Stack(), ", "))
	}
	return fmt.Sprintf("AppArmor applies the %s in a mode that this program does not know.", profile)
}

func (l Label) seLinuxMeaning(enforcing reading.Of[bool]) string {
	if l.Type() == "" {
		return "SELinux is on without a policy: it refuses nothing."
	}
	if enforcing.OK() && !enforcing.Value {
		return "SELinux is permissive: it refuses nothing and only logs what its policy does not allow " + l.Type() + "."
	}
	var meaning string
	switch l.Type() {
	case "spc_t":
		meaning = "SELinux does not confine it: spc_t is the type of super privileged containers."
	case "unconfined_t", "unconfined_service_t", "kernel_t":
		meaning = fmt.Sprintf("SELinux allows nearly everything to the type %s.", l.Type())
	default:
		meaning = fmt.Sprintf("SELinux refuses what its policy does not allow the type %s.", l.Type())
	}
	if categories := l.Categories(); categories != "" {
		meaning += fmt.Sprintf(" Its categories %s keep it apart from others of the same type.", categories)
	}
	if !enforcing.OK() {
		meaning += " Whether SELinux enforces its policy could not be read."
	}
	return meaning
}
