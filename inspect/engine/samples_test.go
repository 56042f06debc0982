package engine

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// summary is what a table expects of a container.
type summary struct {
	Engine, ID, Name, Runtime string
	Rootless                  bool
	Pod                       Pod
}

func summaryOf(c Container) summary {
	return summary{c.Engine, c.ID, c.Name, c.Runtime, c.Rootless, c.Pod}
}

// hostNS are the initial namespaces of the machines on which the samples were taken; their numbers differ only in net
// and mnt.
func hostNS(net, mnt uint64) *proc.Namespaces {
	return namespaces(map[proc.NSKind]uint64{
		proc.Mnt: mnt, proc.Net: net, proc.PID: 4026531836, proc.IPC: 4026531839, proc.UTS: 4026531838,
		proc.User: 4026531837, proc.Cgroup: 4026531835, proc.Time: 4026531834,
	})
}

func namespaces(inos map[proc.NSKind]uint64) *proc.Namespaces {
	ns := new(proc.Namespaces)
	for kind, ino := range inos {
		ns.Ino[kind] = ino
		ns.How[kind] = reading.How{State: reading.Known}
	}
	return ns
}

// readSample makes the process table of a sample: PID 1, the ancestors that the sample lists, and the process.
func readSample(t *testing.T, name string) (procs []Process, host *proc.Namespaces) {
	t.Helper()
	files := readArchive(t, filepath.Join("testdata", "samples", name+".txtar"))
	host = hostNS(4026531833, 4026531832)
	if strings.HasPrefix(name, "vm-") {
		host = hostNS(4026531840, 4026531841)
	}
	procs = []Process{{PID: 1, Start: 1, Comm: "init", NS: host, Root: "/", Exe: "/sbin/init", Cgroup: membership(t, "0::/\n")}}
	p := sampleProcess(t, files)
	procs = append(procs, sampleAncestors(t, files["ancestors.txt"], &p, host)...)
	return append(procs, p), host
}

// readArchive reads files that stand in one, each after a line "-- name --".
func readArchive(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files, name := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		if n, ok := between(strings.TrimSuffix(line, "\n"), "-- ", " --"); ok {
			name = n
			continue
		}
		files[name] += line
	}
	return files
}

func sampleProcess(t *testing.T, files map[string]string) Process {
	t.Helper()
	var status proc.Status
	if err := proc.ParseStatus([]byte(files["status"]), &status); err != nil {
		t.Logf("status: %v", err) // only the lines that detection needs are kept
	}
	p := Process{PID: 9999, PPID: 1, Start: 9999, UID: status.UID[1], NSpid: status.NSpid, Cgroup: membership(t, files["cgroup"])}
	for line := range strings.Lines(files["status"]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			p.Comm = value
		case "PPid":
			p.PPID, _ = strconv.Atoi(value)
		case "Pid":
			p.PID, _ = strconv.Atoi(value)
		}
	}
	p.Cmdline = strings.ReplaceAll(files["cmdline"], "\n", "\x00")
	if links := strings.Split(files["links.txt"], "\n"); len(links) >= 2 {
		p.Root, p.Exe = links[0], links[1]
	}
	if text, ok := files["ns.txt"]; ok {
		p.NS = new(proc.Namespaces)
		for line := range strings.Lines(text) {
			name, target, _ := strings.Cut(strings.TrimSpace(line), " ")
			for link := range proc.NSLink(proc.NSLinks) {
				if proc.NSLinkName(link) != name {
					continue
				}
				if _, ino, ok := proc.ParseNSLink([]byte(target)); ok {
					p.NS.Ino[link], p.NS.How[link] = ino, reading.How{State: reading.Known}
				}
			}
		}
	}
	return p
}

