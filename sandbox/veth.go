package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"cutaway/sandbox/veth"
)

// makeVeth connects the sandbox's new network namespace to ours, before its first process goes on.
func (l *launch) makeVeth() error {
	if err := l.before(StageNetwork); err != nil {
		return err
	}
	want := l.spec.Network.Veth
	pair := veth.Pair{Name: veth.HostName(l.box.PID), Gateway: want.Gateway}
	var err error
	if pair.Host, pair.Inside, err = veth.Addresses(want.Host, want.Inside); err != nil {
		return failed(StageNetwork, "read the addresses of the veth pair", "", err)
	}
	path := fmt.Sprintf("/proc/%d/ns/net", l.box.PID)
	netns, err := os.Open(path)
	if err != nil {
		return failed(StageNetwork, "open the sandbox's network namespace", path, err)
	}
	defer netns.Close()
	if err := unix.PidfdSendSignal(l.box.pidfd, 0, nil, 0); err != nil { // then the path may have been another's already
		return failed(StageNetwork, "make sure that the sandbox is there", path, err)
	}
	if l.box.veth, err = pair.Make(netns); err != nil {
		return failed(StageNetwork, "make the veth pair", pair.Name, err)
	}
	return nil
}
