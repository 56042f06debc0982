package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// NamespaceTypes are the types in the order of the screens' fingerprint.
var NamespaceTypes = [8]string{"mnt", "net", "pid", "ipc", "uts", "user", "cgroup", "time"}

// Source says where a sandbox's namespace comes from: "new", "host" (whatever cutaway is in), "container:NAME" or
// "process:PID". The empty Source is the host's.
type Source string

// The sources without a target.
const (
	NewNamespace  Source = "new"
	HostNamespace Source = "host"
)

// Joined returns what the namespace is joined from, such as "db" or "4242", and whether it is joined at all.
func (s Source) Joined() (target string, ok bool) {
	for _, prefix := range []string{"container:", "process:"} {
		if target, ok = strings.CutPrefix(string(s), prefix); ok {
			return target, true
		}
	}
	return "", false
}

// IsNew tells whether a new namespace is made.
func (s Source) IsNew() bool { return s == NewNamespace }

// check says what is wrong with a source.
func (s Source) check() error {
	if s == NewNamespace || s == HostNamespace || s == "" {
		return nil
	}
	target, ok := s.Joined()
	if !ok || target == "" {
		return fmt.Errorf("%q is not a namespace: say new, host, container:NAME or process:PID", string(s))
	}
	if strings.HasPrefix(string(s), "process:") {
		if pid, err := strconv.Atoi(target); err != nil || pid < 1 {
			return fmt.Errorf("%q is not a PID", target)
		}
	}
	return nil
}

// Namespaces says for each type where the sandbox's namespace comes from.
type Namespaces struct {
	Mnt    Source `json:"mnt"`
	Net    Source `json:"net"`
	PID    Source `json:"pid"`
	IPC    Source `json:"ipc"`
	UTS    Source `json:"uts"`
	User   Source `json:"user"`
	Cgroup Source `json:"cgroup"`
	Time   Source `json:"time"`
}

// OtherUser tells whether the sandbox is in another user namespace than cutaway: a new one, or one that it joins.
func (n *Namespaces) OtherUser() bool {
	_, joined := n.User.Joined()
	return joined || n.User.IsNew()
}

// Of is the source of a type by its name in /proc/PID/ns; nil when there is no such type.
func (n *Namespaces) Of(name string) *Source {
	switch name {
	case "mnt":
		return &n.Mnt
	case "net":
		return &n.Net
	case "pid":
		return &n.PID
	case "ipc":
		return &n.IPC
	case "uts":
		return &n.UTS
	case "user":
		return &n.User
	case "cgroup":
		return &n.Cgroup
	case "time":
		return &n.Time
	}
	return nil
}
