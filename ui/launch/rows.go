package launch

import (
	"fmt"
	"strings"
	"sync"

	"cutaway/sandbox"
)

// Rows are the options that a form has, under its headings: what is asked first comes first. The options that are not among
// them say what another row says too.
func Rows() []Group { return rows() }

var rows = sync.OnceValue(func() []Group {
	return []Group{
		named("command", "command", "workdir", "user", "group-add", "env", "hostname", "init", "terminal"),
		named("root directory", "root", "image-ref", "writable", "chroot", "tmp", "hide"),
		named("namespaces", "mnt", "net", "pid", "ipc", "uts", "userns", "cgroupns", "timens"),
		named("ids and clocks", "uid-map", "gid-map", "boottime", "monotonic"),
		named("network", "loopback", "veth"),
		named("mounts", "proc-mount", "sys-mount", "dev-mount", "bind", "ro-bind", "dev-bind", "tmpfs", "mqueue", "cgroupfs"),
		named("rights", "cap-keep", "no-new-privs", "seccomp", "landlock-ro", "landlock-rw", "rlimit"),
		named("limits", "memory", "swap", "cpus", "pids", "weight", "io", "cpuset", "memset", "own-cgroup"),
	}
})

func named(title string, names ...string) Group {
	g := Group{Title: title}
	for _, name := range names {
		g.Options = append(g.Options, Named(name))
	}
	return g
}

// RowOf is the option whose row shows what is said of a field of the Spec's JSON, such as "mounts[2]"; nil when it is said of
// no row.
func RowOf(s *sandbox.Spec, field string) *Option {
	if o := OptionOf(field); o != nil {
		return o
	}
	var i int
	if n, _ := fmt.Sscanf(field, "mounts[%d]", &i); n == 1 && i >= 0 && i < len(s.Mounts) {
		return Named(nameOf(&s.Mounts[i]))
	}
	if at := strings.IndexAny(field, ".["); at > 0 {
		return OptionOf(field[:at])
	}
	return nil
}
