package cli

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/sandbox"
)

// sourceFlags are the flags that say where a namespace comes from, by the type. Those that could be taken for something
// else have "ns" behind their names, as docker run's have.
var sourceFlags = map[string]string{
	"mnt": "mnt", "net": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "userns", "cgroup": "cgroupns", "time": "timens",
}

func namespaceOptions() []runOption {
	what := map[string]string{
		"mnt": "mounts", "net": "interfaces, addresses, ports", "pid": "process numbers", "ipc": "shared memory, message queues",
		"uts": "the host's name", "user": "ids and capabilities", "cgroup": "the root of the cgroups", "time": "clocks since boot",
	}
	var list []runOption
	for _, name := range sandbox.NamespaceTypes {
		list = append(list, runOption{
			name: sourceFlags[name], usage: what[name] + ": the " + name + " namespace from `SOURCE`",
			set: func(w *specWriter, value string) error {
				*w.Namespaces.Of(name) = sourceOf(value)
				return nil
			},
		})
	}
	types := sandbox.NamespaceTypes[:]
	return append(
		list,
		runOption{
			name: "new", usage: "new namespaces of these `TYPES`, the host's for all others", words: types, first: true,
			set: func(w *specWriter, value string) error {
				for _, name := range sandbox.NamespaceTypes {
					*w.Namespaces.Of(name) = sandbox.HostNamespace
				}
				return w.sources(value, sandbox.NewNamespace)
			},
		},
		runOption{
			name: "host", usage: "the host's namespaces of these `TYPES`", words: types,
			set: func(w *specWriter, value string) error { return w.sources(value, sandbox.HostNamespace) },
		},
		runOption{name: "uid-map", usage: "`INSIDE:OUTSIDE:COUNT` of the user ids of a new user namespace", set: func(w *specWriter, value string) error {
			return mappingInto(&w.UIDMap, value)
		}},
		runOption{name: "gid-map", usage: "the same of its group ids: `INSIDE:OUTSIDE:COUNT`", set: func(w *specWriter, value string) error {
			return mappingInto(&w.GIDMap, value)
		}},
		runOption{name: "hostname", usage: "the `NAME` of a new uts namespace", set: func(w *specWriter, value string) error {
			w.Hostname = value
			return nil
		}},
		runOption{name: "loopback", bare: "true", usage: "lo is up in a new net namespace", set: func(w *specWriter, value string) error {
			return boolInto(&w.Network.Loopback, value)
		}},
		runOption{
			name: "veth", usage: "as root: a pair of interfaces to the host with the addresses `HOST,INSIDE`, as 10.77.0.1/30,10.77.0.2/30; with ,no-gateway behind them no route is set",
			set: (*specWriter).veth,
		},
		runOption{name: "boottime", usage: "the time since boot is `SECONDS` more in a new time namespace", set: func(w *specWriter, value string) error {
			return secondsInto(&w.Time.Boottime, value)
		}},
		runOption{name: "monotonic", usage: "the monotonic clock is `SECONDS` more in a new time namespace", set: func(w *specWriter, value string) error {
			return secondsInto(&w.Time.Monotonic, value)
		}},
	)
}

// sourceOf reads a namespace's source. docker run says private and none for what is new.
func sourceOf(value string) sandbox.Source {
	switch value {
	case "private", "none":
		return sandbox.NewNamespace
	}
	return sandbox.Source(value)
}

func (w *specWriter) sources(types string, source sandbox.Source) error {
	for name := range strings.SplitSeq(types, ",") {
		to := w.Namespaces.Of(name)
		if to == nil {
			return fmt.Errorf("%q is no type of namespace: say some of %s", name, strings.Join(sandbox.NamespaceTypes[:], ","))
		}
		*to = source
	}
	return nil
}

func mappingInto(to *[]sandbox.IDMapping, text string) error {
	var m sandbox.IDMapping
	parts := strings.Split(text, ":")
	for i, n := range []*uint32{&m.Inside, &m.Outside, &m.Count} {
		if len(parts) != 3 || idInto(n, parts[i]) != nil {
			return fmt.Errorf("%q is not INSIDE:OUTSIDE:COUNT in numbers, such as 0:100000:65536", text)
		}
	}
	*to = append(*to, m)
	return nil
}

func idInto(to *uint32, text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	*to = uint32(n)
	return err
}

func boolInto(to *bool, text string) error {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	*to = yes
	return nil
}

func secondsInto(to *int64, text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of seconds", text)
	}
	*to = n
	return nil
}

func (w *specWriter) veth(value string) error {
	parts := strings.Split(value, ",")
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "no-gateway" {
		return fmt.Errorf("%q is not HOST,INSIDE, such as 10.77.0.1/30,10.77.0.2/30", value)
	}
	w.Network.Veth = &sandbox.Veth{Host: parts[0], Inside: parts[1], Gateway: len(parts) == 2}
	return nil
}
