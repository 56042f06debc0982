package filter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/engine"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
	"cutaway/inspect/security"
)

const (
	hostNet = 4026531840
	dbNet   = 4026532502
)

// namespaces makes ten links of which net is given and the others are the host's.
func namespaces(net uint64) *proc.Namespaces {
	var ns proc.Namespaces
	for i := range ns.Ino {
		ns.Ino[i] = 4026531830 + uint64(i)
		ns.How[i].State = reading.Known
	}
	ns.Ino[proc.Net] = net
	return &ns
}

// process makes a process of which everything is known.
func process(pid int, comm, cmdline string, uid uint32, net uint64) inspect.Process {
	return inspect.Process{
		ID: inspect.ID{PID: pid, Start: uint64(pid)}, PPID: 1, State: 'S', Threads: 1, Comm: comm, CPU: 1, RSS: 8 << 20,
		Facts: &inspect.Facts{
			Read:    time.Unix(1, 0),
			NS:      namespaces(net),
			Cgroup:  reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/"}}}),
			Label:   reading.Value(security.Label{LSM: "apparmor", Profile: "unconfined", Raw: "unconfined"}),
			Cmdline: reading.Value(cmdline),
			Status: reading.Value(&proc.Status{
				UID: [4]uint32{uid, uid, uid, uid}, CapEff: 0xa80425fb, Seccomp: reading.Value[uint8](0),
			}),
		},
	}
}

// fixture is a host with two containers that share a network, and one process of which little may be read.
func fixture() *inspect.Snapshot {
	systemd := process(1, "systemd", "/sbin/init\x00splash\x00", 0, hostNet)
	systemd.Facts.Status.Value.CapEff = 1<<41 - 1
	redis := process(42, "redis-server", "redis-server *:6379\x00", 999, dbNet)
	redis.CPU, redis.RSS = 60, 200<<20
	redis.Facts.Status.Value.Seccomp = reading.Value[uint8](2)
	redis.Facts.Label = reading.Value(security.Label{Raw: "docker-default (enforce)"})
	redis.Facts.Cgroup = reading.Value(&cgroup.Membership{Lines: []proc.CgroupLine{{Path: "/Docker/397f67197f60"}}})
	httpd := process(43, "httpd", "/bin/httpd\x00-f\x00-p\x008080\x00", 0, dbNet)
	httpd.State, httpd.CPU = 'D', -1
	refused := process(50, "secret", "", 1000, 0)
	refused.State = 't'
	refused.Facts = &inspect.Facts{Read: time.Unix(1, 0), NS: &proc.Namespaces{}}
	denied := reading.How{State: reading.Denied, Errno: 13}
	for i := range refused.Facts.NS.How {
		refused.Facts.NS.How[i] = denied
	}
	refused.Facts.Status.How, refused.Facts.Label.How, refused.Facts.Cgroup.How = denied, denied, denied
	refused.Facts.Label.How = reading.How{State: reading.Absent, Errno: 22}
	kworker := process(60, "kworker/0:1", "", 0, hostNet)
	host := inspect.Host{NS: namespaces(hostNet), InitSeen: true}
	return inspect.Assemble(host, []inspect.Process{systemd, redis, httpd, refused, kworker}, []engine.Container{
		{Key: "docker/397f", Engine: "docker", ID: "397f67197f60aa", Name: "db", Init: 42, Members: []int{42}},
		{Key: "docker/5555", Engine: "docker", ID: "5555", Name: "Web", Init: 43, Members: []int{43}},
	})
}

