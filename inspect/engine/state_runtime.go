package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"sync"
	"time"
)

// runtimeState is what runc or crun keep of a container: which process is its first one.
type runtimeState struct {
	runtime string
	id      string
	pid     int
	start   uint64 // clock ticks after boot
	file    string
}

var errNoInit = errors.New("it names no first process")

// parseRuncState reads /run/runc/<id>/state.json (runc: libcontainer/container.go, type BaseState).
func parseRuncState(text []byte) (runtimeState, error) {
	var s struct {
		ID    string `json:"id"`
		PID   int    `json:"init_process_pid"`
		Start uint64 `json:"init_process_start"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return runtimeState{}, fmt.Errorf("parse a state of runc: %w", err)
	}
	if s.PID <= 0 {
		return runtimeState{}, fmt.Errorf("parse a state of runc: %w", errNoInit)
	}
	return runtimeState{runtime: Runc, id: s.ID, pid: s.PID, start: s.Start}, nil
}

// parseCrunStatus reads /run/crun/<id>/status (crun: src/libcrun/status.c). The id is the directory's name.
func parseCrunStatus(text []byte) (runtimeState, error) {
	var s struct {
		PID   int    `json:"pid"`
		Start uint64 `json:"process-start-time"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return runtimeState{}, fmt.Errorf("parse a status of crun: %w", err)
	}
	if s.PID <= 0 {
		return runtimeState{}, fmt.Errorf("parse a status of crun: %w", errNoInit)
	}
	return runtimeState{runtime: Crun, pid: s.PID, start: s.Start}, nil
}

// runtimes remembers the states of all containers of runc and crun for a short time, since a lookup by process has to
// read them all.
type runtimes struct {
	mu    sync.Mutex
	lists map[string]runtimeList
}

type runtimeList struct {
	read   time.Time
	states []runtimeState
}

// runtimesFresh is how long a list of states is used again.
const runtimesFresh = 2 * time.Second

func (r *runtimes) in(v view, dir string) []runtimeState {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := v.path(dir)
	if list, ok := r.lists[key]; ok && time.Since(list.read) < runtimesFresh {
		return list.states
	}
	states := readRuntimes(v, dir)
	if r.lists == nil {
		r.lists = make(map[string]runtimeList)
	}
	r.lists[key] = runtimeList{time.Now(), states}
	return states
}

func readRuntimes(v view, dir string) []runtimeState {
	ids, err := v.list(dir)
	if err != nil {
		return nil
	}
	var states []runtimeState
	for _, id := range ids {
		if s, err := readRuntime(v, path.Join(dir, id)); err == nil {
			s.id = id
			states = append(states, s)
		}
	}
	return states
}

func readRuntime(v view, dir string) (runtimeState, error) {
	file := path.Join(dir, "state.json")
	parse := parseRuncState
	text, err := v.read(file)
	if err != nil {
		file, parse = path.Join(dir, "status"), parseCrunStatus
		if text, err = v.read(file); err != nil {
			return runtimeState{}, err
		}
	}
	s, err := parse(text)
	s.file = v.path(file)
	return s, err
}

// runtime looks for the state of the runtime that started the process: one that names its PID and start time. What a
// nested runtime wrote names PIDs of its own namespace, so it is not found.
func (q query) runtime() *found {
	dirs := []string{"/run/runc", "/run/crun"}
	for _, uid := range q.users {
		user := "/run/user/" + strconv.FormatUint(uint64(uid), 10)
		dirs = append(dirs, user+"/runc", user+"/crun")
	}
	for _, v := range q.views() {
		for _, dir := range dirs {
			for _, s := range q.runtimes.in(v, dir) {
				if s.pid != q.pid || s.start != q.start {
					continue
				}
				return &found{
					engine: s.runtime, runtime: s.runtime, id: s.id, name: s.id,
					evidence: Evidence{s.file, "first process " + strconv.Itoa(s.pid)},
				}
			}
		}
	}
	return nil
}
