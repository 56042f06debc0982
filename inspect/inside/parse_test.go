package inside

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The samples are for machines that store the low byte first.
const routesSample = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT                                                       
eth0	00000000	010011AC	0003	0	0	0	00000000	0	0	0                                                                               
eth0	000011AC	00000000	0001	0	0	100	0000FFFF	0	0	0                                                                             
*	0000000A	00000000	0201	0	0	0	000000FF	0	0	0                                                                             
eth1	0000A8C0	00000000	0000	0	0	0	00FFFFFF	0	0	0                                                                             
`

const routes6Sample = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`

func TestRoutes(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the samples are of a machine with the low byte first")
	}
	for _, c := range []struct {
		name, text string
		want       []Route
	}{
		{"empty", "", nil},
		{"heading alone", "Iface\tDestination\n", nil},
		{"docker", routesSample, []Route{
			{"default", "172.17.0.1", "eth0", 0}, {"172.17.0.0/16", "", "eth0", 100}, {"10.0.0.0/8", "", "", 0},
		}},
		{"short, odd and no numbers", "h\neth0 00000000 1 0001\neth0 zz 00000000 0001 0 0 0 00000000\neth0 00000000 123456789 0001 0 0 0 00000000\n\x00\n", nil},
		{"no newline at the end", "h\neth0 00000000 00000000 0001 0 0 0 00000000", []Route{{"default", "", "eth0", 0}}},
		{"a line without end", "h\n" + strings.Repeat("x", 1<<20), nil},
	} {
		if d := cmp.Diff(c.want, parseRoutes([]byte(c.text))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	want := []Route{{"fd00::/64", "", "eth0", 256}, {"default v6", "fd00::1", "eth0", 1024}}
	if d := cmp.Diff(want, parseRoutes6([]byte(routes6Sample))); d != "" {
		t.Error(d)
	}
	for _, text := range []string{"", "a b c\n", strings.Repeat("f ", 1<<19), "fd00 40 0 00 0 0 0 0 1 eth0", strings.Replace(routes6Sample[:150], " 40 ", " ff ", 1)} {
		if got := parseRoutes6([]byte(text)); got != nil {
			t.Errorf("%.40q: %v", text, got)
		}
	}
}

func TestUsers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []User
	}{
		{"empty", "", nil},
		{
			"by number", "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nroot:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:\n",
			[]User{{0, "root", "/root", "/bin/sh"}, {0, "toor", "/root", ""}, {65534, "nobody", "/nonexistent", "/usr/sbin/nologin"}},
		},
		{"group", "root:x:0:\nwheel:x:10:a,b\n", []User{{ID: 0, Name: "root"}, {ID: 10, Name: "wheel"}}},
		{"no newline at the end", "a:x:1:1::/:/bin/sh", []User{{1, "a", "/", "/bin/sh"}}},
		{"ids that are none", "a:x:-1:\nb:x:4294967296:\nc:x::\nd:x:0x10:\n+::::::\n+\n:\n::\ne:x:4294967295:", []User{{ID: 1<<32 - 1, Name: "e"}}},
		{"hostile names", "\x1b[2J:x:3:\na\x00b:x:4:\n", []User{{ID: 3, Name: "\x1b[2J"}, {ID: 4, Name: "a\x00b"}}},
		{"many members, and a line behind", "big:x:5:" + strings.Repeat("someone,", 1<<17) + "\nlast:x:6:\n", []User{{ID: 5, Name: "big"}, {ID: 6, Name: "last"}}},
		{"a name without end", strings.Repeat("n", 1<<20), nil},
		{"only zeros", strings.Repeat("\x00", 1000), nil},
	} {
		if d := cmp.Diff(c.want, parseUsers([]byte(c.text))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestSystemName(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "\x00\x00": "", "PRETTY_NAME": "", "ID=box": "box", "ID=box\nNAME=Box": "Box",
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nID=debian\n": "Debian GNU/Linux 12 (bookworm)",
		"NAME='it''s'": "it", `NAME="a \"b\" \$c \\"`: `a "b" $c \`, `NAME='a\b'`: `a\b`, "NAME=\"no end": "no end", `NAME=a\`: `a\`,
		"PRETTY_NAME=\nNAME=N":               "N",
		"PRETTY_NAME=one\r\n":                "one",
		"NAME=first\nNAME=second":            "second",
		"#NAME=x\n NAME=y":                   "y",
		"NAME=\x1b]0;owned\a":                "\x1b]0;owned\a",
		"NAME=" + strings.Repeat("x", 1<<20): strings.Repeat("x", maxLine-len("NAME=")),
	} {
		if got := systemName([]byte(text)); got != want {
			t.Errorf("%.60q: %.60q, not %.60q", text, got, want)
		}
	}
}

// newAddress is a message of the answer to RTM_GETADDR.
func newAddress(kind uint16, family, ones byte, index uint32, attributes ...[]byte) []byte {
	body := binary.NativeEndian.AppendUint32([]byte{family, ones, 0, 0}, index)
	for _, a := range attributes {
		body = append(body, a...)
	}
	m := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	m = binary.NativeEndian.AppendUint16(m, kind)
	m = append(m, make([]byte, 10)...)
	m = append(m, body...)
	return append(m, make([]byte, (4-len(m)%4)%4)...)
}

func attribute(kind uint16, value ...byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	a = append(binary.NativeEndian.AppendUint16(a, kind), value...)
	return append(a, make([]byte, (4-len(a)%4)%4)...)
}

func TestAddresses(t *testing.T) {
	dump := bytes.Join([][]byte{
		newAddress(unix.RTM_NEWADDR, unix.AF_INET, 8, 1, attribute(unix.IFA_ADDRESS, 127, 0, 0, 1), attribute(unix.IFA_LOCAL, 127, 0, 0, 1)),
		newAddress(unix.RTM_NEWADDR, unix.AF_INET, 32, 2, attribute(unix.IFA_ADDRESS, 10, 0, 0, 2), attribute(unix.IFA_LOCAL, 10, 0, 0, 1)),
		newAddress(unix.RTM_NEWADDR, unix.AF_INET6, 64, 2, attribute(unix.IFA_ADDRESS, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
		newAddress(unix.RTM_NEWADDR, unix.AF_INET, 99, 3, attribute(unix.IFA_ADDRESS, 1, 2, 3)),
		newAddress(unix.RTM_NEWLINK, unix.AF_INET, 8, 4),
	}, nil)
	got, err := parseAddresses(dump)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[int][]string{1: {"127.0.0.1/8"}, 2: {"10.0.0.1/32", "fe80::1/64"}}, got); d != "" {
		t.Error(d)
	}
}

func FuzzFiles(f *testing.F) {
	for _, s := range []string{"root:x:0:0:root:/root:/bin/sh\n", "PRETTY_NAME=\"x\\\"\n", routesSample, routes6Sample, "\x00:::", "NAME='"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lines := bytes.Count(b, []byte{'\n'}) + 1
		users := parseUsers(b)
		if len(users) > lines {
			t.Errorf("%d users in %d lines", len(users), lines)
		}
		for i := 1; i < len(users); i++ {
			if users[i-1].ID > users[i].ID {
				t.Errorf("%d stands before %d", users[i-1].ID, users[i].ID)
			}
		}
		if name := systemName(b); len(name) > maxLine || strings.Contains(name, "\n") {
			t.Errorf("a name of %d bytes", len(name))
		}
		if len(parseRoutes(b)) > lines || len(parseRoutes6(b)) > lines {
			t.Error("more routes than lines")
		}
	})
}

func FuzzAddresses(f *testing.F) {
	f.Add(newAddress(unix.RTM_NEWADDR, unix.AF_INET, 8, 1, attribute(unix.IFA_LOCAL, 127, 0, 0, 1)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 20, 0})
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = parseAddresses(b) })
}
