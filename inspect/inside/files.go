package inside

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/reading"
	"cutaway/inspect/rootfile"
)

const (
	// maxText bounds a file below the root, in bytes.
	maxText = 1 << 20
	// maxLine bounds what is looked at of a line. A group's members come last and may be many.
	maxLine = 4096
)

// User is a line of /etc/passwd, or of /etc/group.
type User struct {
	ID   uint32
	Name string
	Home string // of a user
	Sh   string // of a user: the login shell
}

// osRelease are the places of os-release(5), in this order.
var osRelease = []string{"/etc/os-release", "/usr/lib/os-release"}

// filesBelow reads files below a process's root.
func filesBelow(root rootfile.Root) (f Files) {
	for _, file := range osRelease {
		text, err := root.Read(file, maxText)
		f.System = reading.Of[string]{Value: systemName(text), How: reading.FromError(err)}
		f.SystemFile = file
		if f.System.State != reading.Absent { // also where it may not be read, or is something else
			break
		}
	}
	f.Users = usersOf(root, "/etc/passwd")
	f.Groups = usersOf(root, "/etc/group")
	return f
}

func usersOf(root rootfile.Root, file string) reading.Of[[]User] {
	text, err := root.Read(file, maxText)
	if err != nil {
		return reading.Error[[]User](err)
	}
	return reading.Value(parseUsers(text))
}

// systemName is what a system calls itself (os-release(5)): the name for people, else what else names it.
func systemName(text []byte) string {
	found := map[string]string{}
	for line := range bytes.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(string(line[:min(len(line), maxLine)])), "=")
		if ok {
			found[key] = unquote(value) // the last one counts, as in a shell
		}
	}
	return cmp.Or(found["PRETTY_NAME"], found["NAME"], found["ID"])
}

// unquote reads a value as a shell would: in quotes of either kind, or in none.
func unquote(s string) string {
	quote := byte(0)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		quote, s = s[0], s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			return b.String()
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// parseUsers reads passwd(5), or group(5), which has the id at the same place. Lines that are none are left out.
func parseUsers(text []byte) (list []User) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte{'\n'})
		f := strings.Split(string(line[:min(len(line), maxLine)]), ":")
		if len(f) < 3 {
			continue
		}
		id, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			continue
		}
		u := User{ID: uint32(id), Name: f[0]}
		if len(f) >= 7 {
			u.Home, u.Sh = f[5], f[6]
		}
		list = append(list, u)
	}
	slices.SortStableFunc(list, func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
