package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// access is a way in which values stand in files: how to take the text out, and which command shows the same.
type access struct {
	raw     func(query) reading.Of[string]
	command func(query) string
	file    func(*origin) string // when the file is not always the same
	label   func(query) string   // what Source.Key shows when it is not the key itself
}

// The ways.
var (
	wholeFile      = access{raw: rawWhole, command: showCat}
	keyedLine      = access{raw: rawLine, command: showLine}
	maskLine       = access{raw: rawLine, command: showCaps}
	statWords      = access{raw: rawStat, command: showStat, label: statName}
	zeroSeparated  = access{raw: rawMemory, command: showZeroSeparated}
	symbolicLink   = access{raw: rawLink, command: showLink}
	relatedNS      = access{raw: rawRelation, command: showRelations, label: func(q query) string { return "ioctl " + q.key }}
	creatorOfNS    = access{raw: rawRelation, command: showCreator, label: func(q query) string { return "ioctl " + q.key }}
	labelOfLSM     = access{raw: rawWhole, command: showCat, file: labelFile}
	limitLine      = access{raw: rawLimit, command: showLimit}
	envVariable    = access{raw: rawVariable, command: showVariable}
	descriptor     = access{raw: rawDescriptor, command: showDescriptor}
	descriptors    = access{raw: rawOfList(func(d *Detail) reading.How { return d.Files.How }), command: showDir}
	socketTables   = access{raw: rawOfList(func(d *Detail) reading.How { return d.Listening.How }), command: showTables}
	interfaceTable = access{raw: rawOfList(func(d *Detail) reading.How { return d.Interfaces.How }), command: showCat}
	ioCounter      = access{raw: rawCounter, command: showLine}
	waitWord       = access{raw: rawWait, command: showWait}
)

func showCat(q query) string  { return "cat " + q.word() }
func showDir(q query) string  { return "ls -l " + q.word() }
func showLink(q query) string { return "readlink " + q.word() }
func showLine(q query) string { return "grep '^" + q.key + ":' " + q.word() }

// capsh shows the names in a mask; the tool comes with libcap (showCaps(1)).
func showCaps(q query) string {
	return "capsh --decode=$(awk '/^" + q.key + ":/{print $2}' " + q.word() + ")"
}

// statWord cuts words out of stat as the kernel counts them; the name in parentheses may hold anything, so they are
// counted from behind it.
func showStat(q query) string {
	numbers := statNumbers(q.key)
	if numbers[0] < 3 {
		return showCat(q)
	}
	fields := make([]string, len(numbers))
	for i, n := range numbers {
		fields[i] = strconv.Itoa(n - 2)
	}
	return "sed -z 's/.*) //' " + q.word() + " | cut -d' ' -f" + strings.Join(fields, ",")
}

func showWait(q query) string { return "cut -d' ' -f2 " + q.word() }

func showZeroSeparated(q query) string { return `tr '\0' '\n' <` + q.word() }

// lsns shows the parent and the owner as PNS and ONS (util-linux 2.37).
func showRelations(q query) string {
	return fmt.Sprintf("lsns -o NS,TYPE,PNS,ONS -p %d", q.p.PID)
}

// askOwnerUID does the ioctl, since no common tool shows its answer.
func showCreator(q query) string {
	return `python3 -c 'import fcntl,struct,sys; print(struct.unpack("I", fcntl.ioctl(open(sys.argv[1]), 0xb704, b"0000"))[0])' ` + q.word()
}

func showLimit(q query) string { return "grep " + shellWord("^"+q.item) + " " + q.word() }

