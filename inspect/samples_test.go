package inspect

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/caps"
	"cutaway/inspect/cgroup"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// portrait is what a snapshot says of one process and its container, as a person would read it. Ids are cut to twelve
// letters, in paths too.
type portrait struct {
	Container   string // engine, id, name and pod; "" for the host's own
	Members     []int
	NSpid       []int
	Fingerprint string // mnt net pid ipc uts user cgroup time: · the host's, ■ own, a letter shared
	UIDMap      string // inside→outside×count
	Label       string
	Seccomp     string
	NoNewPrivs  bool
	Caps        [5]caps.Set // inheritable, permitted, effective, bounding, ambient
	Cgroup      string      // the container's, or the process's where that is no container's own
	Memory      string      // the limit that binds, in bytes, and the cgroup that sets it
	CPU         string      // thousandths of a core, likewise
	PIDs        string
}

func portraitOf(s *Snapshot, pid int) portrait {
	p := s.ByPID(pid)
	st := p.Facts.Status.Value
	r := portrait{
		NSpid: st.NSpid, Fingerprint: fingerprintText(s.Fingerprint(p.Facts.NS)), UIDMap: uidMapText(s, p),
		Label: labelText(p), Seccomp: seccompText(st), NoNewPrivs: st.NoNewPrivs.Value,
		Caps:   [5]caps.Set{caps.Set(st.CapInh), caps.Set(st.CapPrm), caps.Set(st.CapEff), caps.Set(st.CapBnd.Value), caps.Set(st.CapAmb.Value)},
		Cgroup: p.Facts.Cgroup.Value.Path(),
	}
	c := p.Container
	if c == nil {
		return r
	}
	r.Container, r.Members = containerText(c), c.Members
	if c.Cgroup != nil {
		r.Cgroup = short(c, c.Cgroup.Path())
		r.Memory, r.CPU, r.PIDs = effectiveText(c, c.Usage.EffectiveMemory), effectiveText(c, c.Usage.EffectiveCPU), effectiveText(c, c.Usage.EffectivePIDs)
	}
	return r
}

// short cuts a container's id in a text.
func short(c *Container, text string) string {
	if len(c.ID) <= 12 {
		return text
	}
	return strings.ReplaceAll(text, c.ID, c.ID[:12]+"…")
}

