package filter

import (
	"fmt"
	"strings"
)

// Key is one key of the language.
type Key struct {
	Name    string
	Example string
	Help    string // what the term keeps, for a line of help

	equal   func(value string) (test, error)             // makes the test of key:value, or
	compare func(above bool, value string) (test, error) // of key>value and key<value
}

// compares tells whether the key is compared by size.
func (k *Key) compares() bool { return k.compare != nil }

// keys is the one table of the language: parsing, errors and help come from it.
var keys = []Key{
	{Name: "container", Example: "container:db", Help: "in a container with this in its name, or whose id begins so; * is any", equal: matchContainer},
	{Name: "engine", Example: "engine:docker", Help: "in a container of this engine; * is any", equal: matchEngine},
	{Name: "pid", Example: "pid:4242", Help: "with this PID", equal: matchPID},
	{Name: "user", Example: "user:root", Help: "with this effective user, by name or number", equal: matchUser},
	{Name: "state", Example: "state:D", Help: "in one of these states (R S D Z T I)", equal: matchState},
	{Name: "ns", Example: "ns:net=4026532502", Help: "in this namespace, by kind and inode, or ns:net=host", equal: matchNamespace},
	{Name: "shares", Example: "shares:net=db", Help: "in the same namespace of this kind as a container", equal: matchShares},
	{Name: "cap", Example: "cap:sys_admin", Help: "with this capability in the effective set", equal: matchCap},
	{Name: "seccomp", Example: "seccomp:off", Help: "with seccomp off, strict or filter", equal: matchSeccomp},
	{Name: "label", Example: "label:unconfined", Help: "with this in the security label", equal: matchLabel},
	{Name: "cgroup", Example: "cgroup:/kubepods", Help: "in a cgroup with this in its path", equal: matchCgroup},
	{Name: "mem", Example: "mem>100M", Help: "with more (or with <, less) resident memory", compare: compareMem},
	{Name: "cpu", Example: "cpu>50", Help: "with more (or with <, less) percent of one core", compare: compareCPU},
}

// Keys lists the keys of the language for help texts and completion.
func Keys() []Key { return append([]Key(nil), keys...) }

// Help describes the language in lines for a terminal, made from the same table that Parse uses.
func Help() string {
	var b strings.Builder
	line := func(term, help string) { fmt.Fprintf(&b, "  %-19s %s\n", term, help) }
	line("nginx", "with this in its name, command line or container's name")
	for _, k := range keys {
		line(k.Example, k.Help)
	}
	line("!container:*", "! turns a term around")
	line(`"two words"`, "quotes keep blanks and colons")
	b.WriteString("Terms are separated by blanks, all must hold, case does not matter.\n")
	return b.String()
}

func keyNamed(name string) *Key {
	for i := range keys {
		if keys[i].Name == name {
			return &keys[i]
		}
	}
	return nil
}

func unknownKey(w word) error {
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].Name
	}
	if near := nearest(w.key, names); near != "" {
		return fmt.Errorf("unknown filter key %q, did you mean %s? Known are %s; quote a name that has a %q in it",
			w.key, near, strings.Join(names, ", "), w.op)
	}
	return fmt.Errorf("unknown filter key %q: known are %s; quote a name that has a %q in it",
		w.key, strings.Join(names, ", "), w.op)
}
