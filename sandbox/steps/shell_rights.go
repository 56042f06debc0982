package steps

import (
	"encoding/binary"
	"fmt"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox/stage"
)

// setpriv writes operations on credentials, which setpriv(1) does all at once, and only for what it executes.
func (w *writer) setpriv(ops []stage.Op) int {
	words := []string{"exec setpriv"}
	for i := range ops {
		switch o := &ops[i]; o.Verb {
		case stage.BecomeRoot:
			words = append(words, "--reuid=0 --regid=0", w.noGroups())
		case stage.Bounding:
			words = append(words, "--bounding-set="+setWord(caps.Set(o.Flags), caps.Cap(o.N)))
		case stage.User:
			groups := w.noGroups()
			if len(o.List) > 0 {
				groups = w.quote("--groups=" + strings.Join(o.List, ","))
			}
			words = append(words, fmt.Sprintf("--reuid=%d --regid=%d", o.N, o.M), groups)
		case stage.Capset: // the effective and permitted sets follow from the bounding set when bash is executed
			words = append(words, "--inh-caps=-all")
		case stage.ParentDeath:
			words = append(words, "--pdeathsig=KILL")
		default:
			w.add("%s bash", strings.Join(words, " "))
			return i
		}
	}
	w.add("%s bash", strings.Join(words, " "))
	return len(ops)
}

// noGroups drops the supplementary groups where the user namespace lets it: an unprivileged launcher of a map without
// newuidmap had to deny it (user_namespaces(7)).
func (w *writer) noGroups() string {
	if w.Unprivileged && !many(w.UIDMap) && !many(w.GIDMap) {
		return "--keep-groups"
	}
	return "--clear-groups"
}

// setWord is a set of capabilities for setpriv(1): "-all,+kill,+chown".
func setWord(s caps.Set, last caps.Cap) string {
	word := "-all"
	for _, c := range s.Caps() {
		if c <= last {
			word += ",+" + c.Short()
		}
	}
	return word
}

// maxRules is how many of Landlock's rules are spelled out.
const maxRules = 20

// Rights of Landlock that change something (include/uapi/linux/landlock.h): all but execute, read_file and read_dir.
const landlockReads = 1<<0 | 1<<2 | 1<<3

// landlock says which paths stay within reach; the options that setpriv(1) has for it are too new to be found everywhere.
func (w *writer) landlock(o *stage.Op) {
	lines := []string{"# landlock_restrict_self(2); recent util-linux: setpriv --landlock-rule"}
	for i, path := range o.List {
		if i == maxRules {
			lines = append(lines, fmt.Sprintf("#   and %d more", len(o.List)-maxRules))
			break
		}
		access := "read"
		if at := 8 * i; at+8 <= len(o.Data) && binary.LittleEndian.Uint64([]byte(o.Data[at:at+8]))&^landlockReads != 0 {
			access = "read and write"
		}
		lines = append(lines, fmt.Sprintf("#   %s: %s", w.quote(path), access))
	}
	w.add("%s", strings.Join(lines, "\n"))
}
