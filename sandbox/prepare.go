package sandbox

import (
	"os"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// prepare gathers everything that the plan depends on, before anything is made that would have to be undone.
func (l *launch) prepare() error {
	s := l.spec
	l.site.env = l.opts.Environ
	if l.site.env == nil {
		l.site.env = os.Environ()
	}
	l.site.wait = l.opts.Before != nil
	l.site.terminal = s.Terminal == TerminalAlways || s.Terminal == TerminalAuto && l.opts.Interactive
	l.site.lastCap = lastCap()
	own := ownCapabilities()
	l.site.privileged = s.Namespaces.User.IsNew() || own.Has(capSetPCap)
	if s.Namespaces.User.IsNew() {
		l.site.uids, l.site.gids = chooseMaps(s)
		l.site.idmapped = s.Root.Kind == RootDir && os.Geteuid() == 0
	}
	keep, _ := s.Kept()
	exe, err := openProgram(l.opts.Exe, s.Init && keep.Has(capSysPtrace))
	if err != nil {
		return failed(StageClone, "open cutaway's own program", "", err)
	}
	l.exe = exe
	return nil
}

const (
	capSetPCap   caps.Cap = 8
	capSysPtrace caps.Cap = 19
)

// lastCap is the last capability that this kernel knows.
func lastCap() caps.Cap {
	if last := caps.Last("/proc"); last.State == reading.Known {
		return last.Value
	}
	return caps.LastKnown()
}

// ownCapabilities is our permitted set.
func ownCapabilities() caps.Set {
	b, err := os.ReadFile("/proc/self/status")
	var s proc.Status
	if err != nil || proc.ParseStatus(b, &s) != nil {
		return 0
	}
	return caps.Set(s.CapPrm)
}
