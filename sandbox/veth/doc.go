// Package veth connects a sandbox's network namespace to the host's by a pair of virtual Ethernet interfaces (veth(4)):
// what goes into one end comes out of the other. It speaks rtnetlink(7), as ip(8) does.
//
// It changes nothing that it did not make. An address range that the host already routes is refused; whatever fails takes the
// pair away again; and at the end the pair goes by itself, with the sandbox's namespace (veth_dellink in
// drivers/net/veth.c).
package veth