func containerText(c *Container) string {
	words := []string{c.Engine, c.ID[:min(12, len(c.ID))], c.Name, c.Pod.UID, c.Pod.QoS}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func uidMapText(s *Snapshot, p *Process) string {
	maps := s.IDMaps[p.Facts.NS.Ino[proc.User]].UID
	if !maps.OK() {
		return maps.How.String()
	}
	var words []string
	for _, m := range maps.Value {
		words = append(words, fmt.Sprintf("%d→%d×%d", m.Inside, m.Outside, m.Count))
	}
	return strings.Join(words, " ")
}

func labelText(p *Process) string {
	if p.Facts.Label.State == reading.Absent {
		return ""
	}
	return fmt.Sprintf("%s (%s)", p.Facts.Label.Value.Profile, p.Facts.Label.Value.Mode)
}

func seccompText(st *proc.Status) string {
	if st.Seccomp.Value == 0 {
		return "off"
	}
	return fmt.Sprintf("mode %d, filters %d", st.Seccomp.Value, st.SeccompFilters.Value)
}

func fingerprintText(cells [proc.NSKinds]Cell) string {
	var text strings.Builder
	for _, c := range cells {
		switch c.Kind {
		case CellHost:
			text.WriteString("·")
		case CellOwn:
			text.WriteString("■")
		case CellShared:
			text.WriteByte(c.Letter)
		default:
			text.WriteString("?")
		}
	}
	return text.String()
}

func effectiveText(c *Container, e cgroup.Effective) string {
	text := e.Limit.How.String()
	switch {
	case e.Limit.OK() && e.Limit.Value.Unlimited:
		text = "unlimited"
	case e.Limit.OK():
		text = fmt.Sprintf("%d by %s/%s", e.Limit.Value.Value, short(c, e.Path), filepath.Base(e.File))
	}
	if e.Above {
		text += ", or less above"
	}
	return text
}

// Where the samples were taken, by a process of the host of each machine.
const (
	lab     = "host-shell"       // v1 controllers each mounted alone, a v2 tree beside them, no security module with labels
	vm      = "vm-apparmor-host" // v2 only, AppArmor, systemd
	classic = "vm-hybrid-v1"     // v1 with joined controllers, as systemd mounts them
)

// Masks of the samples.
const (
	dockerCaps   caps.Set = 0xa80425fb
	podmanCaps   caps.Set = 0x800405fb
	runcCaps     caps.Set = 0x20000420    // the default of `runc spec`
	allCaps      caps.Set = 0x1ffffffffff // of the VM
	labCaps      caps.Set = 0x1fffeffffff // root's on the lab machine, which lacks CAP_SYS_RESOURCE
	oldDockerAll caps.Set = 0x3fffffffff  // what Docker 20.10 knows as all
	sysResource  caps.Set = 1 << 24
	wholeMap              = "0→0×4294967295"
)

// plainCaps are the sets of a process that was given a mask as a runtime does it.
func plainCaps(mask caps.Set) [5]caps.Set { return [5]caps.Set{0, mask, mask, mask, 0} }

// onLab is a container as Docker makes it on the lab machine when nothing else is said.
func onLab(pid int, id string, changes ...func(*portrait)) portrait {
	p := portrait{
		Container: "docker " + id + " " + id, Members: []int{pid}, NSpid: []int{pid, 1}, Fingerprint: "■■■■■···", UIDMap: wholeMap,
		Seccomp: "mode 2, filters 1", Caps: plainCaps(dockerCaps), Cgroup: "/docker/" + id + "…",
		Memory: "unlimited", CPU: "unlimited", PIDs: "unlimited",
	}
	for _, change := range changes {
		change(&p)
	}
	return p
}

// onVM is the same with cgroup v2, systemd and AppArmor. TasksMax is systemd's default there.
func onVM(pid int, id string, changes ...func(*portrait)) portrait {
	scope := "/system.slice/docker-" + id + "….scope"
	p := onLab(pid, id)
	p.Fingerprint, p.Label = "■■■■■·■·", "docker-default (enforce)"
	p.Cgroup, p.PIDs = scope, "2365 by "+scope+"/pids.max"
	for _, change := range changes {
		change(&p)
	}
	return p
}

// hostOnLab is a process that a shell of the lab machine started.
func hostOnLab(pid int, changes ...func(*portrait)) portrait {
	p := portrait{NSpid: []int{pid}, Fingerprint: "········", UIDMap: wholeMap, Seccomp: "off", Caps: plainCaps(labCaps), Cgroup: "/user.slice/session-1.scope"}
	for _, change := range changes {
		change(&p)
	}
	return p
}

// Samples that were taken at the same time stand in one row, since they may share namespaces.
var sampleTests = []struct {
	host    string
	samples []string
	want    []portrait
}{
	{lab, []string{"docker-db", "docker-web"}, []portrait{ // web runs with --net=container:db
		onLab(24665, "397f67197f60", func(p *portrait) {
			p.Fingerprint = "■A■■■···"
			p.Memory = "134217728 by /docker/397f67197f60…/memory.limit_in_bytes"
			p.CPU = "500 by /docker/397f67197f60…/cpu.cfs_quota_us"
			p.PIDs = "64 by /docker/397f67197f60…/pids.max"
		}),
		onLab(24737, "205a2c628215", func(p *portrait) { p.Fingerprint = "■A■■■···" }),
	}},
	{lab, []string{"docker-remap"}, []portrait{onLab(723, "37b65c6649b3", func(p *portrait) {
		p.Fingerprint, p.UIDMap = "■■■■■■··", "0→100000×65536"
	})}},
	{lab, []string{"docker-hostnet"}, []portrait{onLab(28375, "7d843eaedc4b", func(p *portrait) { p.Fingerprint = "■·■·····" })}},
	{lab, []string{"docker-hostpid"}, []portrait{onLab(27172, "963b7e83180e", func(p *portrait) {
		p.Fingerprint, p.NSpid = "■■·■■···", []int{27172}
	})}},
	{lab, []string{"docker-cgns"}, []portrait{onLab(32386, "b74fa469033f", func(p *portrait) { p.Fingerprint = "■■■■■·■·" })}},
	{lab, []string{"docker-nnp"}, []portrait{onLab(27656, "19451bcc9823", func(p *portrait) { p.NoNewPrivs = true })}},
	{lab, []string{"docker-unconf"}, []portrait{onLab(27420, "08455d45259c", func(p *portrait) { p.Seccomp = "off" })}},
	{lab, []string{"docker-privish"}, []portrait{onLab(30226, "a1d7cdb7c22b", func(p *portrait) {
		p.Seccomp, p.Caps = "off", plainCaps(oldDockerAll&^sysResource)
	})}},
	{lab, []string{"docker-capadd"}, []portrait{onLab(26465, "badd62e9bed9", func(p *portrait) { p.Caps = plainCaps(0xa80c35fb) })}},
	{lab, []string{"docker-capdrop"}, []portrait{onLab(26705, "5120daf07ea0", func(p *portrait) { p.Caps = plainCaps(0) })}},
	{lab, []string{"docker-user"}, []portrait{onLab(28124, "ce1bdc7469db", func(p *portrait) {
		p.Caps = [5]caps.Set{0, 0, 0, dockerCaps, 0} // a user other than root has none, but for what a set-user-ID program gains
	})}},
	{lab, []string{"podman-p1", "podman-p4"}, []portrait{ // one pod shares net and pid
		onLab(29027, "62f2b25ad959", onPodman, func(p *portrait) { p.Fingerprint = "■AA■■···" }),
		onLab(29267, "ba0885c62027", onPodman, func(p *portrait) { p.Fingerprint, p.NSpid = "■AA■■···", []int{29267, 6} }),
	}},
	{lab, []string{"podman-rootless-r1"}, []portrait{onLab(30760, "89925400b1c1", onPodman, inShell, func(p *portrait) {
		p.Fingerprint, p.UIDMap = "■■■■■■··", "0→1001×1 1→165536×65536"
	})}},
	{lab, []string{"lxc"}, []portrait{onLab(31794, "c1", func(p *portrait) {
		p.Container, p.Fingerprint, p.Seccomp, p.Caps, p.Cgroup = "lxc c1 c1", "■■■■■·■·", "off", plainCaps(labCaps), "/lxc.payload.c1"
	})}},
	// What runc and crun are called is in their state files; a sandbox without a name is called by its first process.
	{lab, []string{"runc"}, []portrait{onLab(14305, "", func(p *portrait) {
		p.Container, p.NoNewPrivs, p.Seccomp, p.Caps, p.Cgroup = "unshare sleep", true, "off", plainCaps(runcCaps), "/user.slice/session-1.scope/r1"
	})}},
	{lab, []string{"crun"}, []portrait{onLab(31293, "", func(p *portrait) {
		p.Container, p.NoNewPrivs, p.Seccomp, p.Caps, p.Cgroup = "unshare sleep", true, "off", plainCaps(runcCaps), "/probe/c1"
	})}},
	{lab, []string{"firejail"}, []portrait{hostOnLab(3506, func(p *portrait) {
		p.Container, p.Members, p.NSpid, p.Fingerprint = "firejail sleep", []int{3504, 3506}, []int{3506, 3}, "■■■■■···"
		p.Seccomp, p.NoNewPrivs, p.Caps = "mode 2, filters 2", true, plainCaps(0)
	})}},
	{lab, []string{"bwrap-init", "bwrap"}, []portrait{
		hostOnLab(3140, inBubblewrap, func(p *portrait) { p.NSpid, p.Caps = []int{3140, 1}, [5]caps.Set{0, 0, 0, labCaps, 0} }),
		hostOnLab(3141, inBubblewrap, func(p *portrait) { p.NSpid = []int{3141, 2} }),
	}},
	{lab, []string{"chroot"}, []portrait{hostOnLab(2780, func(p *portrait) { p.Container, p.Members = "chroot sleep", []int{2780} })}},
	{lab, []string{"unshare-all"}, []portrait{hostOnLab(2060, func(p *portrait) {
		p.Container, p.Members, p.NSpid, p.Fingerprint = "unshare sleep", []int{2060}, []int{2060, 1}, "■■■■■·■■"
	})}},
	{lab, []string{"unshare-user"}, []portrait{hostOnLab(2580, func(p *portrait) {
		p.Container, p.Members, p.NSpid, p.Fingerprint = "unshare sleep", []int{2580}, []int{2580, 1}, "■·■··■··"
		p.UIDMap, p.Caps = "0→0×1", plainCaps(allCaps) // all, over its own user namespace
	})}},
	// Not containers: a time namespace alone confines nothing, neither do no_new_privs and a cgroup.
	{lab, []string{"unshare-time"}, []portrait{hostOnLab(2294, func(p *portrait) { p.Fingerprint = "·······■" })}},
	{lab, []string{"setpriv-nnp"}, []portrait{hostOnLab(2946, func(p *portrait) { p.NoNewPrivs, p.Caps = true, plainCaps(0) })}},
	{lab, []string{"cgroup-v1"}, []portrait{hostOnLab(4242, onlyCgroup, func(p *portrait) { p.Cgroup = "/probe_x" })}},
	{classic, []string{"vm-hybrid-v1"}, []portrait{hostOnLab(4242, onlyCgroup, func(p *portrait) {
		p.Label, p.UIDMap, p.Cgroup = "", "absent (no such file or directory)", "/user.slice/user-0.slice/session-1.scope"
	})}},
	{vm, []string{"vm-apparmor-host"}, []portrait{hostOnLab(195, func(p *portrait) {
		p.Label, p.Caps, p.Cgroup = "probesleep (enforce)", plainCaps(allCaps), "/system.slice/share-run.service"
	})}},
	{vm, []string{"vm-systemd-service"}, []portrait{hostOnLab(2085, func(p *portrait) { // confined, with private mounts, and no container
		p.Label, p.Seccomp, p.NoNewPrivs, p.Fingerprint = "unconfined (unconfined)", "mode 2, filters 6", true, "■·······"
		p.Caps, p.Cgroup = [5]caps.Set{0, 0, 0, allCaps, 0}, "/system.slice/probe-limited.service"
	})}},
	{vm, []string{"vm-docker-web"}, []portrait{onVM(573, "0a4e9c8fd27f", func(p *portrait) {
		p.Memory, p.CPU, p.PIDs = "67108864 by "+p.Cgroup+"/memory.max", "500 by "+p.Cgroup+"/cpu.max", "50 by "+p.Cgroup+"/pids.max"
	})}},
	{vm, []string{"vm-docker-priv"}, []portrait{onVM(644, "17e434eee8bf", func(p *portrait) {
		p.Label, p.Seccomp, p.Caps = "unconfined (unconfined)", "off", plainCaps(oldDockerAll)
	})}},
	{vm, []string{"vm-docker-k8s"}, []portrait{onVM(712, "b645946cc1b2", func(p *portrait) {
		p.Container += " 11111111-2222-3333-4444-555555555555 Burstable"
		p.Cgroup = pod + "/docker-b645946cc1b2….scope"
		p.PIDs = "2365 by " + p.Cgroup + "/pids.max"
	})}},
	// Podman's processes stand one cgroup below the container's.
	{vm, []string{"vm-podman-p1"}, []portrait{onVM(1711, "10fffc8bf112", onPodman, func(p *portrait) {
		p.Label, p.Cgroup, p.PIDs = "containers-default-0.50.1 (enforce)", "/machine.slice/libpod-10fffc8bf112….scope", "unlimited"
	})}},
}

// pod is the cgroup that the kubelet makes for a pod; the hyphens of a pod's uid are underscores there.
const pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice"

func onPodman(p *portrait) {
	p.Container = strings.Replace(p.Container, "docker", "podman", 1)
	p.Caps = plainCaps(podmanCaps)
	p.Cgroup = strings.Replace(p.Cgroup, "/docker/", "/libpod_parent/libpod-", 1)
}

// inShell is for a container in the cgroup of the shell that started it, whose limits are none of its own.
func inShell(p *portrait) {
	p.Cgroup, p.Memory, p.CPU, p.PIDs = "/user.slice/session-1.scope", "", "", ""
}

func inBubblewrap(p *portrait) {
	p.Container, p.Members, p.Fingerprint = "bubblewrap sleep", []int{3140, 3141}, "■■■■■■■·"
	p.UIDMap, p.NoNewPrivs = "0→0×1", true
}

// onlyCgroup is for recordings of nothing but a cgroup: the fixture's status fills in.
func onlyCgroup(p *portrait) { p.Caps = [5]caps.Set{0, allCaps, allCaps, allCaps, 0} }

func TestSamples(t *testing.T) {
	modes := map[string]cgroup.Mode{lab: cgroup.Hybrid, vm: cgroup.V2, classic: cgroup.Hybrid}
	for _, tt := range sampleTests {
		t.Run(strings.Join(tt.samples, "+"), func(t *testing.T) {
			m := newRecordedMachine(t, tt.host, true)
			var pids []int
			for _, name := range tt.samples {
				pids = append(pids, m.add(readRecording(t, name)))
			}
			s := m.scan()
			if s.Host.CgroupMode != modes[tt.host] {
				t.Errorf("%v, want %v", s.Host.CgroupMode, modes[tt.host])
			}
			for i, pid := range pids {
				if diff := cmp.Diff(tt.want[i], portraitOf(s, pid)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.samples[i], diff)
				}
			}
		})
	}
}

