package proc

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What Linux 6.18 on a little-endian machine shows of known sockets.
const (
	tcpText = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:BD4B 00000000:0000 0A 00000000:00000001 00:00000000 00000000  1000        0 111619 2 0000000046ce7a80 100 0 0 10 0
   2: 0100007F:BD4B 0100007F:C71C 06 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000952619c6 20 0 0 10 -1
   3: 0100007F:C712 0100007F:BD4B 01 00000000:00000000 00:00000000 00000000     0        0 111620 2 00000000b8829f4e 20 0 0 10 -1
   4: 0100007F:C712 0100007F:BD4B 1F 00000000:00000000 00:00000000 00000000     0        0 5 2 00000000b8829f4e 20 0 0 10 -1
`
	tcp6Text = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   1: 00000000000000000000000001000000:A46B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111622 1 00000000fc904ea3 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:C71C B80D0120000000000000000001000000:0050 01 00000000:00000000 00:00000000 00000000     0        0 111630 2 00000000ce8fc62b 20 0 0 10 -1
`
	udpText = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1441: 0100007F:C3B6 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 111624 2 000000001ea6dfbb 0
11641: 0100007F:EB8E 0100007F:0009 01 00000000:00000000 00:00000000 00000000     0        0 111626 2 00000000c2c18884 0
`
	unixText = "Num       RefCount Protocol Flags    Type St Inode Path\n" +
		"000000000075166e: 00000003 00000000 00000000 0001 03  1676\n" +
		"00000000a07aac52: 00000002 00000000 00000000 0002 01 111628 /tmp/so ck\n" +
		"00000000f8881628: 00000002 00000000 00010000 0005 01 111629 /tmp/so\nck\n" +
		"00000000b1453201: 00000002 00000000 00010000 0001 01 111627 @abstract na\x01me\n"
)

var socketTexts = map[string]string{"tcp": tcpText, "tcp6": tcp6Text, "udp": udpText, "udp6": tcp6Text, "unix": unixText}

func TestParseNetSockets(t *testing.T) {
	at := netip.MustParseAddrPort
	for proto, want := range map[string][]Socket{
		"tcp": {
			{Local: at("127.0.0.1:48459"), Remote: at("0.0.0.0:0"), State: "LISTEN", Inode: 111619, UID: 1000},
			{Local: at("127.0.0.1:48459"), Remote: at("127.0.0.1:50972"), State: "TIME_WAIT"},
			{Local: at("127.0.0.1:50962"), Remote: at("127.0.0.1:48459"), State: "ESTABLISHED", Inode: 111620},
			{Local: at("127.0.0.1:50962"), Remote: at("127.0.0.1:48459"), State: "1F", Inode: 5},
		},
		"tcp6": {
			{Local: at("[::1]:42091"), Remote: at("[::]:0"), State: "LISTEN", Inode: 111622},
			{Local: at("[::ffff:127.0.0.1]:50972"), Remote: at("[2001:db8::1]:80"), State: "ESTABLISHED", Inode: 111630},
		},
		"udp": {
			{Local: at("127.0.0.1:50102"), Remote: at("0.0.0.0:0"), State: "UNCONN", Inode: 111624},
			{Local: at("127.0.0.1:60302"), Remote: at("127.0.0.1:9"), State: "ESTABLISHED", Inode: 111626},
		},
		"unix": {
			{Type: "stream", State: "ESTABLISHED", Inode: 1676},
			{Type: "dgram", State: "UNCONN", Inode: 111628, Path: "/tmp/so ck"},
			{Type: "seqpacket", State: "LISTEN", Inode: 111629, Path: "/tmp/so\nck"},
			{Type: "stream", State: "LISTEN", Inode: 111627, Path: "@abstract na\x01me"},
		},
	} {
		for i := range want {
			want[i].Proto = proto
		}
		got, err := ParseNetSockets(proto, []byte(socketTexts[proto]))
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" || err != nil {
			t.Errorf("%s: error %v, -want +got\n%s", proto, err, diff)
		}
	}
}

func TestListening(t *testing.T) {
	for proto, want := range map[string][]uint64{
		"tcp": {111619}, "tcp6": {111622}, "udp": {111624}, "unix": {111628, 111629, 111627},
	} {
		sockets, err := ParseNetSockets(proto, []byte(socketTexts[proto]))
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, s := range Listening(sockets) {
			got = append(got, s.Inode)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", proto, diff)
		}
	}
	if s := (Socket{State: "UNCONN"}); s.Listening() {
		t.Error("a datagram socket that is not bound is said to listen")
	}
}

func TestParseNetSocketsRefuses(t *testing.T) {
	heading := "  sl  local_address rem_address st uid inode\n"
	for name, text := range map[string]string{
		"empty":           "",
		"no heading":      "   0: 0100007F:BD4B\n",
		"empty line":      heading + "\n",
		"short address":   heading + strings.Replace(tcpLine, "0100007F", "00007F", 1),
		"long address":    heading + strings.Replace(tcpLine, "0100007F", "0100007F00", 1),
		"no hexadecimal":  heading + strings.Replace(tcpLine, "0100007F", "0100007G", 1),
		"no port":         heading + strings.Replace(tcpLine, ":BD4B", "", 1),
		"port beyond":     heading + strings.Replace(tcpLine, ":BD4B", ":1BD4B", 1),
		"state":           heading + strings.Replace(tcpLine, " 0A ", " xy ", 1),
		"user id beyond":  heading + strings.Replace(tcpLine, " 1000 ", " 4294967296 ", 1),
		"inode beyond":    heading + strings.Replace(tcpLine, " 111619 ", " 18446744073709551616 ", 1),
		"cut short":       heading + strings.TrimSuffix(tcpLine, "\n"),
		"cut short early": heading + tcpLine[:60] + "\n",
	} {
		if got, err := ParseNetSockets("tcp", []byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v and error %v, want an error that wraps ErrFormat", name, got, err)
		}
	}
}

const tcpLine = "   0: 0100007F:BD4B 00000000:0000 0A 00000000:00000001 00:00000000 00000000  1000        0 111619 2 0000000046ce7a80\n"

func TestParseUnixSocketsRefuses(t *testing.T) {
	const heading = "Num       RefCount Protocol Flags    Type St Inode Path\n"
	const first = "000000000075166e: 00000003 00000000 00000000 0001 03  1676"
	for name, text := range map[string]string{
		"nonsense at once":       heading + "nonsense\n",
		"nonsense after no path": heading + first + "\nnonsense\n",
		"a path beyond the size": heading + first + " /x\n" + strings.Repeat("y", maxUnixPath) + "\n",
		"cut short":              heading + first,
		"inode beyond":           heading + strings.Replace(first, "1676", "18446744073709551616", 1) + "\n",
	} {
		if got, err := ParseNetSockets("unix", []byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v and error %v, want an error that wraps ErrFormat", name, got, err)
		}
	}
}

func TestParseNetSocketsSamples(t *testing.T) {
	for name, b := range samples(t, "net_tcp") {
		sockets, err := ParseNetSockets("tcp", b)
		if want := strings.Count(string(b), "\n") - 1; err != nil || len(sockets) != want {
			t.Errorf("%s: %d sockets and error %v, want %d", name, len(sockets), err, want)
		}
	}
	sockets, err := ParseNetSockets("tcp", sample(t, "docker-db", "net_tcp"))
	if err != nil || len(sockets) != 1 || sockets[0].Local != netip.MustParseAddrPort("0.0.0.0:6379") || !sockets[0].Listening() {
		t.Errorf("redis: %v and error %v, want it to listen on port 6379", sockets, err)
	}
}

func FuzzParseNetSockets(f *testing.F) {
	for proto, text := range socketTexts {
		f.Add(proto, []byte(text))
	}
	f.Fuzz(func(t *testing.T, proto string, b []byte) {
		sockets, err := ParseNetSockets(proto, b)
		wantFormatError(t, err)
		for _, s := range sockets {
			if len(s.Path) > len(b) {
				t.Errorf("a path of %d bytes out of %d", len(s.Path), len(b))
			}
			s.Listening()
		}
	})
}
