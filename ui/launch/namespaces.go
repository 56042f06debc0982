package launch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox"
)

// SourceNames are the options that say where a namespace comes from, by the type. Those that could be taken for something
// else have "ns" behind their names, as docker run's have.
var SourceNames = map[string]string{
	"mnt": "mnt", "net": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "userns", "cgroup": "cgroupns", "time": "timens",
}

// aboutNamespaces says of each type what is in it, and what follows from a new one.
var aboutNamespaces = map[string][2]string{
	"mnt":    {"mounts", "its own mounts: what is mounted in a new one, nobody outside sees"},
	"net":    {"interfaces, addresses, ports", "its own interfaces, addresses and ports; nothing but lo is in a new one"},
	"pid":    {"process numbers", "its own process numbers: from 1 on, and no process outside is seen"},
	"ipc":    {"shared memory, message queues", "its own shared memory, semaphores and message queues"},
	"uts":    {"the host's name", "its own host name: to change it does not change the host's"},
	"user":   {"ids and capabilities", "its own ids and rights: root inside is a user without rights outside"},
	"cgroup": {"the root of the cgroups", "its own view of cgroups: the one that it began in looks like the root"},
	"time":   {"clocks since boot", "its own clocks since boot; the time of day is everywhere the same"},
}

func namespaceOptions() []Option {
	var list []Option
	for _, name := range sandbox.NamespaceTypes {
		list = append(list, namespaceOption(name))
	}
	types := sandbox.NamespaceTypes[:]
	list = append(
		list,
		Option{
			Name: "new", Usage: "new namespaces of these `TYPES`, the host's for all others", Words: types, first: true,
			set: func(w *writer, value string) error {
				for _, name := range sandbox.NamespaceTypes {
					*w.Namespaces.Of(name) = sandbox.HostNamespace
				}
				return w.sources(value, sandbox.NewNamespace)
			},
		},
		Option{
			Name: "host", Usage: "the host's namespaces of these `TYPES`", Words: types,
			set: func(w *writer, value string) error { return w.sources(value, sandbox.HostNamespace) },
		},
		mapOption("uid-map", "`INSIDE:OUTSIDE:COUNT` of the user ids of a new user namespace", "uid_map",
			"users outside for those inside: INSIDE:OUTSIDE:COUNT, never host root",
			func(s *sandbox.Spec) *[]sandbox.IDMapping { return &s.UIDMap }),
		mapOption("gid-map", "the same of its group ids: `INSIDE:OUTSIDE:COUNT`", "gid_map",
			"groups outside for those inside: INSIDE:OUTSIDE:COUNT",
			func(s *sandbox.Spec) *[]sandbox.IDMapping { return &s.GIDMap }),
		Option{
			Name: "hostname", Usage: "the `NAME` of a new uts namespace",
			set: func(w *writer, value string) error {
				w.Hostname = value
				return nil
			},
			Row: Row{
				About: "the machine's name inside; it takes a uts namespace of its own", Empty: "as it is", Typed: true,
				Fields: []string{"hostname"}, get: func(s *sandbox.Spec) string { return s.Hostname },
			},
		},
		Option{
			Name: "loopback", Bare: "true", Usage: "lo is up in a new net namespace",
			set: func(w *writer, value string) error { return boolInto(&w.Network.Loopback, value) },
			Row: Row{
				About: "lo, 127.0.0.1, is up: programs inside can reach one another over it", Choices: onOff,
				Fields: []string{"network.loopback"}, get: func(s *sandbox.Spec) string { return strconv.FormatBool(s.Network.Loopback) },
			},
		},
		vethOption(),
	)
	return append(list, clockOptions()...)
}

func namespaceOption(name string) Option {
	about := aboutNamespaces[name]
	return Option{
		Name: SourceNames[name], Usage: about[0] + ": the " + name + " namespace from `SOURCE`",
		set: func(w *writer, value string) error {
			*w.Namespaces.Of(name) = sourceOf(value)
			return nil
		},
		Row: Row{
			About: about[1], Choices: []string{string(sandbox.NewNamespace), string(sandbox.HostNamespace)}, Typed: true,
			Fields: []string{"namespaces." + name},
			get: func(s *sandbox.Spec) string {
				if source := *s.Namespaces.Of(name); source != "" {
					return string(source)
				}
				return string(sandbox.HostNamespace)
			},
			put: putSource(name),
		},
	}
}

