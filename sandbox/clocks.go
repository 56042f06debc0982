package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/stage"
)

// movesClocks tells whether the clocks of a new time namespace are others than the host's.
func (s *Spec) movesClocks() bool { return s.Namespaces.Time.IsNew() && s.Time != TimeOffsets{} }

// clocks make a time namespace with offsets and enter it. They can be written only while nobody is in it, so clone(2) cannot
// make it; and who made it enters it only by setns(2), with one thread. Children would be in it, but before Linux 6.3 such a
// process starts neither threads nor, as Go does, commands by vfork(2), and keeps its own clocks at an exec
// (time_namespaces(7)). So it is done before cutaway's own program is executed again.
func (s *Spec) clocks() []stage.Op {
	return []stage.Op{
		{Verb: stage.Begin, Data: string(StageTime)},
		{Verb: stage.Unshare, Flags: unix.CLONE_NEWTIME, Data: "a new time namespace"},
		{Verb: stage.WriteFile, Path: "/proc/self/timens_offsets", Data: s.offsets()},
		{Verb: stage.EnterTime},
		{Verb: stage.Begin, Data: string(StageClone)},
	}
}

// offsets are the lines of timens_offsets.
func (s *Spec) offsets() string {
	return fmt.Sprintf("monotonic %d 0\nboottime %d 0\n", s.Time.Monotonic, s.Time.Boottime)
}
