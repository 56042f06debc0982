package steps

import (
	"encoding/hex"
	"net/netip"
	"strings"
)

// v4Addresses finds the addresses of a network namespace's own in /proc/PID/net/fib_trie (fib_trie_seq_show in
// net/ipv4/fib_trie.c). A leaf "|-- 127.0.0.1" is followed by lines that say what it is; "/32 host LOCAL" is an address.
// The file shows a leaf once for each table.
func v4Addresses(b []byte) (list []string) {
	leaf := ""
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "|-- "); ok {
			leaf = name
			continue
		}
		addr, err := netip.ParseAddr(leaf)
		if line == "/32 host LOCAL" && err == nil && !seen[leaf] {
			seen[leaf] = true
			list = append(list, addr.String())
		}
	}
	return list
}

// v6Addresses reads /proc/PID/net/if_inet6: the address is the first word, 32 hexadecimal digits (if6_seq_show in
// net/ipv6/addrconf.c).
func v6Addresses(b []byte) (list []string) {
	for line := range strings.Lines(string(b)) {
		digits, _, _ := strings.Cut(line, " ")
		raw, err := hex.DecodeString(digits)
		if addr, ok := netip.AddrFromSlice(raw); err == nil && ok && len(raw) == 16 {
			list = append(list, addr.String())
		}
	}
	return list
}
