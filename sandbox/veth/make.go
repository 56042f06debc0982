package veth

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
)

// Make makes the pair: one end in the caller's network namespace, the other, eth0, in the one that netns is open on
// (/proc/PID/ns/net), both up and with their addresses. It needs CAP_NET_ADMIN over both, and CAP_SYS_ADMIN to enter the
// other for a moment. An error names the end and the address, and wraps the errno or an *OverlapError; nothing is left
// behind then.
func (p Pair) Make(netns *os.File) (*Connection, error) {
	host, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	defer host.Close()
	inside, err := handleIn(netns)
	if err != nil {
		return nil, err
	}
	defer inside.Close()

	if err := refuseOverlap(host, p.Host, 0); err != nil {
		return nil, err
	}
	end, err := p.add(host, netns)
	if err != nil {
		return nil, err
	}
	if err := p.configure(host, inside, end); err != nil {
		return nil, errors.Join(err, remove(host, end))
	}
	return &Connection{end}, nil
}

// configure sets both ends up.
func (p Pair) configure(host, inside *netlink.Handle, end netlink.Link) error {
	if err := deafen(p.Name, p.Host.Addr().Is4()); err != nil {
		return err
	}
	if err := setUp(host, end, p.Host); err != nil {
		return err
	}
	// Somebody else may have taken the range since: both would find the other's route now.
	if err := refuseOverlap(host, p.Host, end.Attrs().Index); err != nil {
		return err
	}
	return p.setUpInside(inside)
}

// Connection is a pair that was made.
type Connection struct{ end netlink.Link }

// Close takes the pair away at once. The kernel does it too, but only some time after the namespace's last process ended
// (cleanup_net in net/core/net_namespace.c), and the range could not be used again until then. A pair that is gone already
// is no error: its index is not given to another.
func (c *Connection) Close() error {
	host, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open a netlink socket: %w", err)
	}
	defer host.Close()
	return remove(host, c.end)
}

// handleIn opens a netlink socket in another network namespace: a socket stays in the one that it was made in.
func handleIn(netns *os.File) (h *netlink.Handle, err error) {
	onPassingThread(func() {
		if err = unix.Setns(int(netns.Fd()), unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("enter the sandbox's network namespace: setns: %w", err)
			return
		}
		if h, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			err = fmt.Errorf("open a netlink socket in the sandbox's network namespace: %w", err)
		}
	})
	return h, err
}

// onPassingThread runs f on a thread that ends with it, because nobody unlocks it (runtime.LockOSThread). Go never ends the
// main thread, though: it would stay in the namespace, keep it alive, and answer for the process in /proc/PID/ns. While
// that one is locked here, another goroutine runs on another thread.
func onPassingThread(f func()) {
	done := make(chan struct{})
	fault.Go(func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		onPassingThread(f)
		runtime.UnlockOSThread()
	})
	<-done
}

// add makes both ends in one request, the second in the sandbox's namespace from the first: it never has a name among the
// host's.
func (p Pair) add(host *netlink.Handle, netns *os.File) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = p.Name
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: InsideName, PeerNamespace: netlink.NsFd(netns.Fd())}
	if err := host.LinkAdd(pair); err != nil {
		return nil, fmt.Errorf("make %s with its peer %s inside: %w", p.Name, InsideName, err)
	}
	end, err := host.LinkByName(p.Name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find %s: %w", p.Name, err), remove(host, pair))
	}
	return end, nil
}

// remove takes an end away, and with it the other, if they are there.
func remove(host *netlink.Handle, end netlink.Link) error {
	if err := host.LinkDel(end); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove %s again: %w", end.Attrs().Name, err)
	}
	return nil
}

// setUpInside gives the sandbox's end its address and route.
func (p Pair) setUpInside(inside *netlink.Handle) error {
	end, err := inside.LinkByName(InsideName)
	if err != nil {
		return fmt.Errorf("find %s inside: %w", InsideName, err)
	}
	if err := setUp(inside, end, p.Inside); err != nil {
		return fmt.Errorf("inside: %w", err)
	}
	if !p.Gateway {
		return nil
	}
	route := &netlink.Route{LinkIndex: end.Attrs().Index, Gw: p.Host.Addr().AsSlice()}
	if err := inside.RouteAdd(route); err != nil {
		return fmt.Errorf("inside: add the default route through %s: %w", p.Host.Addr(), err)
	}
	return nil
}

// setUp gives an end its address and sets it up. Nobody else can have the address on a link of two, so that IPv6 need not
// ask first, for a second or more (RFC 4862, duplicate address detection).
func setUp(h *netlink.Handle, end netlink.Link, address netip.Prefix) error {
	a := &netlink.Addr{IPNet: ipNet(address)}
	if address.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	name := end.Attrs().Name
	if err := h.AddrAdd(end, a); err != nil {
		return fmt.Errorf("give %s the address %s: %w", name, address, err)
	}
	if err := h.LinkSetUp(end); err != nil {
		return fmt.Errorf("set %s up, whose address is %s: %w", name, address, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
