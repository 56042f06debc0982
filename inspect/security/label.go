package security

// Label is a process's security label.
type Label struct {
	LSM     string // "apparmor", "selinux", "smack", or "" when the text does not tell
	Profile string // AppArmor's profile or "unconfined", SELinux's context
	Mode    string // AppArmor's mode: "enforce", "complain", "kill", "unconfined", ...; "" otherwise
	Raw     string
}
