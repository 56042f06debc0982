package veth

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// deafen keeps the host from believing what a sandbox says about routes: root inside could send router advertisements, and
// the host would take a default route to it (CVE-2020-13401). An IPv4 pair needs no IPv6 at all. The switches are those of
// our own new interface, which is still down; see Documentation/networking/ip-sysctl.rst.
func deafen(name string, ipv4 bool) error {
	dir := "/proc/sys/net/ipv6/conf/" + name
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	if err := setSysctl(dir+"/accept_ra", "0"); err != nil {
		return err
	}
	if !ipv4 {
		return nil
	}
	return setSysctl(dir+"/disable_ipv6", "1")
}

// setSysctl writes a value unless it is there already: /proc/sys may be read-only where we run.
func setSysctl(path, value string) error {
	if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == value {
		return nil
	}
	if err := os.WriteFile(path, []byte(value), 0); err != nil {
		return fmt.Errorf("let the host not believe the sandbox's router advertisements: write %s: %w", value, err)
	}
	return nil
}
