package inspect

import (
	"strconv"
	"strings"
	"sync"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/reading"
)

// Field names a value of a process whose source can be told: a file below /proc/PID and, after a dot, what of it
// ("status.CapEff", "ns.net", "stat.starttime", "exe"), a field of cgroup.Usage ("cgroup.MemoryUsage"), or one item of a
// list ("limits.Max open files", "environ.PATH", "fd.3"). Fields lists them.
type Field string

// Source tells where a value comes from, so that a person can look for themselves.
type Source struct {
	Field   Field
	Title   string             // what the value is called: "effective set"
	File    string             // absolute path; "" when it is kept nowhere here
	Key     string             // the line, word or ioctl in that file; "" for all of it
	Raw     reading.Of[string] // the kernel's text, of Key alone; its How says why there is none
	Meaning string             // one or two plain sentences with the manual page or kernel document
	Command string             // a shell line that shows the same; "" when there is none
}

// places are where a snapshot was read.
type places struct {
	proc    string      // "" is /proc: a snapshot that no scanner made
	cgroups CgroupFiles // nil when no file is known
}

// CgroupFiles tells which file of a membership's cgroups, and what of it, a field of cgroup.Usage is from; "" when none is. It is
// cgroup.Hierarchies' SourceOf.
type CgroupFiles func(m *cgroup.Membership, field string) (file, key string)

// CgroupFile asks the snapshot's CgroupFiles.
func (s *Snapshot) CgroupFile(m *cgroup.Membership, field string) (file, key string) {
	if s.places.cgroups == nil {
		return "", ""
	}
	return s.places.cgroups(m, field)
}

// SetCgroupFiles is for who makes a snapshot of what was saved, before others have it.
func (s *Snapshot) SetCgroupFiles(files CgroupFiles) { s.places.cgroups = files }

// Source tells where a value of a process comes from. Without its details (nil, or another process's) most texts have
// not been read yet. For a field that is not known, the result has nothing but its name.
func (s *Snapshot) Source(p *Process, d *Detail, field Field) Source {
	o := &origin{s: s, p: p, d: d}
	if d != nil && d.ID != p.ID {
		o.d = nil
	}
	if name, ok := strings.CutPrefix(string(field), "cgroup."); ok {
		return o.usage(field, name)
	}
	row, item, ok := findField(field)
	if !ok {
		return Source{Field: field, Raw: reading.Missing[string](reading.Absent)}
	}
	return o.source(row, field, item)
}

// Fields lists the fields that have a source, in the order of the files. A name that ends with ".*" stands for one item of
// a list, such as "environ.*".
func Fields() []Field {
	list := make([]Field, 0, len(fieldTable)+len(usageTable))
	for i := range fieldTable {
		list = append(list, fieldTable[i].field)
	}
	for i := range usageTable {
		list = append(list, "cgroup."+Field(usageTable[i].name))
	}
	return list
}

// findField finds a field's row, and the item when the row is that of a list.
func findField(field Field) (row *fieldRow, item string, ok bool) {
	if row, ok := fieldRows()[field]; ok {
		return row, "", true
	}
	list, item, found := strings.Cut(string(field), ".")
	row, ok = fieldRows()[Field(list+".*")]
	return row, item, found && ok
}

var fieldRows = sync.OnceValue(func() map[Field]*fieldRow {
	rows := make(map[Field]*fieldRow, len(fieldTable))
	for i := range fieldTable {
		rows[fieldTable[i].field] = &fieldTable[i]
	}
	return rows
})

// origin is the process whose values are asked for.
type origin struct {
	s *Snapshot
	p *Process
	d *Detail // nil when not read
}

func (o *origin) source(row *fieldRow, field Field, item string) Source {
	q := query{origin: o, file: row.file, key: row.key, item: item}
	if row.from.file != nil {
		q.file = row.from.file(o)
	}
	src := Source{
		Field: field, Title: row.title, File: o.path(q.file), Key: q.key, Raw: row.from.raw(q), Meaning: row.meaning,
		Command: row.from.command(q),
	}
	if item != "" {
		src.Title, src.Key = item, item
	}
	if row.from.label != nil {
		src.Key = row.from.label(q)
	}
	if more := row.more; more != nil {
		src.Meaning = strings.TrimSpace(src.Meaning + " " + more(o))
	}
	return src
}

// path is a file of the process.
func (o *origin) path(file string) string {
	root := o.s.places.proc
	if root == "" {
		root = "/proc"
	}
	return root + "/" + strconv.Itoa(o.p.PID) + "/" + file
}

// query asks for one value: of a file the whole, or a key in it.
type query struct {
	*origin
	file, key string
	item      string // of a list
}

// word is the query's path as a word of a shell line.
func (q query) word() string { return shellWord(q.path(q.file)) }

// shellWord makes a text one word of a shell line. Text of other processes is not among what it gets, except for
// names of variables, which may hold anything: what is not printable becomes an octal escape of $'…' (POSIX.1-2024).
func shellWord(s string) string {
	plain, printable := true, true
	for _, c := range []byte(s) {
		plain = plain && (isLetter(c) || c >= '0' && c <= '9' || strings.IndexByte("/._-:@,+%", c) >= 0)
		printable = printable && c >= ' ' && c < 0x7f
	}
	switch {
	case plain && s != "":
		return s
	case printable:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteString(`\` + strconv.FormatUint(uint64(c>>6), 8) + strconv.FormatUint(uint64(c>>3&7), 8) + strconv.FormatUint(uint64(c&7), 8))
		}
	}
	b.WriteByte('\'')
	return b.String()
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
