package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
)

func rightsOptions() []runOption {
	names := append([]string{"all"}, caps.UpTo(caps.LastKnown()).Short()...)
	return []runOption{
		{name: "cap-keep", usage: "keep the capabilities `NAMES` and no others; all, none", words: append([]string{"none"}, names...), first: true, set: (*specWriter).capKeep},
		{name: "cap-add", usage: "keep the capabilities `NAMES` too; all keeps every one", words: names, set: func(w *specWriter, value string) error {
			w.capAdd = append(w.capAdd, value)
			return nil
		}},
		{name: "cap-drop", usage: "do not keep the capabilities `NAMES`, but for those of --cap-add; all drops every one", words: names, set: func(w *specWriter, value string) error {
			w.capDrop = append(w.capDrop, value)
			return nil
		}},
		{name: "no-new-privs", bare: "true", usage: "nothing that is executed gains rights; =false lets set-user-ID programs work", set: func(w *specWriter, value string) error {
			return boolInto(&w.NoNewPrivs, value)
		}},
		{name: "seccomp", usage: "filter system calls by `PROFILE`: docker, strict or off", words: []string{"docker", "strict", "off"}, set: func(w *specWriter, value string) error {
			if value == "unconfined" { // docker run --security-opt seccomp=unconfined
				value = string(sandbox.SeccompOff)
			}
			w.Seccomp = sandbox.Seccomp(value)
			return nil
		}},
		{name: "landlock-ro", usage: "with Landlock: read `PATH` and below, and nothing that is not named", set: func(w *specWriter, value string) error {
			l := w.landlock()
			l.Read = append(l.Read, value)
			return nil
		}},
		{name: "landlock-rw", usage: "with Landlock: read and write `PATH` and below", set: func(w *specWriter, value string) error {
			l := w.landlock()
			l.Write = append(l.Write, value)
			return nil
		}},
		{name: "rlimit", usage: "the resource limit `NAME=SOFT[:HARD]`, as nofile=1024:2048; unlimited is none", set: (*specWriter).rlimit},
	}
}

func (w *specWriter) landlock() *sandbox.Landlock {
	if w.Landlock == nil {
		w.Landlock = &sandbox.Landlock{}
	}
	return w.Landlock
}

// capKeep takes a list of names; caps.Encode has none and all, and names after - that are taken away again.
func (w *specWriter) capKeep(value string) error {
	if strings.EqualFold(value, "all") {
		w.Capabilities = []string{"all"}
		return nil
	}
	set, err := caps.Encode(value)
	w.Capabilities = set.Names()
	return err
}

// capabilities drops first and adds then, as docker run does, whatever the order of the flags.
func (w *specWriter) capabilities() error {
	if len(w.capDrop)+len(w.capAdd) == 0 {
		return nil
	}
	add, err := caps.Encode(w.capAdd...)
	if err != nil {
		return fmt.Errorf("--cap-add: %w", err)
	}
	drop, err := caps.Encode(w.capDrop...)
	if err != nil {
		return fmt.Errorf("--cap-drop: %w", err)
	}
	kept, everything := w.Kept()
	switch {
	case slices.ContainsFunc(w.capAdd, isAll) && drop == 0, everything && drop == 0:
		w.Capabilities = []string{"all"}
		return nil
	case everything:
		kept = caps.UpTo(caps.LastKnown())
	}
	w.Capabilities = (kept&^drop | add).Names()
	return nil
}

func isAll(name string) bool { return strings.EqualFold(name, "all") }

func (w *specWriter) rlimit(text string) error {
	name, values, _ := strings.Cut(text, "=")
	soft, hard, both := strings.Cut(values, ":")
	if !both {
		hard = soft
	}
	r := sandbox.Rlimit{Name: name}
	for _, v := range []struct {
		text string
		to   *int64
	}{{soft, &r.Soft}, {hard, &r.Hard}} {
		if v.text == "unlimited" || v.text == "-1" {
			*v.to = -1
			continue
		}
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not NAME=SOFT[:HARD], such as nofile=1024:2048", text)
		}
		*v.to = n
	}
	w.Rlimits = append(slices.DeleteFunc(slices.Clone(w.Rlimits), func(o sandbox.Rlimit) bool { return o.Name == name }), r)
	return nil
}

func limitOptions() []runOption {
	return []runOption{
		{name: "no-limits", bare: "true", usage: "without the preset's limits", first: true, set: func(w *specWriter, value string) error {
			return w.ifTrue(value, func() error { w.Limits = limit.Set{}; return nil })
		}},
		{name: "own-cgroup", bare: "true", usage: "a cgroup of its own, even without limits", set: func(w *specWriter, value string) error {
			return boolInto(&w.Cgroup, value)
		}},
		{name: "memory", short: "m", usage: "at most `SIZE` of memory, such as 64M; max is no limit", set: func(w *specWriter, value string) error {
			return amountInto(&w.Limits.Memory, value, limit.ParseBytes)
		}},
		{name: "swap", usage: "at most `SIZE` of it swapped out; 0 is none", set: func(w *specWriter, value string) error {
			return amountInto(&w.Limits.Swap, value, limit.ParseBytes)
		}},
		{name: "cpus", usage: "at most the time of `N` processors, such as 0.5", set: func(w *specWriter, value string) error {
			n, err := limit.ParseCPUs(value)
			if w.Limits.CPUs = &n; n == 0 {
				w.Limits.CPUs = nil
			}
			return err
		}},
		{name: "pids", usage: "at most `N` processes and threads", set: func(w *specWriter, value string) error {
			return amountInto(&w.Limits.PIDs, value, limit.ParseCount)
		}},
		{name: "weight", usage: "its part when processors are short: `N` from 1 to 10000; 100 is usual", set: func(w *specWriter, value string) error {
			n, err := limit.ParseWeight(value)
			w.Limits.Weight = &n
			return err
		}},
		{name: "io", usage: ioUsage, set: func(w *specWriter, value string) error {
			io, err := limit.ParseIO(value)
			w.Limits.IO = append(slices.Clone(w.Limits.IO), io)
			return err
		}},
		{name: "cpuset", usage: "run on the processors of `LIST` only, such as 0-1,3", set: func(w *specWriter, value string) (err error) {
			w.Limits.CPUSet, err = limit.ParseList(value)
			return err
		}},
		{name: "memset", usage: "take memory from the nodes of `LIST` only", set: func(w *specWriter, value string) (err error) {
			w.Limits.MemSet, err = limit.ParseList(value)
			return err
		}},
	}
}

// amountInto reads a limit. One that is max is none: a new cgroup has none.
func amountInto(to **limit.Amount, value string, parse func(string) (limit.Amount, error)) error {
	n, err := parse(value)
	if *to = &n; n == limit.Max {
		*to = nil
	}
	return err
}
