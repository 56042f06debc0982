package inspect

import (
	"time"

	"cutaway/inspect/reading"
)

// counters are read by prometheus/procfs. It reads by path and trusts the text, which is safe here: the two files hold
// the kernel's numbers only, and Read makes sure afterwards that the path led to the same process all the time.
type counters struct {
	io   reading.Of[IO]
	wait reading.Of[time.Duration]
}

func (r *DetailReader) readCounters(pid int) func(*procDir) (counters, error) {
	return func(dir *procDir) (counters, error) {
		p, err := r.fs.Proc(pid)
		if err != nil {
			return counters{}, err
		}
		var c counters
		if err = regular(dir.fd, "io"); err == nil {
			io, readErr := p.IO()
			c.io.Value = IO{ReadChars: io.RChar, WriteChars: io.WChar, ReadBytes: io.ReadBytes, WriteBytes: io.WriteBytes}
			err = readErr
		}
		c.io.How = reading.FromError(err)
		if err = regular(dir.fd, "schedstat"); err == nil {
			sched, readErr := p.Schedstat()
			c.wait.Value = time.Duration(min(sched.WaitingNanoseconds, 1<<63-1))
			err = readErr
		}
		c.wait.How = reading.FromError(err)
		return c, nil
	}
}

func (d *Detail) setCounters(c counters, err error) {
	if err != nil {
		c = counters{reading.Error[IO](err), reading.Error[time.Duration](err)}
	}
	d.IO, d.CPUWait = c.io, c.wait
}