// sampleAncestors reads "PID comm command line" for each ancestor, the nearest first. All are the host's, but for
// those that are the sandbox's own first process (bwrap, firejail).
func sampleAncestors(t *testing.T, text string, p *Process, host *proc.Namespaces) []Process {
	t.Helper()
	var list []Process
	child := p
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, line)
	}
	for n, line := range lines {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		pid, err := strconv.Atoi(fields[0])
		if err != nil || pid == 1 || len(fields) < 2 {
			continue
		}
		a := Process{PID: pid, PPID: 1, Start: uint64(pid), Comm: fields[1], NS: host, Root: "/", Cgroup: membership(t, "0::/\n")}
		if len(fields) == 3 {
			args := strings.Fields(fields[2])
			if strings.HasPrefix(fields[2], "[") {
				args = fields[2:]
			}
			a.Cmdline = strings.Join(args, "\x00") + "\x00"
			if path.IsAbs(args[0]) {
				a.Exe = args[0]
			}
		}
		inner := n+1 < len(lines) && strings.Contains(lines[n+1], " "+fields[1]+" "+fields[1]+" ")
		if inner && (a.Comm == "bwrap" || a.Comm == "firejail") {
			a.NS = p.NS
		}
		child.PPID = pid
		list = append(list, a)
		child = &list[len(list)-1]
	}
	child.PPID = 1
	return list
}