func TestMatch(t *testing.T) {
	s := fixture()
	for query, want := range map[string][]int{
		"":                      {1, 42, 43, 50, 60},
		"  \t ":                 {1, 42, 43, 50, 60},
		"redis":                 {42},
		"REDIS":                 {42},
		"splash":                {1},
		`"httpd -f"`:            {43},
		"'-p 8080'":             {43},
		"web":                   {43},
		"!redis":                {1, 43, 50, 60},
		"!!redis":               {42},
		"d !db":                 {1, 43}, // "db" is the container of 42
		"container:DB":          {42},
		"container:397f67":      {42},
		"container:397":         nil, // too short for an id
		"container:*":           {42, 43},
		"!container:*":          {1, 50, 60},
		"engine:docker web":     {43},
		"engine:podman":         nil,
		"pid:43":                {43},
		"user:0":                {1, 43, 60},
		"user:root":             {1, 43, 60},
		"!user:root":            {42}, // 50 is unknown, so neither
		"ns:net=4026532502":     {42, 43},
		"ns:net:[4026532502]":   {42, 43},
		"ns:4026532502":         {42, 43},
		"!ns:4026532502":        {1, 60},
		"ns:net=host":           {1, 60},
		"!ns:net=host":          {42, 43},
		"shares:net=db":         {42, 43},
		"shares:net=db !db":     {43},
		"shares:uts=host":       {1, 42, 43, 60},
		"shares:net=nobody":     nil,
		"cap:sys_admin":         {1},
		"cap:CAP_SYS_ADMIN":     {1},
		"!cap:sys_admin":        {42, 43, 60},
		"cap:chown,mknod":       {1, 42, 43, 60},
		"seccomp:off":           {1, 43, 60},
		"seccomp:filter":        {42},
		"label:unconfined":      {1, 43, 60},
		"label:docker-default":  {42},
		"!label:unconfined":     {42, 50}, // 50: this kernel has no label, which is known
		"cgroup:/docker":        {42},
		"!cgroup:/docker":       {1, 43, 60},
		"state:d":               {43},
		"state:DT":              {43, 50},
		"mem>100M":              {42},
		"mem<8.1MiB":            {1, 43, 50, 60},
		"mem>0.1g":              {42},
		"cpu>50":                {42},
		"cpu<50%":               {1, 50, 60}, // 43 is not known yet
		"!cpu>50":               {1, 50, 60},
		"kworker/0:1":           {60}, // a digit before the colon: no key
		`"kworker/0:1"`:         {60},
		"Container:db USER:999": {42},
	} {
		f, err := Parse(query)
		if err != nil {
			t.Errorf("Parse(%q): %v", query, err)
			continue
		}
		var got []int
		for i := range s.Procs {
			if f.Match(s, &s.Procs[i]) {
				got = append(got, s.Procs[i].PID)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", query, d)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for query, want := range map[string]string{
		"contaner:db":             "did you mean container? Known are container, engine, pid",
		"foo>3":                   `unknown filter key "foo"`,
		"http://x":                `quote a name that has a ':' in it`,
		"mem:100M":                "compared with < or >: mem>100M",
		"container>3":             "takes a colon: container:db",
		"container:":              "container: needs a value: container:db",
		"!":                       "nothing to match",
		`""`:                      "nothing to match",
		`a "b`:                    `the quote " has no end`,
		"pid:x":                   "a PID is a whole number",
		"pid:-1":                  "a PID is a whole number",
		"mem>many":                `mem: "many" is not a size`,
		"mem>inf":                 `mem: "inf" is not a size`,
		"mem>M":                   `mem: "M" is not a size`,
		"cpu>1e3":                 `cpu: "1e3" is not a percentage`,
		"ns:net=x":                `"x" is not a namespace's number`,
		"ns:nit=4026532502":       `unknown kind of namespace "nit": known are mnt, net`,
		"ns:x":                    "say which namespace",
		"shares:net":              "say with whom",
		"shares:foo=db":           "unknown kind of namespace",
		"seccomp:on":              "the modes are off, strict, filter",
		"state:q":                 "the states are R running",
		"user:nosuchuser---":      "/etc/passwd knows no such user",
		"cap:sys_admni":           "sys_admin",
		strings.Repeat("a", 5000): "longer than",
	} {
		_, err := Parse(query)
		if err == nil {
			t.Errorf("Parse(%q): no error, want one with %q", query, want)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %q, want it to say %q", query, err, want)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%q): more than one line: %q", query, err)
		}
	}
}

// The examples of the table are what the help shows, so they must parse (a user or capability in them must exist).
func TestKeysAndHelp(t *testing.T) {
	help := Help()
	for _, k := range Keys() {
		if _, err := Parse(k.Example); err != nil {
			t.Errorf("%s: its example does not parse: %v", k.Name, err)
		}
		if !strings.Contains(help, k.Example) {
			t.Errorf("Help() leaves out %s", k.Name)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	s := fixture()
	var query strings.Builder
	for _, k := range keys {
		query.WriteString("!" + k.Example + " ")
	}
	f, err := Parse(query.String() + "Ünicode 'plain word'")
	if err != nil {
		t.Fatal(err)
	}
	match := func() {
		for i := range s.Procs {
			for _, one := range f.terms { // Match itself would stop at the first term that says no
				one.test(s, &s.Procs[i])
			}
			f.Match(s, &s.Procs[i])
		}
	}
	match() // shares: looks up its containers once for a snapshot
	if n := testing.AllocsPerRun(10, match); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNeedle(t *testing.T) {
	for _, c := range []struct {
		needle, in string
		want       bool
	}{
		{"straße", "Die STRASSE", false},
		{"ÉTÉ", "l'été dernier", true},
		{"été", "l'ete", false},
		{"é", "\xff\xfeÉ", true},
		{"sh -c", "/bin/SH\x00-c\x00ls", true},
		{"abc", "ab", false},
	} {
		if got := newNeedle(c.needle).in(c.in); got != c.want {
			t.Errorf("%q in %q: %v", c.needle, c.in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, k := range keys {
		f.Add(k.Example)
	}
	f.Add(`!"a b" 'c' x:y z>`)
	f.Add("ns:net:[ shares:net== \xff !!")
	s := fixture()
	f.Fuzz(func(t *testing.T, query string) {
		parsed, err := Parse(query)
		if err != nil {
			return
		}
		for i := range s.Procs {
			parsed.Match(s, &s.Procs[i])
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	var procs []inspect.Process
	for i := range 10_000 {
		procs = append(procs, process(i+1, "worker", "/usr/bin/worker\x00--config\x00/etc/worker/config.yaml\x00--port\x008080\x00", 0, hostNet))
	}
	s := inspect.Assemble(inspect.Host{NS: namespaces(hostNet)}, procs, nil)
	f, err := Parse("port !user:1000 mem>1M")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for i := range s.Procs {
			if f.Match(s, &s.Procs[i]) {
				n++
			}
		}
		if n != len(s.Procs) {
			b.Fatal(n)
		}
	}
}
