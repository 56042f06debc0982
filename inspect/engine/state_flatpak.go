package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

var errNoApplication = errors.New("it names no application")

// parseBwrapInfo reads the PID of a sandbox's first process from the bwrapinfo.json of a running Flatpak
// (bwrap(1), --info-fd).
func parseBwrapInfo(text []byte) (int, error) {
	var info struct {
		PID int `json:"child-pid"`
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return 0, fmt.Errorf("parse what bwrap tells of a Flatpak: %w", err)
	}
	return info.PID, nil
}

// parseFlatpakInfo reads the application's or runtime's name from an instance's info file, a key file as
// flatpak-metadata(5) has it.
func parseFlatpakInfo(text []byte) (string, error) {
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := between(line, "[", "]"); ok {
			section = name
			continue
		}
		if name, ok := strings.CutPrefix(line, "name="); ok && name != "" && (section == "Application" || section == "Runtime") {
			return name, nil
		}
	}
	return "", fmt.Errorf("parse a Flatpak's info: %w", errNoApplication)
}

// flatpak looks among a user's running Flatpaks for the sandbox. Flatpak keeps an instance's directory in the user's
// runtime directory (flatpak: common/flatpak-instance.c).
func (q query) flatpak() *found {
	for _, uid := range q.users {
		dir := "/run/user/" + strconv.FormatUint(uint64(uid), 10) + "/.flatpak"
		instances, _ := q.host.list(dir)
		for _, instance := range instances {
			if f := q.flatpakInstance(path.Join(dir, instance)); f != nil {
				return f
			}
		}
	}
	return nil
}

func (q query) flatpakInstance(dir string) *found {
	text, err := q.host.read(path.Join(dir, "bwrapinfo.json"))
	if err != nil {
		return nil
	}
	if pid, err := parseBwrapInfo(text); err != nil || pid != q.pid {
		return nil
	}
	file := path.Join(dir, "info")
	if text, err = q.host.read(file); err != nil {
		return nil
	}
	name, err := parseFlatpakInfo(text)
	if err != nil {
		return nil
	}
	return &found{engine: Flatpak, id: name, name: name, evidence: Evidence{q.host.path(file), "name " + name}}
}
