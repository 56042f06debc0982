package inspect

import (
	"bytes"
	"context"
	"slices"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// network is what /proc/PID/net tells of a process's network namespace.
type network struct {
	interfaces reading.Of[[]proc.Interface]
	sockets    reading.Of[[]proc.Socket]
	cut        []string
}

// maxSockets caps, in bytes, what is read of one socket table: about 28,000 sockets. The kernel lists those that listen
// first (tcp_seq_start in net/ipv4/tcp_ipv4.c), so that a busy server's are among them.
const maxSockets = 4 << 20

// readNetwork reads the tables. One that is missing (no IPv6) leaves the others.
func readNetwork(dir *procDir) (network, error) {
	text, _, err := dir.read("net/dev", maxSockets)
	n := network{interfaces: parsed(text, err, proc.ParseNetDev)}
	slices.SortFunc(n.interfaces.Value, func(a, b proc.Interface) int { return compareNames(a.Name, b.Name) })
	var firstErr error
	for _, table := range proc.SocketFiles {
		name := "net/" + table
		text, cut, err := dir.read(name, maxSockets)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		if cut {
			text = text[:bytes.LastIndexByte(text, '\n')+1]
		}
		sockets, err := proc.ParseNetSockets(table, text)
		if cut || err != nil {
			n.cut = append(n.cut, name)
		}
		n.sockets.Value = append(n.sockets.Value, sockets...)
		n.sockets.How = reading.FromError(nil)
	}
	if !n.sockets.OK() {
		n.sockets.How = reading.FromError(firstErr)
	}
	return n, nil
}

// startNetwork starts reading the tables and returns what waits for them.
func startNetwork(ctx context.Context, g *guard, id ID, dir *procDir) func() network {
	wait := readAside(ctx, g, id, dir, "net", readNetwork)
	return func() network {
		net, err := wait()
		if err != nil {
			return unreadNetwork(err)
		}
		return net
	}
}

// unreadNetwork is the network of which nothing could be read.
func unreadNetwork(err error) network {
	return network{interfaces: reading.Error[[]proc.Interface](err), sockets: reading.Error[[]proc.Socket](err)}
}

// compareNames puts the loopback interface first, as ip(8) does.
func compareNames(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "lo" || b != "lo" && a < b:
		return -1
	}
	return 1
}

// byInode finds sockets by what the link of a descriptor says.
func (n *network) byInode() map[uint64]*proc.Socket {
	found := make(map[uint64]*proc.Socket, len(n.sockets.Value))
	for i := range n.sockets.Value {
		if s := &n.sockets.Value[i]; s.Inode != 0 {
			found[s.Inode] = s
		}
	}
	return found
}

// setNetwork takes over the interfaces and the listening sockets, and finds which of these are the process's own.
func (d *Detail) setNetwork(n network) {
	d.Interfaces = n.interfaces
	d.Listening.How = n.sockets.How
	d.Cut = append(d.Cut, n.cut...)
	own := make(map[uint64]int)
	for i := range d.Files.Value {
		if f := &d.Files.Value[i]; f.Link.Kind == proc.FDSocket {
			own[f.Link.Ino] = f.FD
		}
	}
	for _, s := range proc.Listening(n.sockets.Value) {
		l := Listener{Socket: s, FD: -1}
		if fd, ok := own[s.Inode]; ok && s.Inode != 0 {
			l.FD = fd
		}
		d.Listening.Value = append(d.Listening.Value, l)
	}
}
