package sandbox

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"cutaway/inspect/caps"
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
	maxMounts = 200 // they are sent to the sandbox at once, and 253 descriptors are the most (SCM_MAX_FD)
	maxPaths  = 1000
	maxText   = 2 << 20 // of arguments and variables together, as much as execve(2) takes by default
)

// checks are made in this order; each says what is wrong with the Spec, if anything.
var specChecks = []func(*Spec) []error{
	checkVersion, checkCommand, checkSources, checkNamespacesTogether, checkMaps, checkRoot, checkMounts, checkKernelMounts,
	checkNetwork, checkRights, checkRlimits, checkEnv, checkLimits,
}

// Validate refuses a Spec whose parts do not hold together, with all that is wrong with it. What only this machine refuses,
// check.Machine's Refusals says.
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

func checkVersion(s *Spec) []error {
	if s.Version < 1 || s.Version > Version {
		return wrong("version", "use a newer cutaway", "%d is not known, only 1 to %d", s.Version, Version)
	}
	return nil
}

func checkCommand(s *Spec) (errs []error) {
	if len(s.Command) == 0 || s.Command[0] == "" {
		errs = append(errs, wrong("command", "", "there is none")...)
	}
	size := 0
	for _, a := range s.Command {
		size += len(a) + 1
		if strings.ContainsRune(a, 0) {
			errs = append(errs, wrong("command", "", "%q holds a NUL", a)...)
		}
	}
	if size > maxText {
		errs = append(errs, wrong("command", "", "is longer than %d bytes", maxText)...)
	}
	if !absolute(s.Dir) {
		errs = append(errs, wrong("dir", "", "%q is not an absolute path", s.Dir)...)
	}
	if !slices.Contains([]Terminal{TerminalAuto, TerminalAlways, TerminalNever}, s.Terminal) {
		errs = append(errs, wrong("terminal", "say auto, always or never", "%q is not known", s.Terminal)...)
	}
	return errs
}

// absolute tells whether a path is absolute, clean and without NULs.
func absolute(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.ContainsRune(p, 0) && len(p) < 4096
}

func checkSources(s *Spec) (errs []error) {
	for _, name := range NamespaceTypes {
		if err := s.Namespaces.Of(name).check(); err != nil {
			errs = append(errs, wrong("namespaces."+name, "", "%v", err)...)
		}
	}
	return errs
}

func checkNamespacesTogether(s *Spec) (errs []error) {
	n := &s.Namespaces
	if s.Hostname != "" && !n.UTS.IsNew() {
		errs = append(errs, wrong("hostname", "make a new uts namespace too", "would change the name of the host, or of what is joined")...)
	}
	if len(s.Hostname) > 64 || strings.ContainsAny(s.Hostname, "\x00\n/ ") {
		errs = append(errs, wrong("hostname", "64 bytes at most, without spaces", "%q cannot be one", s.Hostname)...)
	}
	if s.Time != (TimeOffsets{}) && !n.Time.IsNew() {
		errs = append(errs, wrong("time", "make a new time namespace too", "offsets are a time namespace's own")...)
	}
	_, joinsNet := n.Net.Joined()
	if joinsNet && n.User.IsNew() && s.Sys == SysNew {
		errs = append(errs, wrong("sys", "take sys: empty", "a new user namespace has no rights over a network that is joined")...)
	}
	return errs
}

func checkMaps(s *Spec) (errs []error) {
	for _, m := range []struct {
		field string
		maps  []IDMapping
		id    uint32
	}{{"uid_map", s.UIDMap, s.User.UID}, {"gid_map", s.GIDMap, s.User.GID}} {
		if len(m.maps) == 0 {
			continue
		}
		if !s.Namespaces.User.IsNew() {
			errs = append(errs, wrong(m.field, "make a new user namespace too", "maps belong to a new user namespace")...)
		}
		errs = append(errs, checkMap(m.field, m.maps, m.id)...)
	}
	return errs
}

