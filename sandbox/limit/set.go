// Package limit holds the limits that a cgroup can have, in the units that people use, and reads them from text. What
// is written to which file is sandbox/cgroups' affair.
package limit

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

// Amount is a number of bytes or of processes, or Max.
type Amount int64

// Max is no limit: "max".
const Max Amount = -1

// IO is what a block device may be used. 0 leaves a value as it is.
type IO struct {
	Device    string `json:"device"` // "8:0", or a path such as /dev/sda
	ReadBPS   int64  `json:"read_bps,omitempty"`
	WriteBPS  int64  `json:"write_bps,omitempty"`
	ReadIOPS  int64  `json:"read_iops,omitempty"`
	WriteIOPS int64  `json:"write_iops,omitempty"`
}

// Empty tells whether nothing is limited.
func (s *Set) Empty() bool {
	return s.Memory == nil && s.Swap == nil && s.CPUs == nil && s.PIDs == nil && len(s.IO) == 0 &&
		s.CPUSet == "" && s.MemSet == "" && s.Weight == nil
}
