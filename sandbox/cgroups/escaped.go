package cgroups

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"cutaway/inspect/cgroup"
)

// escaped says which limits of the caller's own cgroup do not hold for a group that was made beside it, and would bind it.
func escaped(own cgroup.Place, group *folder) string {
	var limits []string
	for at, parent := own, filepath.Dir(group.Dir); at.Dir != parent && at.Dir != at.Mount; at = above(at) {
		f, err := openFolder(at)
		if err != nil {
			continue
		}
		for _, name := range []string{"memory.max", "memory.swap.max", "pids.max", "cpu.max"} {
			theirs, err := f.read(name)
			if ours, _ := group.read(name); err == nil && amountIn(theirs) < amountIn(ours) {
				limits = append(limits, f.file(name)+" "+theirs)
			}
		}
		f.close()
	}
	if len(limits) == 0 {
		return ""
	}
	return fmt.Sprintf("its cgroup is in %s, beside cutaway's own, which holds processes and so can have no limited children (cgroups(7)): these limits do not hold there: %s",
		filepath.Dir(group.Dir), strings.Join(limits, ", "))
}

// amountIn is what a limit's file allows: bytes, processes, or for cpu.max processors. A file that is not there limits nothing.
func amountIn(text string) float64 {
	most, period, shared := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(most, 64)
	if err != nil {
		return math.Inf(1)
	}
	if in, err := strconv.ParseFloat(period, 64); shared && err == nil {
		n /= in
	}
	return n
}