func checkMap(field string, maps []IDMapping, id uint32) (errs []error) {
	if len(maps) > 340 {
		return wrong(field, "", "has more than the 340 lines that the kernel takes")
	}
	covered := false
	for i, m := range maps {
		if m.Count == 0 || uint64(m.Inside)+uint64(m.Count) > 1<<32 || uint64(m.Outside)+uint64(m.Count) > 1<<32 {
			errs = append(errs, wrong(field, "", "%d %d %d is no range of ids", m.Inside, m.Outside, m.Count)...)
			continue
		}
		if m.Outside == 0 {
			errs = append(errs, wrong(field, "map to other ids, such as 0:100000:65536",
				"maps the host's root: without any capability it could still write /proc/sys/kernel/core_pattern, by ownership")...)
		}
		covered = covered || id >= m.Inside && id-m.Inside < m.Count
		for _, o := range maps[:i] {
			if overlaps(m.Inside, o.Inside, m.Count, o.Count) || overlaps(m.Outside, o.Outside, m.Count, o.Count) {
				errs = append(errs, wrong(field, "", "%d %d %d overlaps %d %d %d", m.Inside, m.Outside, m.Count, o.Inside, o.Outside, o.Count)...)
			}
		}
	}
	if !covered {
		errs = append(errs, wrong(field, "", "does not map %d, who the command runs as", id)...)
	}
	return errs
}

func overlaps(a, b, countA, countB uint32) bool {
	return uint64(a) < uint64(b)+uint64(countB) && uint64(b) < uint64(a)+uint64(countA)
}

func checkRoot(s *Spec) (errs []error) {
	r := &s.Root
	newMounts := s.Namespaces.Mnt.IsNew()
	switch r.Kind {
	case RootKeep:
		if r.Path != "" {
			errs = append(errs, wrong("root.path", "", "is for a directory, a tar or an image")...)
		}
	case RootHost, RootOverlay:
		if !newMounts {
			errs = append(errs, wrong("root", "make a new mnt namespace too", "%s needs mounts of its own", r.Kind)...)
		}
	case RootDir, RootTar, RootImage:
		if !absolute(r.Path) {
			errs = append(errs, wrong("root.path", "name the directory or archive by an absolute path", "%q is none", r.Path)...)
		}
		if !newMounts && (r.Switch != Chroot || r.Kind != RootDir) {
			errs = append(errs, wrong("root", "make a new mnt namespace too, or chroot to a directory", "needs mounts of its own")...)
		}
	default:
		errs = append(errs, wrong("root.kind", "say keep, host, overlay, dir, tar or image", "%q is not known", r.Kind)...)
	}
	if r.Switch != PivotRoot && r.Switch != Chroot {
		errs = append(errs, wrong("root.switch", "say pivot_root or chroot", "%q is not known", r.Switch)...)
	}
	if len(r.Tmp)+len(r.Hide) > maxPaths {
		errs = append(errs, wrong("root", "", "has more than %d paths", maxPaths)...)
	}
	for _, p := range slices.Concat(r.Tmp, r.Hide) {
		if !absolute(p) || p == "/" {
			errs = append(errs, wrong("root", "", "%q is not an absolute path below the root", p)...)
		}
	}
	return errs
}

func checkMounts(s *Spec) (errs []error) {
	if len(s.Mounts) > maxMounts {
		return wrong("mounts", "", "are more than %d", maxMounts)
	}
	if len(s.Mounts) > 0 && !s.Namespaces.Mnt.IsNew() {
		errs = append(errs, wrong("mounts", "make a new mnt namespace too", "would be the host's")...)
	}
	for i, m := range s.Mounts {
		field := fmt.Sprintf("mounts[%d]", i)
		if !absolute(m.Target) || m.Target == "/" {
			errs = append(errs, wrong(field, "", "the target %q is not an absolute path below the root", m.Target)...)
		}
		switch m.Kind {
		case BindRO, BindRW:
			if !absolute(m.Source) {
				errs = append(errs, wrong(field, "", "the source %q is not an absolute path", m.Source)...)
			}
		case TmpFS, MQueue, CgroupFS:
			if m.Source != "" {
				errs = append(errs, wrong(field, "", "%s has no source", m.Kind)...)
			}
		default:
			errs = append(errs, wrong(field, "say bind-ro, bind-rw, tmpfs, mqueue or cgroupfs", "%q is not known", m.Kind)...)
		}
		if m.Size < 0 || m.Size > 0 && m.Kind != TmpFS {
			errs = append(errs, wrong(field, "", "a size is for a tmpfs")...)
		}
	}
	return errs
}

