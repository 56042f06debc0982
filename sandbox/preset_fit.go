package sandbox

import (
	"slices"

	"cutaway/sandbox/check"
	"cutaway/sandbox/limit"
)

// fit fits a preset, or a likeness, to who asks and to what refusals says of a machine; the marks say what was changed.
func (s *Spec) fit(root bool, refusals func(check.Need) []check.Finding) (marks []Mark) {
	if !root && s.needsRights() && !s.Namespaces.User.IsNew() {
		s.Namespaces.User = NewNamespace
		marks = append(marks, Mark{"namespaces.user", true, "a user namespace too, as you are not root: what is root inside is you outside"})
	}
	left := refused(refusals, s)
	for _, o := range optional {
		if left == 0 {
			break // as on most machines: nothing more is asked there
		}
		without := *s
		if o.leave(&without); alike(s, &without) {
			continue
		}
		if n := refused(refusals, &without); n < left {
			*s, left = without, n
			marks = append(marks, Mark{o.field, true, o.note})
		}
	}
	return marks
}

// NoteNoLimits says that a preset's limits were left out.
const NoteNoLimits = "without the preset's limits: you may make no cgroups here (cutaway doctor says what to change)"

// optional is what a sandbox separates without, in the order in which it is tried: limits keep a sandbox from taking
// too much and not from seeing anything, and the rest hides little.
var optional = []struct {
	field string
	leave func(*Spec)
	note  string
}{
	{"limits", func(s *Spec) {
		if s.Namespaces.Mnt.IsNew() { // else they are all that it has
			s.Limits, s.Cgroup = limit.Set{}, false
		}
	}, NoteNoLimits},
	{"mounts", func(s *Spec) { s.leaveOut(CgroupFS) }, "no cgroups to be seen in /sys/fs/cgroup: mounting them is refused here"},
	{"namespaces.cgroup", func(s *Spec) { s.Namespaces.Cgroup = HostNamespace; s.leaveOut(CgroupFS) }, "the host's cgroup namespace: a new one is refused here"},
	{"mounts", func(s *Spec) { s.leaveOut(MQueue) }, "no message queues in /dev/mqueue: mounting them is refused here"},
	{"namespaces.time", func(s *Spec) { s.Namespaces.Time, s.Time = HostNamespace, TimeOffsets{} }, "the host's time namespace: a new one is refused here"},
	{"sys", func(s *Spec) {
		if s.Sys == SysNew {
			s.Sys = SysEmpty
		}
	}, "an empty /sys: mounting a new one is refused here"},
}

// needsRights tells whether a launch takes rights that a user has over a new user namespace only.
func (s *Spec) needsRights() bool {
	for _, name := range NamespaceTypes {
		if s.Namespaces.Of(name).IsNew() {
			return true
		}
	}
	return s.Root.Switch == Chroot
}

func (s *Spec) leaveOut(kind MountKind) {
	s.Mounts = slices.DeleteFunc(slices.Clone(s.Mounts), func(m Mount) bool { return m.Kind == kind })
}

func alike(a, b *Spec) bool { return string(a.JSON()) == string(b.JSON()) }

func refused(refusals func(check.Need) []check.Finding, s *Spec) (n int) {
	for _, f := range refusals(s.Need()) {
		if f.Health == check.Refused {
			n++
		}
	}
	return n
}
