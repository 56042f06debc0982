package veth

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		host, inside string
		want         string // "" when they are good, else part of the error
	}{
		{"10.77.0.1/30", "10.77.0.2/30", ""},
		{"10.77.0.0/31", "10.77.0.1/31", ""},
		{"192.168.77.254/24", "192.168.77.1/24", ""},
		{"fd77::1/126", "fd77::2/126", ""},
		{"fd77::/127", "fd77::1/127", ""},
		{"10.77.0.1", "10.77.0.2/30", "is not an address with its prefix"},
		{"", "10.77.0.2/30", "is not an address with its prefix"},
		{"10.77.0.1/30", "10.77.0.2/33", "is not an address with its prefix"},
		{"10.77.0.1/30", "10.77.0.2%eth0/30", "is not an address with its prefix"},
		{"10.77.0.1/30", "10.77.0.1/30", "the address of both ends"},
		{"10.77.0.1/30", "10.77.0.6/30", "are not of one range"},
		{"10.77.0.1/30", "10.77.0.2/29", "are not of one range"},
		{"10.77.0.1/30", "fd77::2/126", "are not of one range"},
		{"10.77.0.0/30", "10.77.0.2/30", "first or last"},
		{"10.77.0.1/30", "10.77.0.3/30", "first or last"},
		{"10.77.0.1/32", "10.77.0.2/32", "are not of one range"},
		{"127.0.0.5/30", "127.0.0.6/30", "that an interface can have"},
		{"224.0.0.1/30", "224.0.0.2/30", "that an interface can have"},
		{"250.0.0.1/30", "250.0.0.2/30", "that an interface can have"},
		{"0.0.0.0/0", "10.0.0.1/0", "that an interface can have"},
		{"::ffff:10.77.0.1/126", "::ffff:10.77.0.2/126", "write it as IPv4"},
		{"fe80::1/64", "fe80::2/64", "link-local"},
	} {
		_, _, err := Addresses(c.host, c.inside)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s and %s: %v, want %q", c.host, c.inside, err, c.want)
		}
	}
}

func TestHostNameFits(t *testing.T) {
	const most = 4194304 // PID_MAX_LIMIT
	if name := HostName(most); len(name) > 15 {
		t.Errorf("%s has %d bytes, an interface's name at most 15", name, len(name))
	}
}
