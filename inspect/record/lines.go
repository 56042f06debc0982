package record

import (
	"time"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/inside"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/users"
)

const (
	format  = "cutaway snapshot"
	version = 1
)

// line is one line of a file: exactly one of these. A reader passes over lines of other kinds.
type line struct {
	Header    *Header
	Machine   *machineLine
	Process   *inspect.Process // without its container
	Container *containerLine
	IDMaps    *mapsLine
	Census    *censusLine
	Namespace *namespaceLine
	Cgroup    *group
	Detail    *inspect.Detail
	Inside    *insideLine
	End       *endLine // the last one
}

// machineLine is what is true of the machine and the look at it.
type machineLine struct {
	Host      inspect.Host
	Seq       uint64
	Took      time.Duration
	Uptime    time.Duration
	Self      int
	LastCap   caps.Cap
	Enforcing reading.Of[bool]
	Names     users.Names
}

// containerLine is a container, whose processes are its members.
type containerLine struct {
	engine.Container
	Cgroup *cgroup.Membership
	Usage  *cgroup.Usage
	CPU    float64
	RSS    uint64
}

type mapsLine struct {
	Namespace uint64
	Maps      inspect.IDMaps
}

type censusLine struct{ Unread, UnreadMounts int }

// namespaceLine is a namespace of the census.
type namespaceLine struct {
	Which         namespaceRef
	Dev           uint64
	Host          bool
	First         int // PID
	Owner, Parent reading.Of[inspect.NSID]
	CreatorUID    reading.Of[uint32]
	Holders       []holder
}

// namespaceRef says which namespace is meant.
type namespaceRef struct {
	Kind proc.NSKind
	Ino  uint64
}

// holder is an inspect.Holder.
type holder struct {
	Kind         inspect.HolderKind
	PID, TID, FD int
	Path         string
	MountNS      uint64
	Holds        namespaceRef // the owned one or the child
}

type insideLine struct {
	ID   inspect.ID
	View *inside.View
}

type endLine struct {
	Lines   int // before this one
	LeftOut int
}
