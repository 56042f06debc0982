package proc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// SocketFiles are the files below /proc/PID/net that ParseNetSockets reads.
var SocketFiles = [...]string{"tcp", "tcp6", "udp", "udp6", "unix"}

// Socket is one line of a socket table in /proc/PID/net, see proc_pid_net(5).
type Socket struct {
	Proto  string         // the table: "tcp", "tcp6", "udp", "udp6", "unix"
	Type   string         // of unix: "stream", "dgram", "seqpacket"
	Local  netip.AddrPort // not of unix
	Remote netip.AddrPort // not of unix; port 0 when not connected
	State  string         // "LISTEN", "ESTABLISHED", …; "UNCONN" for a datagram socket without a peer
	Inode  uint64         // as in the link "socket:[1234]" of a descriptor; 0 when no descriptor is left
	UID    uint32         // the owner, as the reader's user namespace sees it; not of unix
	Path   string         // of unix: the file, "@name" for an abstract one, or empty
}

// Listening tells whether the socket waits for what comes: a stream that accepts connections, or a datagram socket that
// is bound and has no peer.
func (s *Socket) Listening() bool {
	switch s.State {
	case "LISTEN":
		return true
	case "UNCONN":
		return s.Path != "" || s.Local.Port() != 0
	}
	return false
}

// Listening picks the sockets that wait for what comes.
func Listening(sockets []Socket) []Socket {
	var found []Socket
	for i := range sockets {
		if sockets[i].Listening() {
			found = append(found, sockets[i])
		}
	}
	return found
}

// ParseNetSockets reads one of SocketFiles, whose name is proto: the sockets in the process's network namespace. At a
// line that it does not understand it stops: the error wraps ErrFormat and the sockets before it are returned too.
func ParseNetSockets(proto string, b []byte) ([]Socket, error) {
	heading, b, _ := bytes.Cut(b, []byte{'\n'})
	if !bytes.Contains(heading, []byte("inode")) && !bytes.Contains(heading, []byte("Inode")) {
		return nil, formatError("net/"+proto, heading)
	}
	if proto == "unix" {
		return parseUnixSockets(b)
	}
	sockets := make([]Socket, 0, countLines(b, len("0: 0100007F:0016 00000000:0000 0A 0 0 0 0 0 1\n")))
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		s, ok := parseInetSocket(proto, line)
		if !whole || !ok {
			return sockets, formatError("net/"+proto, line)
		}
		sockets = append(sockets, s)
		b = rest
	}
	return sockets, nil
}

// parseInetSocket reads the columns sl, local_address, rem_address, st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid,
// timeout, inode (get_tcp4_sock in net/ipv4/tcp_ipv4.c).
func parseInetSocket(proto string, line []byte) (Socket, bool) {
	s := Socket{Proto: proto}
	line = skipField(line)
	local, line := takeField(line)
	remote, line := takeField(line)
	state, line := takeField(line)
	line = skipField(skipField(skipField(line)))
	var ok1, ok2, ok3, ok4, ok5 bool
	s.Local, ok1 = parseSocketAddress(local)
	s.Remote, ok2 = parseSocketAddress(remote)
	s.State, ok3 = socketState(proto, state)
	s.UID, line, ok4 = takeUint32(line)
	s.Inode, _, ok5 = takeUint(skipField(line))
	return s, ok1 && ok2 && ok3 && ok4 && ok5
}

// parseSocketAddress reads "0100007F:07E8": 32-bit words of the address, each printed as the number that its bytes make
// on this machine, and the port.
func parseSocketAddress(text []byte) (netip.AddrPort, bool) {
	address, port, _ := bytes.Cut(text, []byte{':'})
	const digits = 8 // of a word
	if len(address) != digits && len(address) != 4*digits || len(port) != 4 {
		return netip.AddrPort{}, false
	}
	number, ok := parseHex(port)
	if !ok {
		return netip.AddrPort{}, false
	}
	var ip [16]byte
	for i := 0; i < len(address); i += digits {
		word, ok := parseHex(address[i : i+digits])
		if !ok {
			return netip.AddrPort{}, false
		}
		binary.NativeEndian.PutUint32(ip[i/2:], uint32(word))
	}
	if len(address) == digits {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[:4])), uint16(number)), true
	}
	return netip.AddrPortFrom(netip.AddrFrom16(ip), uint16(number)), true
}

// tcpStates are the states of include/net/tcp_states.h, from 1.
var tcpStates = [...]string{
	1: "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
	"LISTEN", "CLOSING", "NEW_SYN_RECV", "BOUND_INACTIVE",
}

// socketState names a state; a number that a newer kernel may add stays a number. A datagram socket uses TCP's numbers:
// connected or not.
func socketState(proto string, hex []byte) (string, bool) {
	n, ok := parseHex(hex)
	if !ok {
		return "", false
	}
	const closed = 7
	if n == closed && proto != "tcp" && proto != "tcp6" {
		return "UNCONN", true
	}
	if n > 0 && n < uint64(len(tcpStates)) {
		return tcpStates[n], true
	}
	return string(hex), true
}
