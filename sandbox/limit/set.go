// Package limit holds the limits that a cgroup can have, in the units that people use, and reads them from text. What
// is written to which file is sandbox/cgroups' affair.
package limit

import (
	"fmt"
	"strconv"
)

// Set is a set of limits. A nil pointer (or an empty string) leaves a limit as it is.
type Set struct {
	Memory *Amount  `json:"memory,omitempty"` // memory.max, or memory.limit_in_bytes
	Swap   *Amount  `json:"swap,omitempty"`   // swap alone, as v2 counts it; v1's memsw limit is memory and swap together
	CPUs   *float64 `json:"cpus,omitempty"`   // processors' worth of time: 0.5 is half a processor; 0 removes the limit
	PIDs   *Amount  `json:"pids,omitempty"`   // processes and threads
	IO     []IO     `json:"io,omitempty"`     // for each device
	CPUSet string   `json:"cpuset,omitempty"` // processors, such as "0-1,3"
	MemSet string   `json:"memset,omitempty"` // memory nodes
	Weight *uint64  `json:"weight,omitempty"` // cpu.weight, 1 to 10000 (v1: shares, converted as systemd does)
}

// Empty tells whether nothing is limited.
func (s *Set) Empty() bool {
	return s.Memory == nil && s.Swap == nil && s.CPUs == nil && s.PIDs == nil && len(s.IO) == 0 &&
		s.CPUSet == "" && s.MemSet == "" && s.Weight == nil
}

// Validate refuses values that mean nothing anywhere; what this kernel or this machine refuses shows when it is written.
func (s *Set) Validate() error {
	if s.Memory != nil {
		if err := checkAmount("memory", *s.Memory, 1); err != nil {
			return err
		}
	}
	if s.Swap != nil {
		if err := checkAmount("swap", *s.Swap, 0); err != nil {
			return err
		}
	}
	if s.PIDs != nil {
		if err := checkAmount("pids", *s.PIDs, 1); err != nil {
			return err
		}
	}
	if s.CPUs != nil {
		if err := checkCPUs(*s.CPUs); err != nil {
			return err
		}
	}
	if s.Weight != nil {
		if err := checkWeight(*s.Weight); err != nil {
			return err
		}
	}
	return s.validateLists()
}

func (s *Set) validateLists() error {
	for _, list := range []string{s.CPUSet, s.MemSet} {
		if list == "" {
			continue
		}
		if _, err := ParseList(list); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for i := range s.IO {
		if err := s.IO[i].check(); err != nil {
			return err
		}
		if seen[s.IO[i].Device] {
			return fmt.Errorf("%s is limited twice: put its values together", s.IO[i].Device)
		}
		seen[s.IO[i].Device] = true
	}
	return nil
}

// checkAmount refuses 0 where docker means no limit by it and the kernel means nothing at all.
func checkAmount(name string, a, least Amount) error {
	switch {
	case a < Max:
		return fmt.Errorf("a %s limit of %d is negative: say max for no limit", name, int64(a))
	case a != Max && a < least:
		return fmt.Errorf("a %s limit of 0 would leave nothing: say at least %d, or max for no limit", name, int64(least))
	}
	return nil
}

// Flags writes the set as the flags of `cutaway run` and `cutaway limits`, without loss.
func (s *Set) Flags() []string {
	var flags []string
	add := func(name, value string) { flags = append(flags, "--"+name+"="+value) }
	if s.Memory != nil {
		add("memory", s.Memory.Bytes())
	}
	if s.Swap != nil {
		add("swap", s.Swap.Bytes())
	}
	if s.CPUs != nil {
		add("cpus", FormatCPUs(*s.CPUs))
	}
	if s.PIDs != nil {
		add("pids", s.PIDs.String())
	}
	if s.Weight != nil {
		add("weight", strconv.FormatUint(*s.Weight, 10))
	}
	for i := range s.IO {
		add("io", s.IO[i].String())
	}
	if s.CPUSet != "" {
		add("cpuset", s.CPUSet)
	}
	if s.MemSet != "" {
		add("memset", s.MemSet)
	}
	return flags
}
