package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

var _ = registerTab(tab{order: 50, title: "Security", rows: securityTab})

// securityTab is what confines the process beside capabilities, and whom it counts as.
func securityTab(u *subject) []row {
	rs := &rows{}
	if !u.needProcess(rs) {
		return rs.list
	}
	st := u.proc.Facts.Status
	if !st.OK() {
		rs.add(fieldSeccomp, "seccomp", missing(st.How))
		u.addLabel(rs)
		return rs.list
	}
	u.addConfinement(rs, st.Value)
	rs.blank()
	u.addIdentity(rs, st.Value)
	rs.blank()
	u.addPlaces(rs)
	u.addProcessState(rs, st.Value)
	return rs.list
}

func (u *subject) addConfinement(rs *rows, st *proc.Status) {
	seccomp := []line{seccompLine(st)}
	if st.Seccomp.OK() {
		seccomp = append(seccomp, words(dim, security.SeccompMeaning(st.Seccomp.Value, st.SeccompFilters)))
	}
	rs.add(fieldSeccomp, "seccomp", seccomp...)
	nnp := []line{value(st.NoNewPrivs, onOff)}
	if st.NoNewPrivs.OK() {
		nnp = append(nnp, words(dim, security.NoNewPrivsMeaning(st.NoNewPrivs.Value)))
	}
	rs.add(fieldNoNewPrivs, "no_new_privs", nnp...)
	u.addLabel(rs)
	label := u.proc.Facts.Label
	last := &rs.list[len(rs.list)-1]
	switch {
	case label.OK():
		last.lines = append(last.lines, words(dim, text.Sanitise(label.Value.Meaning(u.kernel.enforcing))))
	case notThere(label.How):
		last.lines = []line{words(dim, security.NoLabel)}
	}
	rs.add("", "landlock", words(dim, "unknown: the kernel does not show a process's Landlock domain"))
}

// notThere tells a kernel that has no such thing from a value that was not read.
func notThere(how reading.How) bool { return how.State == reading.Absent }

var idNames = [4]string{"real", "effective", "saved", "filesystem"}

func (u *subject) addIdentity(rs *rows, st *proc.Status) {
	rs.add(fieldUID, "uid", idsLine(st.UID, u.names))
	rs.add(fieldGID, "gid", idsLine(st.GID, nil))
	groups := make([]string, 0, len(st.Groups))
	for _, g := range st.Groups {
		groups = append(groups, strconv.FormatUint(uint64(g), 10))
	}
	if len(groups) == 0 {
		groups = []string{"none"}
	}
	rs.add(fieldGroups, "groups", words(plain, strings.Join(groups, " ")))
	if ns := u.proc.Facts.NS; ns != nil {
		if maps, ok := u.snap.IDMaps[ns.Ino[proc.User]]; ok {
			addMaps(rs, &maps)
		}
	}
}

// idsLine is one id when all four are the same, else each with its name.
func idsLine(ids [4]uint32, names map[uint32]string) line {
	if ids[0] == ids[1] && ids[1] == ids[2] && ids[2] == ids[3] {
		return words(plain, idText(ids[0], names[ids[0]]))
	}
	l := line{}
	for i, id := range ids {
		st := plain
		if id != ids[0] {
			st = warn
		}
		l = l.put(dim, idNames[i]+" ").put(st, idText(id, names[id])).gap(2)
	}
	return l
}

// addPlaces is where the process's root, program and working directory are.
func (u *subject) addPlaces(rs *rows) {
	f := u.proc.Facts
	link := func(r reading.Of[string]) line {
		return value(r, func(s string) line { return words(plain, text.Sanitise(s)) })
	}
	rs.add(fieldExe, "exe", link(f.Exe))
	rs.add(fieldCwd, "cwd", link(f.Cwd))
	rs.add(fieldRoot, "root", link(f.Root))
}

func (u *subject) addProcessState(rs *rows, st *proc.Status) {
	rs.blank()
	tracer := words(dim, "none")
	if st.TracerPID != 0 {
		tracer = words(warn, strconv.Itoa(st.TracerPID))
		if p := u.snap.ByPID(st.TracerPID); p != nil {
			tracer = tracer.put(plain, " "+text.Sanitise(p.Comm))
		}
	}
	rs.add(fieldTracer, "traced by", tracer)
	rs.add(fieldUmask, "umask", value(st.Umask, func(m uint32) line { return words(plain, "0"+strconv.FormatUint(uint64(m), 8)) }))
	if d := u.detail; d != nil {
		adj := value(d.OOMScoreAdj, func(n int) line { return words(plain, strconv.Itoa(n)) })
		rs.add(fieldOOMScoreAdj, "oom_score_adj", adj)
		rs.add(fieldOOMScore, "oom_score", value(d.OOMScore, func(n int) line { return words(plain, strconv.Itoa(n)) }))
	}
	rs.blank()
	signals := func(f inspect.Field, label string, mask uint64) {
		names := strings.Join(proc.SignalNames(mask), " ")
		if names == "" {
			rs.add(f, label, words(dim, "none"))
			return
		}
		rs.add(f, label, words(plain, names))
	}
	signals(fieldSigBlocked, "blocked", st.SigBlocked)
	signals(fieldSigIgnored, "ignored", st.SigIgnored)
	signals(fieldSigCaught, "caught", st.SigCaught)
	signals(fieldSigPending, "pending", st.SigPending|st.ShdPending)
}