// putSource takes what is a source, or the beginning of one.
func putSource(name string) func(*writer, string) error {
	return func(w *writer, value string) error {
		source := sourceOf(strings.TrimSpace(value))
		target, joined := source.Joined()
		if !joined && !source.IsNew() && source != sandbox.HostNamespace || joined && target == "" {
			return fmt.Errorf("%q is no source: say new, host, container:NAME or process:PID", value)
		}
		*w.Namespaces.Of(name) = source
		return nil
	}
}

// sourceOf reads a namespace's source. docker run says private and none for what is new.
func sourceOf(value string) sandbox.Source {
	switch value {
	case "private", "none":
		return sandbox.NewNamespace
	}
	return sandbox.Source(value)
}

func (w *writer) sources(types string, source sandbox.Source) error {
	for name := range strings.SplitSeq(types, ",") {
		to := w.Namespaces.Of(name)
		if to == nil {
			return fmt.Errorf("%q is no type of namespace: say some of %s", name, strings.Join(sandbox.NamespaceTypes[:], ","))
		}
		*to = source
	}
	return nil
}

func mapOption(name, usage, field, about string, maps func(*sandbox.Spec) *[]sandbox.IDMapping) Option {
	add := func(w *writer, value string) error { return mappingInto(maps(w.Spec), value) }
	return Option{
		Name: name, Usage: usage, set: add,
		Row: Row{
			About: about, Empty: "cutaway chooses", Typed: true, Fields: []string{field},
			get: func(s *sandbox.Spec) string {
				return joined(*maps(s), func(m sandbox.IDMapping) string { return fmt.Sprintf("%d:%d:%d", m.Inside, m.Outside, m.Count) })
			},
			put: list(func(w *writer) { *maps(w.Spec) = nil }, add),
		},
	}
}

func mappingInto(to *[]sandbox.IDMapping, text string) error {
	var m sandbox.IDMapping
	parts := strings.Split(text, ":")
	for i, n := range []*uint32{&m.Inside, &m.Outside, &m.Count} {
		if len(parts) != 3 || idInto(n, parts[i]) != nil {
			return fmt.Errorf("%q is not INSIDE:OUTSIDE:COUNT in numbers, such as 0:100000:65536", text)
		}
	}
	*to = append(slices.Clone(*to), m)
	return nil
}

func vethOption() Option {
	return Option{
		Name: "veth", Usage: "as root: a pair of interfaces to the host with the addresses `HOST,INSIDE`, as 10.77.0.1/30,10.77.0.2/30; with ,no-gateway behind them no route is set",
		set: (*writer).veth,
		Row: Row{
			About: "a pair of interfaces to the host, as root: 10.77.0.1/30,10.77.0.2/30",
			Empty: "none", Typed: true, Fields: []string{"network.veth"},
			get: func(s *sandbox.Spec) string {
				v := s.Network.Veth
				switch {
				case v == nil:
					return ""
				case v.Gateway:
					return v.Host + "," + v.Inside
				}
				return v.Host + "," + v.Inside + ",no-gateway"
			},
			put: orNone(func(w *writer) { w.Network.Veth = nil }, (*writer).veth),
		},
	}
}

func (w *writer) veth(value string) error {
	parts := strings.Split(value, ",")
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "no-gateway" {
		return fmt.Errorf("%q is not HOST,INSIDE, such as 10.77.0.1/30,10.77.0.2/30", value)
	}
	w.Network.Veth = &sandbox.Veth{Host: parts[0], Inside: parts[1], Gateway: len(parts) == 2}
	return nil
}

func clockOptions() []Option {
	clock := func(name, usage, about string, fields []string, seconds func(*sandbox.Spec) *int64) Option {
		return Option{
			Name: name, Usage: usage,
			set: func(w *writer, value string) error { return secondsInto(seconds(w.Spec), value) },
			Row: Row{
				About: about, Typed: true, Fields: fields,
				get: func(s *sandbox.Spec) string { return strconv.FormatInt(*seconds(s), 10) },
			},
		}
	}
	return []Option{
		clock("boottime", "the time since boot is `SECONDS` more in a new time namespace",
			"seconds that the machine seems to be up longer, as uptime tells inside",
			[]string{"time.boottime", "time"}, func(s *sandbox.Spec) *int64 { return &s.Time.Boottime }),
		clock("monotonic", "the monotonic clock is `SECONDS` more in a new time namespace",
			"seconds that the clock is ahead by which programs measure time",
			[]string{"time.monotonic"}, func(s *sandbox.Spec) *int64 { return &s.Time.Monotonic }),
	}
}
