package inside

import (
	"bufio"
	"bytes"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/reading"
	"cutaway/inspect/rootfile"
)

// maxText bounds a file below the root.
const maxText = 1 << 20

// User is a line of /etc/passwd, or of /etc/group.
type User struct {
	ID   uint32
	Name string
	Home string // of a user
	Sh   string // of a user: the login shell
}

// belowRoot reads files below the process's root.
func (v *View) belowRoot(root rootfile.Root) {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} { // in this order, os-release(5)
		text, err := root.Read(file, maxText)
		v.System = reading.Of[string]{Value: prettyName(text), How: reading.FromError(err)}
		v.SystemFile = file
		if err == nil {
			break
		}
	}
	text, err := root.Read("/etc/passwd", maxText)
	v.Users = reading.Of[[]User]{Value: parsePasswd(text), How: reading.FromError(err)}
	text, err = root.Read("/etc/group", maxText)
	v.Groups = reading.Of[[]User]{Value: parsePasswd(text), How: reading.FromError(err)}
}

// prettyName is what a system calls itself (os-release(5)).
func prettyName(text []byte) string {
	name := ""
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "PRETTY_NAME":
			return value
		case "NAME":
			name = value
		}
	}
	return name
}

// parsePasswd reads passwd(5), and group(5), which has the id at the same place. Lines that are none are left out.
func parsePasswd(text []byte) (list []User) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ":")
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
	slices.SortStableFunc(list, func(a, b User) int { return int(int64(a.ID) - int64(b.ID)) })
	return list
}