// basicRegexp escapes what grep takes for more than itself.
var basicRegexp = strings.NewReplacer(`\`, `\\`, `.`, `\.`, `*`, `\*`, `[`, `\[`, `^`, `\^`, `$`, `\$`)

func showVariable(q query) string {
	return "grep -az -- " + shellWord("^"+basicRegexp.Replace(q.item)+"=") + " " + q.word() + ` | tr '\0' '\n'`
}

func showDescriptor(q query) string { return "readlink " + q.word() + "/" + shellWord(q.item) }

func showTables(q query) string {
	words := []string{"cat"}
	for _, table := range proc.SocketFiles {
		words = append(words, shellWord(q.path("net/"+table)))
	}
	return strings.Join(words, " ")
}

// text is the raw text of a small file; without details, what tier 0 and 1 know of how reading it went.
func (q query) text() reading.Of[string] {
	if q.d != nil {
		if raw, ok := q.d.Raw[q.file]; ok {
			return raw
		}
	}
	var none reading.Of[string]
	switch {
	case q.file == "stat" && q.p.How.State != reading.Known:
		none.How = q.p.How
	case q.file == "status" && q.p.Facts.Status.State != reading.Known:
		none.How = q.p.Facts.Status.How
	case q.file == "cgroup":
		return rawMembership(q.p.Facts)
	case q.file == "comm" && q.p.How.OK():
		return reading.Value(q.p.Comm)
	case strings.HasPrefix(q.file, "attr/"):
		return reading.Of[string]{Value: q.p.Facts.Label.Value.Raw, How: q.p.Facts.Label.How}
	}
	return none
}

func rawWhole(q query) reading.Of[string] {
	raw := q.text()
	raw.Value = strings.TrimRight(raw.Value, "\n\x00")
	return raw
}

// membershipText writes the lines of /proc/PID/cgroup again, as they were.
func rawMembership(f *Facts) reading.Of[string] {
	if !f.Cgroup.OK() {
		return reading.Of[string]{How: f.Cgroup.How}
	}
	var b strings.Builder
	for _, l := range f.Cgroup.Value.Lines {
		fmt.Fprintf(&b, "%d:%s:%s", l.Hierarchy, strings.Join(l.Controllers, ","), l.Path)
		if l.Deleted {
			b.WriteString(" (deleted)")
		}
		b.WriteByte('\n')
	}
	return reading.Value(b.String())
}

// lineText is what stands behind a key. A line that is not there is absent on this kernel.
func rawLine(q query) reading.Of[string] {
	raw := q.text()
	if !raw.OK() {
		return raw
	}
	for l := range strings.Lines(raw.Value) {
		if value, ok := strings.CutPrefix(l, q.key+":"); ok {
			return reading.Value(strings.TrimSpace(value))
		}
	}
	return reading.Missing[string](reading.Absent)
}

// statNumbers are the numbers of fields in a key such as "14,15 utime, stime".
func statNumbers(key string) []int {
	list, _, _ := strings.Cut(key, " ")
	var numbers []int
	for n := range strings.SplitSeq(list, ",") {
		number, err := strconv.Atoi(n)
		if err != nil {
			panic("not the number of a field: " + key)
		}
		numbers = append(numbers, number)
	}
	return numbers
}

// statName is the key as proc_pid_stat(5) has it: "(22) starttime".
func statName(q query) string {
	numbers, name, _ := strings.Cut(q.key, " ")
	return "(" + numbers + ") " + name
}

func rawStat(q query) reading.Of[string] {
	raw := q.text()
	if !raw.OK() {
		return raw
	}
	open, end := strings.IndexByte(raw.Value, '('), strings.LastIndexByte(raw.Value, ')')
	if open < 1 || end < open {
		return reading.Missing[string](reading.Failed)
	}
	words := append([]string{strings.TrimSpace(raw.Value[:open]), raw.Value[open : end+1]}, strings.Fields(raw.Value[end+1:])...)
	var found []string
	for _, n := range statNumbers(q.key) {
		if n > len(words) {
			return reading.Missing[string](reading.Absent)
		}
		found = append(found, words[n-1])
	}
	return reading.Value(strings.Join(found, " "))
}

// memoryText is cmdline, which tier 1 has as well, or how reading the environment went; that itself is not shown here.
func rawMemory(q query) reading.Of[string] {
	switch {
	case q.file == "cmdline" && q.d != nil:
		return q.d.Cmdline
	case q.file == "cmdline":
		return q.p.Facts.Cmdline
	}
	return rawOfList(func(d *Detail) reading.How { return d.Environ.How })(q)
}

// listOf is for lists that have rows of their own: it tells how reading them went, and no text.
func rawOfList(how func(*Detail) reading.How) func(query) reading.Of[string] {
	return func(q query) reading.Of[string] {
		if q.d == nil {
			return reading.Of[string]{}
		}
		return reading.Of[string]{How: how(q.d)}
	}
}

func rawLink(q query) reading.Of[string] {
	f := q.p.Facts
	switch q.file {
	case "exe":
		return f.Exe
	case "cwd":
		return f.Cwd
	case "root":
		return f.Root
	}
	link := slices.Index(nsLinkPaths[:], q.file)
	if f.NS == nil || link < 0 {
		return reading.Of[string]{}
	}
	raw := reading.Of[string]{How: f.NS.How[link]}
	if raw.OK() {
		raw.Value = fmt.Sprintf("%s:[%d]", proc.NSLinkKind(proc.NSLink(link)), f.NS.Ino[link])
	}
	return raw
}

// relationText is the answer of a question to a namespace.
func rawRelation(q query) reading.Of[string] {
	link := slices.Index(nsLinkPaths[:], q.file)
	if q.d == nil || link < 0 {
		return reading.Of[string]{}
	}
	n := q.d.Namespaces[link]
	switch q.key {
	case "NS_GET_OWNER_UID":
		return reading.Of[string]{Value: strconv.Itoa(int(n.OwnerUID.Value)), How: n.OwnerUID.How}
	case "NS_GET_PARENT":
		return linkOf(proc.NSLinkKind(proc.NSLink(link)), n.Parent)
	}
	return linkOf(proc.User, n.Owner)
}

func linkOf(kind proc.NSKind, ino reading.Of[uint64]) reading.Of[string] {
	return reading.Of[string]{Value: fmt.Sprintf("%s:[%d]", kind, ino.Value), How: ino.How}
}

// labelFile is the file that has the label: AppArmor's own where there is one.
func labelFile(o *origin) string {
	const own, common = "attr/apparmor/current", "attr/current"
	if o.d != nil && o.d.Raw[own].OK() || o.d == nil && o.p.Facts.Label.Value.LSM == "apparmor" {
		return own
	}
	return common
}

func rawLimit(q query) reading.Of[string] {
	raw := q.text()
	if !raw.OK() {
		return raw
	}
	for l := range strings.Lines(raw.Value) {
		if rest, ok := strings.CutPrefix(l, q.item+" "); ok {
			return reading.Value(strings.Join(strings.Fields(rest), " "))
		}
	}
	return reading.Missing[string](reading.Absent)
}

func rawVariable(q query) reading.Of[string] {
	if q.d == nil || !q.d.Environ.OK() {
		return rawMemory(q)
	}
	for _, v := range q.d.Environ.Value {
		if v.Name == q.item && !v.Bare {
			return reading.Value(v.Value)
		}
	}
	return reading.Missing[string](reading.Absent)
}

func rawDescriptor(q query) reading.Of[string] {
	if q.d == nil || !q.d.Files.OK() {
		return rawOfList(func(d *Detail) reading.How { return d.Files.How })(q)
	}
	for _, f := range q.d.Files.Value {
		if strconv.Itoa(f.FD) == q.item {
			return reading.Value(f.Target)
		}
	}
	return reading.Missing[string](reading.Absent)
}

// counterText writes a number of io as the kernel does.
func rawCounter(q query) reading.Of[string] {
	if q.d == nil {
		return reading.Of[string]{}
	}
	io := q.d.IO.Value
	n := map[string]uint64{
		"rchar": io.ReadChars, "wchar": io.WriteChars, "read_bytes": io.ReadBytes, "write_bytes": io.WriteBytes,
	}[q.key]
	return reading.Of[string]{Value: strconv.FormatUint(n, 10), How: q.d.IO.How}
}

func rawWait(q query) reading.Of[string] {
	if q.d == nil {
		return reading.Of[string]{}
	}
	return reading.Of[string]{Value: strconv.FormatInt(q.d.CPUWait.Value.Nanoseconds(), 10), How: q.d.CPUWait.How}
}
