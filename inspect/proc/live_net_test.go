package proc

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Sockets that this test opens are found by their inode, with what we know of them.
func TestNetSocketsLive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "so ck")
	for _, test := range []struct{ proto, network, address string }{
		{"tcp", "tcp4", "127.0.0.1:0"},
		{"tcp6", "tcp6", "[::1]:0"},
		{"udp", "udp4", "127.0.0.1:0"},
		{"udp6", "udp6", "[::1]:0"},
		{"unix", "unix", path},
		{"unix", "unixpacket", "@cutaway test " + filepath.Base(t.TempDir()) + "\x01"},
		{"unix", "unixgram", path + "\nand more"},
	} {
		t.Run(test.network, func(t *testing.T) {
			conn, address := listen(t, test.network, test.address)
			got := findSocket(t, test.proto, inodeOf(t, conn))
			if !got.Listening() || got.Proto != test.proto {
				t.Errorf("%+v is not said to listen", got)
			}
			if test.proto == "unix" {
				if got.Path != test.address {
					t.Errorf("the path is %q, want %q", got.Path, test.address)
				}
				return
			}
			if want := netip.MustParseAddrPort(address); got.Local != want || got.UID != uint32(os.Geteuid()) {
				t.Errorf("%+v, want %s of user %d", got, want, os.Geteuid())
			}
		})
	}
}

// listen opens a socket that is closed when the test ends.
func listen(t *testing.T, network, address string) (conn syscall.Conn, at string) {
	t.Helper()
	if network == "udp4" || network == "udp6" || network == "unixgram" {
		c, err := net.ListenPacket(network, address)
		if err != nil {
			t.Skipf("needs %s: %v", network, err)
		}
		t.Cleanup(func() { c.Close() })
		return c.(syscall.Conn), c.LocalAddr().String()
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("needs %s: %v", network, err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(syscall.Conn), l.Addr().String()
}

func inodeOf(t *testing.T, conn syscall.Conn) uint64 {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	var statErr error
	if err := raw.Control(func(fd uintptr) { statErr = unix.Fstat(int(fd), &st) }); err != nil || statErr != nil {
		t.Fatal(err, statErr)
	}
	return st.Ino
}

func findSocket(t *testing.T, proto string, inode uint64) Socket {
	t.Helper()
	sockets, err := ParseNetSockets(proto, readFile(t, "/proc/thread-self/net/"+proto))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(sockets, func(s Socket) bool { return s.Inode == inode })
	if at < 0 {
		t.Fatalf("no socket %d in net/%s", inode, proto)
	}
	return sockets[at]
}

func TestNetDevLive(t *testing.T) {
	names := func() []string {
		interfaces, err := net.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range interfaces {
			names = append(names, i.Name)
		}
		slices.Sort(names)
		return names
	}
	var want, got []string
	poll(t, "no interface comes or goes", func() bool {
		want, got = names(), nil
		interfaces, err := ParseNetDev(readFile(t, "/proc/thread-self/net/dev"))
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range interfaces {
			got = append(got, i.Name)
		}
		slices.Sort(got)
		return slices.Equal(want, names())
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
