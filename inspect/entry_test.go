package inspect

import (
	"testing"
	"time"

	"cutaway/inspect/proc"
)

func TestCPUIsWorkedOutOverEnoughTime(t *testing.T) {
	e := newEntry(7, false)
	at := func(d time.Duration, ticks uint64) float64 {
		e.update(&proc.Stat{PID: 7, StartTime: 5, UTime: ticks, State: 'R'}, epoch.Add(d))
		return e.CPU
	}
	if got := at(0, 100); got >= 0 {
		t.Errorf("CPU %v at the first look, want not known", got)
	}
	if got := at(50*time.Millisecond, 110); got >= 0 {
		t.Errorf("CPU %v after 50 ms, want not known yet", got)
	}
	if got := at(time.Second, 150); got != 50 {
		t.Errorf("CPU %v after half a second in one, want 50", got)
	}
	if got := at(1100*time.Millisecond, 160); got != 50 {
		t.Errorf("CPU %v after a refresh by hand, want still 50", got)
	}
	e.update(&proc.Stat{PID: 7, StartTime: 9, UTime: 1000, State: 'R'}, epoch.Add(3*time.Second))
	if e.CPU >= 0 || !e.New {
		t.Errorf("another process with the PID has CPU %v, new %v", e.CPU, e.New)
	}
}

func TestCgroupRate(t *testing.T) {
	first := usageSample{}.next(1_000_000, epoch)
	if first.rate >= 0 {
		t.Errorf("rate %v at the first look", first.rate)
	}
	second := first.next(1_500_000, epoch.Add(time.Second))
	if second.rate != 50 {
		t.Errorf("rate %v, want 50", second.rate)
	}
	if again := second.next(1_600_000, epoch.Add(1010*time.Millisecond)); again != second {
		t.Errorf("a look right after changed the rate to %v", again.rate)
	}
	if anew := second.next(10, epoch.Add(2*time.Second)); anew.rate >= 0 {
		t.Errorf("a cgroup made anew has rate %v", anew.rate)
	}
}
