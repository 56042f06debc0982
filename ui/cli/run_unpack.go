package cli

import (
	"fmt"
	"os"
	"time"

	"cutaway/sandbox/rootfs"
	"cutaway/ui/text"
)

// unpackProgress draws how far an unpacking is, on a terminal alone, and wipes it at the end.
func (a *app) unpackProgress() func(rootfs.Progress) {
	out, ok := a.err.(*os.File)
	if !ok || !isTerminal(out) {
		return nil
	}
	var last time.Time
	return func(p rootfs.Progress) {
		done := p.Total > 0 && p.Done >= p.Total
		if time.Since(last) < 100*time.Millisecond && !done {
			return
		}
		last = time.Now()
		if done {
			fmt.Fprint(out, "\r\x1b[K")
			return
		}
		share := ""
		if p.Total > 0 {
			share = fmt.Sprintf("%3d%% ", p.Done*100/p.Total)
		}
		fmt.Fprintf(out, "\r\x1b[K%s %s%s, %d entries", p.What, share, text.Bytes(uint64(p.Done)), p.Entries)
	}
}
