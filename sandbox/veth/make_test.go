package veth

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMake(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		for _, c := range []struct {
			host, inside string
			gateway      bool
		}{
			{"10.77.0.1/30", "10.77.0.2/30", false},
			{"10.77.0.1/30", "10.77.0.2/30", true},
			{"192.168.9.0/31", "192.168.9.1/31", true},
			{"fd77::1/126", "fd77::2/126", true},
		} {
			t.Run(fmt.Sprint(c.host, c.gateway), func(t *testing.T) {
				n := newNamespace(t)
				p := n.pair(t, c.host, c.inside, c.gateway)
				c, err := p.Make(n.netns)
				if err != nil {
					t.Fatal(err)
				}
				p.check(t, n)
				talk(t, n, p)
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				wantNoLinks(t)
				if err := c.Close(); err != nil {
					t.Errorf("the second time: %v", err)
				}
			})
		}
	})
}

// check compares what ip(8) says on both sides.
func (p Pair) check(t *testing.T, n namespace) {
	t.Helper()
	for _, side := range []struct{ where, text, name, address string }{
		{"host", ip(t, "-brief", "address", "show", "dev", p.Name), p.Name, p.Host.String()},
		{"inside", n.ip(t, "-brief", "address", "show", "dev", InsideName), InsideName, p.Inside.String()},
	} {
		f := strings.Fields(side.text)
		if len(f) < 3 || !strings.HasPrefix(f[0], side.name+"@") || f[1] != "UP" || f[2] != side.address {
			t.Errorf("%s: %q, want %s up with %s", side.where, side.text, side.name, side.address)
		}
	}
	family := "-4"
	if p.Host.Addr().Is6() {
		family = "-6"
	}
	route := n.ip(t, family, "route", "show", "default")
	if got := strings.Contains(route, "default via "+p.Host.Addr().String()+" dev eth0"); got != p.Gateway {
		t.Errorf("default route inside: %q, want one: %v", route, p.Gateway)
	}
	if got := links(ip(t, "-brief", "link")); len(got) != 1 || got[0] != p.Name {
		t.Errorf("the host has %v, want %s alone", got, p.Name)
	}
	sysctls := map[string]string{"accept_ra": "0"}
	if p.Host.Addr().Is4() {
		sysctls["disable_ipv6"] = "1"
	}
	for name, want := range sysctls {
		b, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + p.Name + "/" + name)
		if errors.Is(err, os.ErrNotExist) {
			continue // no IPv6
		}
		if got := strings.TrimSpace(string(b)); got != want || err != nil {
			t.Errorf("%s is %q, want %s (%v)", name, got, want, err)
		}
	}
}

// talk sends a word from inside to the host and back.
func talk(t *testing.T, n namespace, p Pair) {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(p.Host.Addr(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.Copy(c, c)
			c.Close()
		}
	}()
	onPassingThread(func() {
		if err = unix.Setns(int(n.netns.Fd()), unix.CLONE_NEWNET); err == nil {
			err = echo(l.Addr().String(), p.Inside.Addr().String())
		}
	})
	if err != nil {
		t.Errorf("from inside: %v", err)
	}
}

func echo(to, from string) error {
	c, err := net.DialTimeout("tcp", to, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if host, _, _ := net.SplitHostPort(c.LocalAddr().String()); host != from {
		return fmt.Errorf("the address inside is %s, want %s", host, from)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	word := []byte("hello")
	if _, err := c.Write(word); err != nil {
		return err
	}
	_, err = io.ReadFull(c, word)
	return err
}

// waitGone waits until the kernel has taken the pair away with the namespace, which it does some time after the last
// process ended (cleanup_net in net/core/net_namespace.c).
func waitGone(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(links(ip(t, "-brief", "link"))) > 0; {
		if time.Now().After(deadline) {
			wantNoLinks(t)
			return
		}
		runtime.Gosched()
	}
}

// Nobody closes the pair of a launcher that was killed.
func TestGoesWithTheNamespace(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		n := newNamespace(t)
		if _, err := n.pair(t, "10.77.0.1/30", "10.77.0.2/30", false).Make(n.netns); err != nil {
			t.Fatal(err)
		}
		n.end()
		waitGone(t)
	})
}

