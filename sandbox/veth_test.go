package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cutaway/sandbox/veth"
)

// inOwnNetwork runs the test again in a new network namespace, which the machine's own network is not part of.
func inOwnNetwork(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	const inside = "CUTAWAY_OWN_NETWORK"
	if os.Getenv(inside) != "" {
		test(t)
		return
	}
	cmd := exec.Command("unshare", "--net", os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("in a network of its own: %v\n%s", err, out)
	}
}

func TestVeth(t *testing.T) {
	needRoot(t)
	inOwnNetwork(t, func(t *testing.T) {
		for _, user := range []Source{NewNamespace, HostNamespace} {
			s := isolated("ip -brief address show dev eth0; ip route")
			s.Namespaces.User, s.Seccomp = user, SeccompDocker // the strict filter has no netlink sockets
			s.Network.Veth = &Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30", Gateway: true}
			var stages []Stage
			r := run(t, s, Options{Before: func(at Stage, _ int) error {
				stages = append(stages, at)
				return nil
			}})
			for _, want := range []string{"10.77.0.2/30", "default via 10.77.0.1 dev eth0"} {
				if !strings.Contains(r.out, want) {
					t.Errorf("user namespace %q: inside is no %q:\n%s%s", user, want, r.out, r.errOut)
				}
			}
			if out, err := exec.Command("ip", "-brief", "link").CombinedOutput(); err != nil || strings.Contains(string(out), "cw") {
				t.Errorf("left on the host: %s (%v)", out, err)
			}
			if !slices.Contains(stages, StageNetwork) {
				t.Errorf("no stage was told for the pair: %v", stages)
			}
		}
	})
}

func TestVethThatCannotBe(t *testing.T) {
	needRoot(t)
	inOwnNetwork(t, func(t *testing.T) {
		out, err := exec.Command("sh", "-ec", "ip link add other type veth peer name other2; ip link set other up; ip link set other2 up; ip route add 10.0.0.0/8 dev other").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s := isolated("true")
		s.Network.Veth = &Veth{Host: "10.77.0.1/30", Inside: "10.77.0.2/30"}
		if exe, err := child(); err != nil {
			t.Fatal(err)
		} else if _, err := Start(context.Background(), s, Options{Exe: exe}); err == nil {
			t.Fatal("the launch went on")
		} else {
			var launch *LaunchError
			var overlap *veth.OverlapError
			if !errors.As(err, &launch) || launch.Stage != StageNetwork || !errors.As(err, &overlap) || !strings.Contains(err.Error(), "10.0.0.0/8") {
				t.Errorf("%v, want the stage and the route", err)
			}
		}
		out, err = exec.Command("ip", "-brief", "link").CombinedOutput()
		if err != nil || strings.Contains(string(out), "cw") {
			t.Errorf("left on the host: %s (%v)", out, err)
		}
	})
}
