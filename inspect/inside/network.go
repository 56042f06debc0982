package inside

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// Interface is a network interface with its addresses.
type Interface struct {
	Name      string
	Up        bool
	MTU       int
	Hardware  string   // address of its link layer; "" for none
	Addresses []string // with prefix: "172.17.0.2/16"
}

// interfaces asks for the interfaces of this thread's network namespace, and for all addresses at once (rtnetlink(7)).
func interfaces(entering error) reading.Of[[]Interface] {
	if entering != nil {
		return reading.Error[[]Interface](entering)
	}
	found, err := net.Interfaces()
	if err != nil {
		return reading.Error[[]Interface](err)
	}
	dump, err := syscall.NetlinkRIB(unix.RTM_GETADDR, unix.AF_UNSPEC)
	if err != nil {
		return reading.Error[[]Interface](err)
	}
	addresses, err := parseAddresses(dump)
	if err != nil {
		return reading.Error[[]Interface](err)
	}
	list := make([]Interface, len(found))
	for i := range found {
		f := &found[i]
		list[i] = Interface{
			Name: f.Name, Up: f.Flags&net.FlagUp != 0, MTU: f.MTU, Hardware: f.HardwareAddr.String(), Addresses: addresses[f.Index],
		}
	}
	return reading.Value(list)
}

// parseAddresses reads the answer to RTM_GETADDR: addresses with prefix, sorted, by the index of their interface.
func parseAddresses(dump []byte) (map[int][]string, error) {
	messages, err := syscall.ParseNetlinkMessage(dump)
	if err != nil {
		return nil, err
	}
	found := map[int][]string{}
	for i := range messages {
		m := &messages[i]
		if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			return nil, err
		}
		ones, index := int(m.Data[1]), int(binary.NativeEndian.Uint32(m.Data[4:])) // struct ifaddrmsg
		if address, ok := ownAddress(attributes); ok {
			found[index] = append(found[index], netip.PrefixFrom(address, ones).String())
		}
	}
	for _, list := range found {
		slices.Sort(list)
	}
	return found, nil
}

// ownAddress is the interface's own: IFA_LOCAL where there is one, since IFA_ADDRESS is the other end's on a link of two.
func ownAddress(attributes []syscall.NetlinkRouteAttr) (address netip.Addr, ok bool) {
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			return netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS:
			address, ok = netip.AddrFromSlice(a.Value)
		}
	}
	return address, ok
}

// Route is a way to other hosts.
type Route struct {
	Destination string // "default", or with prefix: "172.17.0.0/16"
	Gateway     string // "" when it is on the link
	Interface   string // "" for one that refuses
	Metric      int
}

// routes are those of a process's network namespace, of /proc/PID/net/route and ipv6_route, which need no entering
// (proc_pid_net(5)). Local and multicast routes of IPv6, which every interface has, are left out.
func routes(dir place) reading.Of[[]Route] {
	text, err := dir.read("net/route")
	if err != nil {
		return reading.Error[[]Route](err)
	}
	list := parseRoutes(text)
	if text, err := dir.read("net/ipv6_route"); err == nil { // else the kernel has no IPv6
		list = append(list, parseRoutes6(text)...)
	}
	slices.SortStableFunc(list, func(a, b Route) int { return strings.Compare(a.Destination, b.Destination) })
	return reading.Value(list)
}

// The flags of a route (linux/route.h, linux/ipv6_route.h).
const (
	routeUp      = 1
	routeGateway = 2
	routeReject  = 0x200
	routeLocal   = 0x80000000
)

// parseRoutes reads /proc/PID/net/route (fib_route_seq_show in net/ipv4/fib_trie.c): addresses are hexadecimal in the machine's order.
func parseRoutes(text []byte) (list []Route) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Scan() // the heading
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 8 {
			continue
		}
		flags, err := strconv.ParseUint(f[3], 16, 32)
		destination, ok1 := address4(f[1])
		gateway, ok2 := address4(f[2])
		mask, ok3 := address4(f[7])
		if err != nil || flags&routeUp == 0 || !ok1 || !ok2 || !ok3 {
			continue
		}
		ones, _ := net.IPMask(mask.AsSlice()).Size()
		r := Route{Destination: "default", Interface: f[0]}
		if flags&routeReject != 0 {
			r.Interface = ""
		}
		if ones > 0 {
			r.Destination = netip.PrefixFrom(destination, ones).String()
		}
		if flags&routeGateway != 0 {
			r.Gateway = gateway.String()
		}
		r.Metric, _ = strconv.Atoi(f[6])
		list = append(list, r)
	}
	return list
}

func address4(s string) (netip.Addr, bool) {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		return netip.Addr{}, false
	}
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(n))
	return netip.AddrFrom4(b), true
}

// parseRoutes6 reads /proc/PID/net/ipv6_route (rt6_info_route in net/ipv6/route.c).
func parseRoutes6(text []byte) (list []Route) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			continue
		}
		flags, err := strconv.ParseUint(f[8], 16, 32)
		destination, ok1 := address6(f[0])
		gateway, ok2 := address6(f[4])
		ones, err2 := strconv.ParseUint(f[1], 16, 8)
		metric, err3 := strconv.ParseUint(f[5], 16, 32)
		if err != nil || err2 != nil || err3 != nil || !ok1 || !ok2 || ones > 128 || flags&routeUp == 0 || flags&routeLocal != 0 || destination.IsMulticast() {
			continue
		}
		r := Route{Destination: netip.PrefixFrom(destination, int(ones)).String(), Interface: f[9], Metric: int(metric)}
		if ones == 0 {
			if f[9] == "lo" { // what refuses everything else
				continue
			}
			r.Destination = "default v6"
		}
		if flags&routeReject != 0 {
			r.Interface = ""
		}
		if flags&routeGateway != 0 {
			r.Gateway = gateway.String()
		}
		list = append(list, r)
	}
	return list
}

func address6(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}