// The same container on a machine with nothing but v1.
func TestASampleOnV1(t *testing.T) {
	m := newRecordedMachine(t, lab, false)
	pid := m.add(readRecording(t, "docker-db"))
	s := m.scan()
	if s.Host.CgroupMode != cgroup.V1 {
		t.Errorf("%v, want %v", s.Host.CgroupMode, cgroup.V1)
	}
	if got := portraitOf(s, pid); got.Memory != "134217728 by /docker/397f67197f60…/memory.limit_in_bytes" {
		t.Errorf("memory is limited to %s", got.Memory)
	}
}

// The tightest limit on the way up binds: a pod's, though its containers have none.
func TestThePodsLimitBinds(t *testing.T) {
	m := newRecordedMachine(t, vm, true)
	pid := m.add(readRecording(t, "vm-docker-k8s"))
	m.write(filepath.Join(m.cgroups, pod), "memory.max", "33554432\n")
	m.write(filepath.Join(m.cgroups, pod), "cpu.max", "25000 100000\n")
	m.write(filepath.Join(m.cgroups, filepath.Dir(pod)), "pids.max", "100\n")
	m.write(filepath.Join(m.cgroups, filepath.Dir(pod)), "memory.max", "67108864\n")
	want := portrait{Memory: "33554432 by " + pod + "/memory.max", CPU: "250 by " + pod + "/cpu.max", PIDs: "100 by " + filepath.Dir(pod) + "/pids.max"}
	got := portraitOf(m.scan(), pid)
	if diff := cmp.Diff(want, portrait{Memory: got.Memory, CPU: got.CPU, PIDs: got.PIDs}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
