package veth

import (
	"fmt"
	"net/netip"
)

// InsideName is the name of the sandbox's end.
const InsideName = "eth0"

// Pair is a pair of interfaces with the address of each end.
type Pair struct {
	Name    string       // of the host's end; see HostName
	Host    netip.Prefix // address of the host's end and the range that both are in, such as 10.77.0.1/30
	Inside  netip.Prefix // address of the sandbox's end
	Gateway bool         // a default route inside leads to the host's end
}

// HostName names the host's end after the sandbox's first process. The kernel allows 15 bytes (IFNAMSIZ less the NUL), and
// a PID has at most seven digits (PID_MAX_LIMIT in include/linux/threads.h).
func HostName(pid int) string { return fmt.Sprintf("cw%d", pid) }

// Addresses reads the addresses of both ends and says what is wrong with them: both must be of one range, be different,
// and be such that a host can have.
func Addresses(host, inside string) (h, i netip.Prefix, err error) {
	if h, err = address(host); err != nil {
		return h, i, err
	}
	if i, err = address(inside); err != nil {
		return h, i, err
	}
	if h.Masked() != i.Masked() {
		return h, i, fmt.Errorf("%s and %s are not of one range: give both the same prefix, such as 10.77.0.1/30 and 10.77.0.2/30", host, inside)
	}
	if h.Addr() == i.Addr() {
		return h, i, fmt.Errorf("%s is the address of both ends, which need two", host)
	}
	return h, i, nil
}

// address reads an address with its prefix.
func address(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q is not an address with its prefix, such as 10.77.0.1/30", text)
	}
	a := p.Addr()
	switch {
	case a.Is4In6():
		return p, fmt.Errorf("%s is an IPv4 address written as IPv6: write it as IPv4", text)
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a.Is4() && a.As4()[0] >= 240:
		return p, fmt.Errorf("%s is not an address that an interface can have", text)
	case a.Is6() && a.IsLinkLocalUnicast():
		return p, fmt.Errorf("%s is link-local, which every interface has by itself: choose one such as fd77::1/126", text)
	case !named(p):
		return p, fmt.Errorf("%s is the first or last address of its range, which mean the network and everybody in it", text)
	}
	return p, nil
}

// named tells whether an IPv4 address is one of a host's: not the first of its range, nor the last. A range of two has no
// such (RFC 3021), and IPv6 has none.
func named(p netip.Prefix) bool {
	if !p.Addr().Is4() || p.Bits() >= 31 {
		return true
	}
	return p.Addr() != p.Masked().Addr() && p.Masked().Contains(p.Addr().Next())
}
