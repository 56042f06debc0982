package inspect

import "time"

// tick is the unit of start times and CPU time.
const tick = time.Second / userHZ

// MeanCPU fills in the CPU use of a snapshot that nobody shares yet, and that has no tick before it: the mean over each process's
// life, as ps(1) counts. uptime is the clock that start times count by; without it nothing is known.
func (s *Snapshot) MeanCPU(uptime time.Duration) {
	for i := range s.Procs {
		p := &s.Procs[i]
		p.CPU = -1
		if life := uptime - time.Duration(p.Start)*tick; life > 0 {
			p.CPU = 100 * float64(time.Duration(p.CPUTime)*tick) / float64(life)
		}
	}
	for _, c := range s.Containers {
		c.CPU = 0
		for _, i := range c.Procs {
			c.CPU += max(s.Procs[i].CPU, 0)
		}
	}
}
