package proc

import "bytes"

// Interface is one line of /proc/PID/net/dev: a network interface and its counters since it was made.
type Interface struct {
	Name                 string
	RxBytes, TxBytes     uint64
	RxPackets, TxPackets uint64
	RxErrors, TxErrors   uint64
	RxDropped, TxDropped uint64
}

// ParseNetDev reads /proc/PID/net/dev, see proc_pid_net(5): the interfaces in the process's network namespace. At a line
// that it does not understand it stops: the error wraps ErrFormat and the interfaces before it are returned too.
func ParseNetDev(b []byte) ([]Interface, error) {
	for range 2 { // the heading
		heading, rest, _ := bytes.Cut(b, []byte{'\n'})
		if bytes.IndexByte(heading, '|') < 0 {
			return nil, formatError("net/dev", heading)
		}
		b = rest
	}
	var interfaces []Interface
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		i, ok := parseInterface(line)
		if !whole || !ok {
			return interfaces, formatError("net/dev", line)
		}
		interfaces = append(interfaces, i)
		b = rest
	}
	return interfaces, nil
}

// parseInterface reads a line; the name can hold neither blanks nor colons (dev_valid_name in net/core/dev.c), and a
// first number that is wide touches the colon.
func parseInterface(line []byte) (i Interface, ok bool) {
	name, rest, found := bytes.Cut(skipBlanks(line), []byte{':'})
	if !found || len(name) == 0 {
		return Interface{}, false
	}
	i.Name = string(name)
	columns := [16]*uint64{
		0: &i.RxBytes, 1: &i.RxPackets, 2: &i.RxErrors, 3: &i.RxDropped,
		8: &i.TxBytes, 9: &i.TxPackets, 10: &i.TxErrors, 11: &i.TxDropped,
	}
	for _, column := range columns {
		var n uint64
		if n, rest, ok = takeUint(rest); !ok {
			return Interface{}, false
		}
		if column != nil {
			*column = n
		}
	}
	return i, len(skipBlanks(rest)) == 0
}