func TestRefusesWhatTheHostRoutes(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		ip(t, "link", "add", "other", "type", "veth", "peer", "name", "other2")
		ip(t, "link", "set", "other", "up")
		ip(t, "link", "set", "other2", "up")
		for _, c := range []struct {
			route        []string
			host, inside string
			refused      bool
		}{
			{nil, "10.77.0.1/30", "10.77.0.2/30", false},
			{[]string{"default"}, "10.77.0.1/30", "10.77.0.2/30", false},
			{[]string{"0.0.0.0/1"}, "10.77.0.1/30", "10.77.0.2/30", false},
			{[]string{"10.78.0.0/16"}, "10.77.0.1/30", "10.77.0.2/30", false},
			{[]string{"10.0.0.0/8"}, "10.77.0.1/30", "10.77.0.2/30", true},
			{[]string{"10.77.0.0/30"}, "10.77.0.1/30", "10.77.0.2/30", true},
			{[]string{"10.77.0.3/32"}, "10.77.0.1/30", "10.77.0.2/30", true},
			{[]string{"10.77.0.0/24", "table", "77"}, "10.77.0.1/30", "10.77.0.2/30", true},
			{[]string{"fd77::/16"}, "fd77::1/126", "fd77::2/126", true},
			{[]string{"2000::/3"}, "2001:db8::1/126", "2001:db8::2/126", false},
			{[]string{"::/0"}, "fd77::1/126", "fd77::2/126", false},
		} {
			t.Run(strings.Join(c.route, " "), func(t *testing.T) {
				if c.route != nil {
					ip(t, append(append([]string{"route", "add"}, c.route...), "dev", "other")...)
					defer ip(t, append(append([]string{"route", "del"}, c.route...), "dev", "other")...)
				}
				n := newNamespace(t)
				_, err := n.pair(t, c.host, c.inside, false).Make(n.netns)
				var overlap *OverlapError
				if errors.As(err, &overlap) != c.refused || !c.refused && err != nil {
					t.Fatalf("%v, want refused: %v", err, c.refused)
				}
				if c.refused {
					if overlap.Device != "other" || !strings.Contains(err.Error(), c.route[0]) && !strings.Contains(err.Error(), c.route[0]+"/32") {
						t.Errorf("the error does not name the route: %v", err)
					}
					wantNoLinks(t)
				}
				n.end()
				waitGone(t)
			})
		}
	})
}

func TestOwnAddressIsRefused(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		ip(t, "link", "add", "other", "type", "veth", "peer", "name", "other2")
		ip(t, "address", "add", "10.77.0.2/32", "dev", "other")
		n := newNamespace(t)
		_, err := n.pair(t, "10.77.0.1/30", "10.77.0.2/30", false).Make(n.netns)
		var overlap *OverlapError
		if !errors.As(err, &overlap) || overlap.Device != "other" {
			t.Errorf("%v, want an address of the host's to be refused", err)
		}
	})
}

func TestFailureLeavesNothing(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			before []string // ip(8) inside
			errno  syscall.Errno
			says   string
		}{
			"eth0 is there":  {[]string{"link", "add", "eth0", "type", "veth", "peer", "name", "other"}, syscall.EEXIST, "make cw"},
			"route is there": {[]string{"route", "add", "default", "dev", "lo"}, syscall.EEXIST, "default route through 10.77.0.1"},
		} {
			t.Run(name, func(t *testing.T) {
				n := newNamespace(t)
				n.ip(t, "link", "set", "lo", "up")
				n.ip(t, c.before...)
				_, err := n.pair(t, "10.77.0.1/30", "10.77.0.2/30", true).Make(n.netns)
				if !errors.Is(err, c.errno) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v, want %v and %q", err, c.errno, c.says)
				}
				wantNoLinks(t)
			})
		}
		t.Run("name is taken", func(t *testing.T) {
			n := newNamespace(t)
			p := n.pair(t, "10.77.0.1/30", "10.77.0.2/30", false)
			ip(t, "link", "add", p.Name, "type", "veth", "peer", "name", "other")
			if _, err := p.Make(n.netns); !errors.Is(err, syscall.EEXIST) {
				t.Errorf("%v, want EEXIST", err)
			}
			if got := links(ip(t, "-brief", "link")); len(got) != 1 || got[0] != p.Name {
				t.Errorf("the host has %v: the other's %s must stay", got, p.Name)
			}
		})
		t.Run("not a network namespace", func(t *testing.T) {
			n := newNamespace(t)
			f, err := os.Open("/proc/self/ns/uts")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := n.pair(t, "10.78.0.1/30", "10.78.0.2/30", false).Make(f); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%v, want EINVAL", err)
			}
		})
	})
}

// No thread may stay in a sandbox's namespace, and the main one, which Go never ends, least of all.
func TestNoThreadStaysInside(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		n := newNamespace(t)
		for range 200 {
			h, err := handleIn(n.netns)
			if err != nil {
				t.Fatal(err)
			}
			h.Close()
		}
		inside, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", n.pid))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
			stay := threadsIn(t, inside)
			if len(stay) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("threads %v are still in the sandbox's namespace; the main thread is %d", stay, os.Getpid())
			}
		}
	})
}

// threadsIn lists our threads that are in a network namespace.
func threadsIn(t *testing.T, netns string) (tids []string) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if link, err := os.Readlink("/proc/self/task/" + task.Name() + "/ns/net"); err == nil && link == netns {
			tids = append(tids, task.Name())
		}
	}
	return tids
}
