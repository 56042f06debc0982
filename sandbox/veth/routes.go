package veth

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// OverlapError refuses a range of addresses that the host already routes: with it the host would not reach any more what
// is there, or the sandbox not the host.
type OverlapError struct {
	Wanted netip.Prefix
	Route  netip.Prefix // of the host's that it overlaps
	Device string       // that the route leads to; "" when it leads to none
}

// Error says what to do, too.
func (e *OverlapError) Error() string {
	by := e.Route.String()
	if e.Device != "" {
		by += " on " + e.Device
	}
	return fmt.Sprintf("the host already routes %s (%s): choose addresses that `ip route show table all` does not name", e.Wanted.Masked(), by)
}

// refuseOverlap compares a range with every route of every table, those of the interface with the index except excluded.
func refuseOverlap(h *netlink.Handle, wanted netip.Prefix, except int) error {
	family := netlink.FAMILY_V4
	if wanted.Addr().Is6() {
		family = netlink.FAMILY_V6
	}
	routes, err := allRoutes(h, family)
	if err != nil {
		return fmt.Errorf("list the host's routes: %w", err)
	}
	for _, r := range routes {
		dst, ok := destination(&r)
		if !ok || r.LinkIndex == except && except != 0 || !dst.Overlaps(wanted) {
			continue
		}
		return &OverlapError{Wanted: wanted, Route: dst, Device: deviceName(h, r.LinkIndex)}
	}
	return nil
}

// allRoutes lists the routes of all tables. A list that changed while the kernel wrote it is asked for again.
func allRoutes(h *netlink.Handle, family int) (routes []netlink.Route, err error) {
	for range 5 {
		routes, err = h.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return routes, err
}

// destination is where a route leads. It is not ok for one that leads everywhere, which gives way to any narrower one: a
// default route, also written as halves, as VPNs do (0.0.0.0/1 and 128.0.0.0/1), or as all of IPv6 that is given out
// (2000::/3). Routes to multicast groups are not about hosts.
func destination(r *netlink.Route) (netip.Prefix, bool) {
	if r.Dst == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(r.Dst.IP)
	bits, size := r.Dst.Mask.Size()
	if ok && size == 32 {
		addr = addr.Unmap()
	}
	p := netip.PrefixFrom(addr, bits)
	if !ok || !p.IsValid() || addr.IsMulticast() {
		return p, false
	}
	everywhere := 1
	if addr.Is6() {
		everywhere = 3
	}
	return p, bits > everywhere
}

func deviceName(h *netlink.Handle, index int) string {
	link, err := h.LinkByIndex(index)
	if err != nil {
		return ""
	}
	return link.Attrs().Name
}
