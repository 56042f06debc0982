package steps

import (
	"fmt"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// capabilities compares the five sets. Sets that change alike, as they mostly do, are one change.
func (c *comparison) capabilities() {
	if !c.both("status") {
		return
	}
	type change struct{ old, new caps.Set }
	var order []change
	fields := map[change][]string{}
	before, after := fiveSets(&c.before.Status), fiveSets(&c.after.Status)
	for _, kind := range caps.Kinds() {
		old, new := before[kind], after[kind]
		if !old.OK() || !new.OK() || old.Value == new.Value {
			continue
		}
		ch := change{old.Value, new.Value}
		if fields[ch] == nil {
			order = append(order, ch)
		}
		fields[ch] = append(fields[ch], kind.Field())
	}
	for _, ch := range order {
		names := strings.Join(fields[ch], ", ")
		c.add(Change{"status", names, ch.old.Hex(), ch.new.Hex(), names + ": " + setWords(ch.old, ch.new)})
	}
}

// fiveSets are the sets of a status, in the order of caps.Kinds.
func fiveSets(s *proc.Status) (sets caps.FiveSets) {
	sets[caps.Inheritable] = reading.Value(caps.Set(s.CapInh))
	sets[caps.Permitted] = reading.Value(caps.Set(s.CapPrm))
	sets[caps.Effective] = reading.Value(caps.Set(s.CapEff))
	sets[caps.Bounding] = asSet(s.CapBnd)
	sets[caps.Ambient] = asSet(s.CapAmb)
	return sets
}

func asSet(r reading.Of[uint64]) reading.Of[caps.Set] {
	return reading.Of[caps.Set]{Value: caps.Set(r.Value), How: r.How}
}

// setWords says what a set gained and lost, by name.
func setWords(old, new caps.Set) string {
	gained, lost := caps.Diff(old, new)
	var parts []string
	if lost != 0 {
		parts = append(parts, fmt.Sprintf("lost %d (%s)", lost.Len(), few(lost.Short())))
	}
	if gained != 0 {
		parts = append(parts, fmt.Sprintf("gained %d (%s)", gained.Len(), few(gained.Short())))
	}
	now := "none is left"
	if new != 0 {
		now = fmt.Sprintf("has %d now", new.Len())
	}
	return strings.Join(append(parts, now), ", ")
}
