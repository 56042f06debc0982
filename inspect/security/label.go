package security

import "strings"

// The security modules that put labels on processes.
const (
	AppArmor = "apparmor"
	SELinux  = "selinux"
	Smack    = "smack"
)

// Label is a process's security label.
type Label struct {
	LSM     string // AppArmor, SELinux, Smack, or "" when the text does not tell
	Profile string // AppArmor's profile or "unconfined", SELinux's context, Smack's label
	Mode    string // AppArmor's mode: "enforce", "complain", "kill", "unconfined", "mixed", "prompt"; "" otherwise
	Raw     string // as the kernel gave it, without the NUL or newline at its end
}

// unconfined is AppArmor's profile of a process that has none, and the mode of a profile that confines nothing.
const unconfined = "unconfined"

// ParseLabel reads /proc/PID/attr/apparmor/current, or attr/current of whichever security module comes first
// (proc_pid_attr(5)); apparmor says that it was the former. It ends with a newline (AppArmor) or a NUL (SELinux), or neither.
// The text of attr/current does not name its module, so where AppArmor's, SELinux's and Smack's forms leave doubt the
// LSM is "".
func ParseLabel(b []byte, apparmor bool) Label {
	raw := strings.TrimRight(string(b), "\x00\n")
	if profile, mode, ok := appArmorMode(raw); ok || apparmor {
		return Label{LSM: AppArmor, Profile: profile, Mode: mode, Raw: raw}
	}
	l := Label{Profile: raw, Raw: raw}
	switch {
	case isSELinux(raw):
		l.LSM = SELinux
	case isSmack(raw):
		l.LSM = Smack
	}
	return l
}

// appArmorMode takes a label such as "docker-default (enforce)" apart (security/apparmor/label.c, aa_label_snxprint). A
// profile's name may itself hold spaces and brackets.
func appArmorMode(raw string) (profile, mode string, ok bool) {
	if raw == unconfined {
		return raw, unconfined, true
	}
	open := strings.LastIndex(raw, " (")
	if open < 1 || !strings.HasSuffix(raw, ")") {
		return raw, "", false
	}
	mode = raw[open+2 : len(raw)-1]
	if mode == "" || strings.Trim(mode, "abcdefghijklmnopqrstuvwxyz") != "" {
		return raw, "", false
	}
	return raw[:open], mode, true
}

// isSELinux tells whether a label is user:role:type with an optional level, or one of the contexts that processes have
// before a policy is loaded (security/selinux/include/initial_sid_to_string.h).
func isSELinux(raw string) bool {
	switch raw {
	case "kernel", "init", "unlabeled":
		return true
	}
	parts := strings.SplitN(raw, ":", 4)
	if len(parts) < 3 || strings.ContainsAny(raw, " /\n") {
		return false
	}
	return parts[0] != "" && parts[1] != "" && parts[2] != ""
}

// isSmack tells whether a label is one of Smack's built-in ones; others are any word (Documentation/admin-guide/LSM/Smack.rst).
func isSmack(raw string) bool {
	switch raw {
	case "_", "^", "*", "?", "@":
		return true
	}
	return false
}

// Stack lists the profiles of an AppArmor label that all apply at once: "a//&b" is a and b.
func (l Label) Stack() []string {
	if l.LSM != AppArmor {
		return []string{l.Profile}
	}
	return strings.Split(l.Profile, "//&")
}

// Type is the type of an SELinux context, which its rules speak of: "container_t"; "" for any other label.
func (l Label) Type() string {
	parts := strings.SplitN(l.Profile, ":", 4)
	if l.LSM != SELinux || len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// Categories are the categories of an SELinux context, "c1,c2", which keep containers of one type apart; "" when it has none.
func (l Label) Categories() string {
	if l.Type() == "" {
		return ""
	}
	level := strings.SplitN(l.Profile, ":", 4)[3:]
	if len(level) == 0 {
		return ""
	}
	_, categories, _ := strings.Cut(level[0], ":")
	return categories
}