func membership(t testing.TB, text string) *cgroup.Membership {
	t.Helper()
	lines, err := proc.ParseCgroup([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &cgroup.Membership{Lines: lines}
}

func TestSamples(t *testing.T) {
	docker := func(id string) *summary {
		return &summary{Engine: Docker, ID: id, Name: id[:12], Runtime: Runc}
	}
	podman := func(id, runtime string) *summary {
		return &summary{Engine: Podman, ID: id, Name: id[:12], Runtime: runtime}
	}
	rootless := podman("89925400b1c10f8140129f075498ca3f0b63bda3795a8ebe8138518e094d4713", Runc)
	k8s := docker("b645946cc1b22f838eaab33148c230d337f68110de0c0c7833ea0fad61b61689")
	k8s.Pod = Pod{UID: "11111111-2222-3333-4444-555555555555", QoS: "Burstable"}
	tests := map[string]*summary{ // nil: not a container
		"bwrap":              {Engine: Bubblewrap, Name: "sleep"},
		"bwrap-init":         {Engine: Bubblewrap, Name: "bwrap"},
		"cgroup-v1":          nil,
		"chroot":             {Engine: Chroot, Name: "sleep"},
		"containerd-ctr":     {Engine: Containerd, ID: "ct1", Name: "ct1", Runtime: Runc},
		"crun":               {Engine: Unshare, Name: "sleep"}, // its state file is not part of the sample
		"docker-capadd":      docker("badd62e9bed919bd9e1b502cfdb9da5fa0c47ac2f68c499c645ec151daa85fae"),
		"docker-capdrop":     docker("5120daf07ea00672c12629974eccb74c418636f669126dc164d4dce460ad1050"),
		"docker-cgns":        docker("b74fa469033f82df4a2946e5902d7f1b34c74e230fe5c5016b2179e29935b234"),
		"docker-db":          docker("397f67197f60b9e571f6c4d517242ab98f9892d4f304936663cfe6b360732ac9"),
		"docker-db-exec":     docker("7fa9ea25950cf29817092e74e01c321188ad927650670705fa3506234e5eb62e"),
		"docker-hostnet":     docker("7d843eaedc4b831ad079f6ef06963285cd289821fc1e4c1700c1e5cfedd2915f"),
		"docker-hostpid":     docker("963b7e83180ec1caa7a5e52645e182d76ce4d97ee5ec91066a0dd8c3592b46d2"),
		"docker-init":        docker("6c2f6a65db466a59df51aaf40d175ebf9ea0e39006ea9a590bcacb2562b4056f"),
		"docker-isolated":    docker("44bde5a8d4c627cfa5bd200c74b9cd6330d5a0ce57477f67123ee4fbdfb623b4"),
		"docker-nnp":         docker("19451bcc9823d127ffdeaff5802ac5fef324daa2c58ee92cc80a4415fa0adf66"),
		"docker-nonet":       docker("3c415b3da337792d086dbf3860a7a0eaf7a708630c5611f0b0e27c09c1d946c4"),
		"docker-priv":        docker("1e62ce6d81827eaac7b5d893ac9d2c7a90428ebaef53e46a34ca040cf7861e39"),
		"docker-privish":     docker("a1d7cdb7c22ba9eb4b0d7377137d0f7db0891c25eb26f06bf9b70e5f1a10cd5c"),
		"docker-remap":       docker("37b65c6649b3ace5fae826748bfd723a3e2b8bee47a139f1abbf668398d309a9"),
		"docker-ro":          docker("f0251c3aacd4733c115e6c824630d61d57a94e62f556f0146e0cbb900b64fc45"),
		"docker-unconf":      docker("08455d45259c8e32fd08f68140ac6e1189c5b3e8356985d4305e21a5019716e9"),
		"docker-user":        docker("ce1bdc7469db242831bb4d2b16213eca0b1ff570282923a982de8c264d18fb2a"),
		"docker-vol":         docker("ba73614bab42922d6e8fbf76acc7ad0b422acbd7b2fa5a7db56044ef0a014eec"),
		"docker-web":         docker("205a2c628215ed243d6b1d4153bac923be8ef1d590b0d4ae0d963305c49562fe"),
		"firejail":           {Engine: Firejail, Name: "sleep"},
		"host-shell":         nil,
		"lxc":                {Engine: LXC, ID: "c1", Name: "c1"},
		"podman-crun":        podman("838c8ccf6c41066ab6acd0c809aaa250a899501036f5b35215e5dcb5dbc33c1f", Crun),
		"podman-p1":          podman("62f2b25ad9596b503b389cd3d8b6935045442b95d51ab13e162327223a96dae5", Runc),
		"podman-p2":          podman("cfc182eb62d54fdb5bd81d19648d538c603fddb4f253b134d8d4bb9569431156", Runc),
		"podman-p4":          podman("ba0885c620270420d43cca1ff569e3d8c04c4eaaaa9fb4a83eba2518ce4b483f", Runc),
		"podman-rootless-r1": rootless,
		"runc":               {Engine: Unshare, Name: "sleep"}, // likewise
		"setpriv-nnp":        nil,
		"unshare-all":        {Engine: Unshare, Name: "sleep"},
		"unshare-time":       nil,
		"unshare-user":       {Engine: Unshare, Name: "sleep"},
		"vm-apparmor-host":   nil,
		"vm-docker-k8s":      k8s,
		"vm-docker-priv":     docker("17e434eee8bf100ef35bbcbefe98c1dbda9c957f0bb5c6611824aaef061ee4b0"),
		"vm-docker-web":      docker("0a4e9c8fd27f287cad08e530df57bfda4d684bc779e51b90df3608cd2567f92d"),
		"vm-hybrid-v1":       nil, // only mountinfo is there
		"vm-podman-p1":       podman("10fffc8bf11244b7cf611d84a181d84d223613b4a44aa49b3304ba6f84e1d41f", Crun),
		"vm-systemd-service": nil,
	}
	files, err := filepath.Glob("testdata/samples/*.txtar")
	if err != nil || len(files) != len(tests) {
		t.Fatalf("%d samples, %d expectations (%v)", len(files), len(tests), err)
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			procs, host := readSample(t, name)
			got := NewDetector(Options{Root: t.TempDir(), ProcRoot: t.TempDir()}).Detect(procs, host)
			if want == nil {
				if len(got) > 0 {
					t.Errorf("found %+v, want none", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("found %+v, want one container", got)
			}
			if diff := cmp.Diff(*want, summaryOf(got[0])); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, got[0].Evidence)
			}
			checkMembers(t, procs, got[0])
		})
	}
}

// checkMembers holds that a sample's process is in the container, and that no engine's process on the host is.
func checkMembers(t *testing.T, procs []Process, c Container) {
	t.Helper()
	last := procs[len(procs)-1]
	in := false
	for _, pid := range c.Members {
		in = in || pid == last.PID
		for _, p := range procs {
			if p.PID == pid && p.NS != last.NS {
				t.Errorf("process %d (%s) of the host is a member", pid, p.Comm)
			}
		}
	}
	if !in {
		t.Errorf("process %d is no member of %v", last.PID, c.Members)
	}
	if len(c.Evidence) == 0 {
		t.Error("no evidence")
	}
}
