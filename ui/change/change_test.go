package change

import (
	"errors"
	"fmt"
	"testing"

	"cutaway/inspect"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/control"
)

// process is one with PIDs in its PID namespaces, and handlers for HUP's neighbour TERM alone.
func process(comm string, pids ...int) *inspect.Process {
	return &inspect.Process{
		ID: inspect.ID{PID: pids[0], Start: 7}, Comm: comm,
		Facts: &inspect.Facts{Status: reading.Value(&proc.Status{NSpid: pids, SigCaught: 1 << 14})},
	}
}

func container(name, id string, members ...int) *inspect.Container {
	return &inspect.Container{Container: engine.Container{Key: "k", Engine: "docker", Name: name, ID: id, Members: members}}
}

// A target of a container is called in the engine's command line as the engine calls it.
func TestNames(t *testing.T) {
	redis := process("redis-server", 4242, 1)
	for _, c := range []struct {
		target Target
		id, in string
	}{
		{Of(redis, container("db", "abc")), "db", "db (docker container, PID 4242)"},
		{Of(redis, container("", "abc")), "abc", " (docker container, PID 4242)"},
		{Of(redis, nil), "", "redis-server (PID 4242)"},
	} {
		if c.target.ID != c.id || c.target.String() != c.in || c.target.Start != 7 {
			t.Errorf("%+v", c.target)
		}
	}
}

func TestStrangers(t *testing.T) {
	redis := process("redis-server", 4242, 1)
	looks := 0
	later := func(members ...int) func() (*inspect.Snapshot, error) {
		return func() (*inspect.Snapshot, error) {
			looks++
			db := container("db", "abc", members...).Container
			return inspect.Assemble(inspect.Host{}, []inspect.Process{*redis}, []engine.Container{db}), nil
		}
	}
	db := Of(redis, container("db", "abc", 4242, 4243))
	alone := Of(redis, nil)
	for _, c := range []struct {
		target      *Target
		pids, later []int
		want, looks int
	}{
		{&db, []int{4242, 4243}, nil, 0, 0},
		{&db, []int{4242, 4244}, []int{4242, 4244}, 0, 1}, // it was started just now
		{&db, []int{4242, 9, 8}, []int{4242}, 2, 1},
		{&alone, []int{4242, 9}, nil, 1, 0},
	} {
		looks = 0
		if got, err := c.target.Strangers(c.pids, later(c.later...)); got != c.want || err != nil || looks != c.looks {
			t.Errorf("%v: %d, %v after %d looks", c.pids, got, err, looks)
		}
	}
	failure := errors.New("no")
	if _, err := db.Strangers([]int{1}, func() (*inspect.Snapshot, error) { return nil, failure }); !errors.Is(err, failure) {
		t.Error(err)
	}
}

func TestIgnoresNote(t *testing.T) {
	redis, sshd := process("redis-server", 4242, 1), process("sshd", 840)
	for _, c := range []struct {
		p      *inspect.Process
		signal string
		want   bool
	}{
		{redis, "TERM", false}, // it has a handler
		{redis, "HUP", true},
		{redis, "KILL", false},
		{redis, "WINCH", false},
		{sshd, "HUP", false}, // not the first of its PID namespace
		{&inspect.Process{Comm: "not read"}, "HUP", false},
	} {
		number, err := control.ParseSignal(c.signal)
		if err != nil {
			t.Fatal(err)
		}
		if target := Of(c.p, nil); (target.IgnoresNote(number) != "") != c.want {
			t.Errorf("%s to %s: %q", c.signal, c.p.Comm, target.IgnoresNote(number))
		}
	}
}

func TestAlone(t *testing.T) {
	redis, sshd, first := Of(process("redis-server", 4242, 1), nil), Of(process("sshd", 840), nil), Of(process("systemd", 1), nil)
	shared, other := fmt.Errorf("x: %w", cgroups.ErrShared), errors.New("y")
	for _, c := range []struct {
		target *Target
		err    error
		want   string
	}{
		{&redis, shared, "ends it, and with it all processes of its PID namespace"},
		{&sshd, control.ErrProtected, "ends that process alone"},
		{&sshd, other, ""},
		{&first, shared, ""},
	} {
		if got := c.target.Alone(c.err); got != c.want {
			t.Errorf("%s, %v: %q", c.target.Title, c.err, got)
		}
	}
}

func TestElsewhere(t *testing.T) {
	for _, c := range []struct {
		o    inspect.Options
		want bool
	}{
		{inspect.Options{}, false}, {inspect.Options{Proc: "/proc"}, false}, {inspect.Options{Proc: "/host/proc"}, true}, {inspect.Options{Cgroup: "/host/sys"}, true},
	} {
		if Elsewhere(c.o) != c.want {
			t.Errorf("%+v", c.o)
		}
	}
}

func TestFileValue(t *testing.T) {
	for _, c := range [][3]string{
		{"/x/memory.max", "67108864", "64M"},
		{"/x/memory.max", "max", "max"},
		{"/x/memory.limit_in_bytes", "-1", "max"},
		{"/x/cpu.max", "50000 100000", "0.5 CPUs"},
		{"/x/cpu.max", "max 100000", "max"},
		{"/x/cpu.max", "odd", "odd"},
		{"/x/cpu.cfs_quota_us", "-1", "max"},
		{"/x/cpu.cfs_quota_us", "5000", "5000 µs"},
		{"/x/pids.max", "7", "7"},
		{"/x/cpuset.cpus", "", "empty"},
	} {
		if got := FileValue(c[0], c[1]); got != c[2] {
			t.Errorf("%s %q: %q", c[0], c[1], got)
		}
	}
}
