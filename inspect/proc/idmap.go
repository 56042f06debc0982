package proc

import "bytes"

// ParseIDMap reads /proc/PID/uid_map or gid_map, see user_namespaces(7). A user namespace whose map was not written yet
// has none. Outside is as the user namespace of the reader sees it. The error wraps ErrFormat.
func ParseIDMap(b []byte) ([]IDMapping, error) {
	var mappings []IDMapping
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		m, ok := parseIDMapping(line)
		if !whole || !ok {
			return mappings, formatError("id map", line)
		}
		mappings = append(mappings, m)
		b = rest
	}
	return mappings, nil
}

func parseIDMapping(line []byte) (m IDMapping, ok bool) {
	var ok1, ok2, ok3 bool
	m.Inside, line, ok1 = takeUint32(line)
	m.Outside, line, ok2 = takeUint32(line)
	m.Count, line, ok3 = takeUint32(line)
	return m, ok1 && ok2 && ok3 && len(skipBlanks(line)) == 0
}
