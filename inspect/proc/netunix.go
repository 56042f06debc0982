package proc

import "bytes"

// parseUnixSockets reads /proc/PID/net/unix without its heading. A path may hold a newline and the kernel prints it as it
// is (unix_seq_show in net/unix/af_unix.c): what follows it belongs to the path, unless it looks like a line of its
// own. So a socket here is what its owner claims; a path never proves that a service listens there.
func parseUnixSockets(b []byte) ([]Socket, error) {
	var sockets []Socket
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		s, ok := parseUnixSocket(line)
		switch {
		case !whole || !ok && len(sockets) == 0:
			return sockets, formatError("net/unix", line)
		case ok:
			sockets = append(sockets, s)
		case !sockets[len(sockets)-1].continuePath(line):
			return sockets, formatError("net/unix", line)
		}
		b = rest
	}
	return sockets, nil
}

// maxUnixPath is the size of a path (UNIX_PATH_MAX, unix(7)) with a byte more for the "@" of an abstract one.
const maxUnixPath = 109

// continuePath adds a line to the path; ok is false when the path gets longer than a path can be.
func (s *Socket) continuePath(line []byte) (ok bool) {
	if s.Path == "" || len(s.Path)+1+len(line) > maxUnixPath {
		return false
	}
	s.Path += "\n" + string(line)
	return true
}

// parseUnixSocket reads the columns Num, RefCount, Protocol, Flags, Type, St, Inode, Path.
func parseUnixSocket(line []byte) (Socket, bool) {
	num, line := takeField(line)
	_, line = takeField(line)
	_, line = takeField(line)
	flags, line := takeField(line)
	kind, line := takeField(line)
	state, line := takeField(line)
	inode, line, ok1 := takeUint(line)
	// Widths are fixed (%p: %08X %08X %08X %04X %02X), which makes it harder for a path to look like a line.
	if !ok1 || !bytes.HasSuffix(num, []byte{':'}) || len(flags) != 8 || len(kind) != 4 || len(state) != 2 {
		return Socket{}, false
	}
	flagBits, ok2 := parseHex(flags)
	kindNumber, ok3 := parseHex(kind)
	stateNumber, ok4 := parseHex(state)
	path, hasPath := bytes.CutPrefix(line, []byte{' '})
	return Socket{
		Proto: "unix",
		Type:  unixType(kindNumber),
		State: unixState(stateNumber, flagBits),
		Inode: inode,
		Path:  string(path),
	}, ok2 && ok3 && ok4 && (hasPath || len(line) == 0)
}

// unixType names a type of socket(2).
func unixType(n uint64) string {
	switch n {
	case 1:
		return "stream"
	case 2:
		return "dgram"
	case 5:
		return "seqpacket"
	}
	return "unknown"
}

// unixState names a state of include/uapi/linux/net.h (SS_*); a socket that listens has a flag instead.
func unixState(state, flags uint64) string {
	const acceptsConnections = 1 << 16 // __SO_ACCEPTCON
	if flags&acceptsConnections != 0 {
		return "LISTEN"
	}
	switch state {
	case 1:
		return "UNCONN"
	case 2:
		return "CONNECTING"
	case 3:
		return "ESTABLISHED"
	case 4:
		return "DISCONNECTING"
	}
	return "UNKNOWN"
}
