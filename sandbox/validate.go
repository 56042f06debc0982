package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// FieldError says what is wrong with one field of a Spec, and what would be right.
type FieldError struct {
	Field  string // as in the JSON: "namespaces.net"
	Msg    string
	Advice string // "" when the message says it
}

// Error is one line.
func (e *FieldError) Error() string {
	if e.Advice == "" {
		return e.Field + ": " + e.Msg
	}
	return e.Field + ": " + e.Msg + "; " + e.Advice
}

// Bounds of a Spec, which may come from a file of anybody's.
const (
	maxMounts = 200     // they are sent to the sandbox at once, and 253 descriptors are the most (SCM_MAX_FD)
	maxPaths  = 1000    // of one list
	maxText   = 2 << 20 // of arguments and variables together, as much as execve(2) takes by default
	maxWord   = 128<<10 - 1
	maxPath   = 4096 - 1 // PATH_MAX counts the NUL
	maxGroups = 65536    // NGROUPS_MAX
)

// specChecks are made in this order; each says what is wrong with the Spec, if anything.
var specChecks = []func(*Spec) []error{
	checkVersion, checkCommand, checkEnv, checkUser, checkSources, checkHostname, checkTime, checkMaps, checkRoot,
	checkRootLists, checkMounts, checkKernelMounts, checkOwnedMounts, checkNetwork, checkCapabilities, checkFilters, checkRlimits, checkLimits,
}

// Validate refuses a Spec whose parts do not hold together, with all that is wrong with it: an errors.Join of *FieldError.
// What only this machine refuses, check.Machine's Refusals says.
func (s *Spec) Validate() error {
	var errs []error
	for _, check := range specChecks {
		errs = append(errs, check(s)...)
	}
	return errors.Join(errs...)
}

func wrong(field, advice, format string, args ...any) []error {
	return []error{&FieldError{Field: field, Msg: fmt.Sprintf(format, args...), Advice: advice}}
}

// notOneOf refuses a word that is none of a few.
func notOneOf[T ~string](field string, value T, known ...T) []error {
	if slices.Contains(known, value) {
		return nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	last := len(words) - 1
	return wrong(field, "say "+strings.Join(words[:last], ", ")+" or "+words[last], "%s is not known", clip(string(value)))
}

// clip quotes text of any length for a message.
func clip(text string) string {
	const longest = 60
	if len(text) > longest {
		return fmt.Sprintf("%q…", text[:longest])
	}
	return fmt.Sprintf("%q", text)
}

// absolute tells whether a path is absolute, clean, and one that the kernel takes.
func absolute(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.ContainsRune(p, 0) && len(p) <= maxPath
}

func checkVersion(s *Spec) []error {
	if s.Version < 1 || s.Version > Version {
		return wrong("version", "use a newer cutaway", "%d is not known, only 1 to %d", s.Version, Version)
	}
	if _, known := PresetNamed(s.Preset); s.Preset != "" && !known {
		return notOneOf("preset", s.Preset, PresetNames()...)
	}
	return nil
}

func checkCommand(s *Spec) (errs []error) {
	if len(s.Command) == 0 || s.Command[0] == "" {
		errs = append(errs, wrong("command", "name a program, such as /bin/sh", "there is none")...)
	}
	size := 0
	for _, a := range s.Command {
		size += len(a) + 1
		if strings.ContainsRune(a, 0) || len(a) > maxWord {
			errs = append(errs, wrong("command", "", "%s holds a NUL, or is longer than the %d bytes that execve(2) takes", clip(a), maxWord)...)
		}
	}
	if size > maxText {
		errs = append(errs, wrong("command", "", "is longer than %d bytes", maxText)...)
	}
	if !absolute(s.Dir) {
		errs = append(errs, wrong("dir", "name a directory inside, such as /", "%s is not an absolute path", clip(s.Dir))...)
	}
	return append(errs, notOneOf("terminal", s.Terminal, TerminalAuto, TerminalAlways, TerminalNever)...)
}

func checkEnv(s *Spec) (errs []error) {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(s.Env.Set)) {
		value := s.Env.Set[name]
		size += len(name) + len(value) + 2
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) || len(name)+len(value) >= maxWord {
			errs = append(errs, wrong("env.set", "a name has no = in it, and neither it nor its value a NUL", "%s cannot be a variable", clip(name))...)
		}
	}
	if size > maxText {
		errs = append(errs, wrong("env.set", "", "is longer than %d bytes", maxText)...)
	}
	if len(s.Env.Keep) > maxPaths {
		return append(errs, wrong("env.keep", "", "has more than %d names", maxPaths)...)
	}
	for _, name := range s.Env.Keep {
		if name == "" || strings.ContainsAny(strings.TrimSuffix(name, "*"), "=*\x00") {
			errs = append(errs, wrong("env.keep", "say a name, a beginning such as LC_*, or *", "%s is no name", clip(name))...)
		}
	}
	return errs
}

// noID is the id that means none in system calls: (uid_t) -1.
const noID = 1<<32 - 1

func checkUser(s *Spec) (errs []error) {
	if s.User.UID == noID || s.User.GID == noID || slices.Contains(s.User.Groups, noID) {
		errs = append(errs, wrong("user", "", "%d means no user or group at all (setresuid(2))", uint32(noID))...)
	}
	if len(s.User.Groups) > maxGroups {
		errs = append(errs, wrong("user.groups", "", "are more than the %d that the kernel takes", maxGroups)...)
	}
	return errs
}