func checkKernelMounts(s *Spec) (errs []error) {
	newMounts := s.Namespaces.Mnt.IsNew()
	for _, k := range []struct {
		field, value string
		known        []string
	}{
		{"proc", string(s.Proc), []string{"keep", "new", "unmasked"}},
		{"sys", string(s.Sys), []string{"keep", "new", "empty"}},
		{"dev", string(s.Dev), []string{"keep", "minimal"}},
	} {
		switch {
		case !slices.Contains(k.known, k.value):
			errs = append(errs, wrong(k.field, "say "+strings.Join(k.known, ", "), "%q is not known", k.value)...)
		case k.value != "keep" && !newMounts:
			errs = append(errs, wrong(k.field, "make a new mnt namespace too", "%s would be mounted on the host", k.value)...)
		}
	}
	if s.Proc != ProcKeep && s.Namespaces.PID == HostNamespace && s.Namespaces.User.IsNew() {
		errs = append(errs, wrong("proc", "make a new pid namespace too, or keep /proc", "a new user namespace may not mount the host's processes")...)
	}
	if s.Sys == SysNew && s.Namespaces.Net == HostNamespace {
		errs = append(errs, wrong("sys", "make a new net namespace too, or take sys: empty or keep", "would show the host's network")...)
	}
	return errs
}

func checkNetwork(s *Spec) (errs []error) {
	if s.Network.Loopback && !s.Namespaces.Net.IsNew() {
		errs = append(errs, wrong("network.loopback", "make a new net namespace too", "lo belongs to a new net namespace")...)
	}
	v := s.Network.Veth
	if v == nil {
		return errs
	}
	if !s.Namespaces.Net.IsNew() {
		errs = append(errs, wrong("network.veth", "make a new net namespace too", "leads into a new net namespace")...)
	}
	for _, a := range []string{v.Host, v.Inside} {
		if _, err := netip.ParsePrefix(a); err != nil {
			errs = append(errs, wrong("network.veth", "such as 10.77.0.1/30", "%q is not an address with a prefix", a)...)
		}
	}
	return errs
}

func checkRights(s *Spec) (errs []error) {
	if !slices.Contains(s.Capabilities, "all") {
		if _, err := caps.Encode(s.Capabilities...); err != nil {
			errs = append(errs, wrong("capabilities", "", "%v", err)...)
		}
	}
	if !slices.Contains([]Seccomp{SeccompDocker, SeccompStrict, SeccompOff}, s.Seccomp) {
		errs = append(errs, wrong("seccomp", "say docker, strict or off", "%q is not known", s.Seccomp)...)
	}
	if s.Landlock != nil {
		for _, p := range slices.Concat(s.Landlock.Read, s.Landlock.Write) {
			if !absolute(p) {
				errs = append(errs, wrong("landlock", "", "%q is not an absolute path", p)...)
			}
		}
	}
	if len(s.User.Groups) > 65536 {
		errs = append(errs, wrong("user.groups", "", "are more than the 65,536 that the kernel takes")...)
	}
	return errs
}

func checkRlimits(s *Spec) (errs []error) {
	for _, r := range s.Rlimits {
		if _, ok := rlimitNumber(r.Name); !ok {
			errs = append(errs, wrong("rlimits", "see prlimit --help for the names", "%q is no resource", r.Name)...)
		}
		if r.Soft < -1 || r.Hard < -1 || r.Hard != -1 && (r.Soft > r.Hard || r.Soft == -1) {
			errs = append(errs, wrong("rlimits", "", "%s: the soft limit %d is above the hard one %d", r.Name, r.Soft, r.Hard)...)
		}
	}
	return errs
}

func checkEnv(s *Spec) (errs []error) {
	size := 0
	for name, value := range s.Env.Set {
		size += len(name) + len(value) + 2
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			errs = append(errs, wrong("env.set", "", "%q cannot be a variable", name)...)
		}
	}
	if size > maxText {
		errs = append(errs, wrong("env.set", "", "is longer than %d bytes", maxText)...)
	}
	return errs
}

func checkLimits(s *Spec) []error {
	if err := s.Limits.Validate(); err != nil {
		return wrong("limits", "", "%v", err)
	}
	return nil
}
