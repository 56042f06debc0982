package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sawProc tells whether the command had a /proc to look at.
func (b *watched) sawProc() bool { return b.inside("ns/pid") != "" }

// hasNew holds that the named namespaces are new, others are ours, and net is the one joined, where one is.
func (b *watched) hasNew(names []string, joined string) {
	b.t.Helper()
	list := b.lsns()
	for _, name := range NamespaceTypes {
		there := b.link("ns/" + name)
		if b.sawProc() && b.inside("ns/"+name) != there {
			b.t.Errorf("%s is %s inside and %s outside", name, b.inside("ns/"+name), there)
		}
		if told, ok := list[name]; ok && told != there {
			b.t.Errorf("lsns says %s, /proc %s", told, there)
		}
		ours, err := os.Readlink("/proc/self/ns/" + name)
		if err != nil {
			b.t.Fatal(err)
		}
		if name == "net" && joined != "" {
			if there != joined {
				b.t.Errorf("net is %s, the one to join %s", there, joined)
			}
			continue
		}
		if isNew := there != ours; isNew != slices.Contains(names, name) {
			b.t.Errorf("the %s namespace is new: %v", name, isNew)
		}
	}
	if len(list) < 7 {
		b.t.Errorf("lsns lists %v", list)
	}
}

// hasRights holds what /proc/PID/status says of rights: inside as outside, and as it should be.
func (b *watched) hasRights(set, noNewPrivs string, filtered bool) {
	b.t.Helper()
	theirs := b.outside("status")
	ours, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.t.Fatal(err)
	}
	want := map[string]string{"CapInh": "0000000000000000", "CapAmb": "0000000000000000"}
	for _, name := range []string{"CapPrm", "CapEff", "CapBnd"} {
		want[name] = set
	}
	if user := b.link("ns/user"); set == "" || user == ownLink("user") && os.Geteuid() != 0 {
		// nobody's rights are taken: without any over the user namespace the bounding set cannot be changed (capabilities(7))
		delete(want, "CapBnd")
	}
	for name, value := range map[string]string{"NoNewPrivs": noNewPrivs} {
		want[name] = value
	}
	if filtered {
		want["Seccomp"] = "2"
	}
	for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"} {
		there := field(theirs, name)
		if b.sawProc() && field(b.said["status"], name) != there {
			b.t.Errorf("%s is %s inside and %s outside", name, field(b.said["status"], name), there)
		}
		value, known := want[name]
		if !known || value == "" {
			if b.link("ns/user") != ownLink("user") && strings.HasPrefix(name, "Cap") {
				continue // all that there is over a user namespace of its own
			}
			value = field(string(ours), name)
		}
		if there != value {
			b.t.Errorf("%s is %s, want %s", name, there, value)
		}
	}
}

// ownLink is where a namespace of ours leads.
func ownLink(name string) string {
	link, _ := os.Readlink("/proc/self/ns/" + name)
	return link
}

// idsAgree holds that who the command is inside is, through the maps that both sides read, who it is outside.
func (b *watched) idsAgree() {
	b.t.Helper()
	ids := strings.Fields(b.inside("id"))
	if len(ids) < 2 {
		b.t.Fatalf("id said %q", b.inside("id"))
	}
	for i, kind := range []string{"uid", "gid"} {
		file := kind + "_map"
		there := b.outside(file)
		if b.sawProc() && strings.Join(strings.Fields(b.inside(file)), " ") != strings.Join(strings.Fields(there), " ") {
			b.t.Errorf("%s is %q inside and %q outside", file, b.inside(file), there)
		}
		name := map[string]string{"uid": "Uid", "gid": "Gid"}[kind]
		real := strings.Fields(field(b.outside("status"), name))[0]
		if mapped := mapOut(b.t, there, ids[i]); mapped != real {
			b.t.Errorf("%s %s inside is %s by %q, and %s outside", kind, ids[i], mapped, there, real)
		}
		if b.link("ns/user") != ownLink("user") && os.Geteuid() == 0 && real == "0" {
			b.t.Errorf("the host's root is mapped: %s", there)
		}
	}
}

// mapOut translates an id by the lines of a map.
func mapOut(t *testing.T, text, id string) string {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		var inside, outside, count int64
		if _, err := fmt.Sscan(line, &inside, &outside, &count); err != nil {
			t.Fatalf("a map's line is %q", line)
		}
		if n >= inside && n < inside+count {
			return strconv.FormatInt(outside+n-inside, 10)
		}
	}
	return "unmapped"
}

// isCalled holds the hostname, as hostname(1) says it inside and in the command's uts namespace.
func (b *watched) isCalled(name string) {
	b.t.Helper()
	if got := b.inside("hostname"); got != name {
		b.t.Errorf("hostname says %q inside, want %q", got, name)
	}
	if b.link("ns/uts") == ownLink("uts") {
		return
	}
	if got := b.nsenter(b.enterFlags("--uts"), "hostname"); got != name {
		b.t.Errorf("nsenter finds %q, want %q", got, name)
	}
}

// enterFlags are the flags to enter a namespace with, through the user namespace that is over it where we are not root.
func (b *watched) enterFlags(flags string) string {
	if os.Geteuid() == 0 {
		return flags
	}
	return flags + " --user --preserve-credentials"
}

// mountsAgree holds that both sides read the same table of mounts.
func (b *watched) mountsAgree() {
	b.t.Helper()
	points := func(text string) (list []string) {
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			list = append(list, f[0]+" "+f[4]+" "+f[5])
		}
		return list
	}
	inside, outside := points(b.inside("mounts")), points(b.outside("mountinfo"))
	if !slices.Equal(inside, outside) {
		b.t.Errorf("mounts inside %q\noutside %q", inside, outside)
	}
}

// cgroupsAgree holds that a cgroup namespace of its own shows its cgroups as the root, and the host's as they are.
func (b *watched) cgroupsAgree() {
	b.t.Helper()
	own := b.link("ns/cgroup") != ownLink("cgroup")
	outside := strings.Split(b.outside("cgroup"), "\n")
	inside := strings.Split(b.inside("cgroup"), "\n")
	for i, line := range outside {
		if i >= len(inside) {
			b.t.Fatalf("cgroups inside %q, outside %q", inside, outside)
		}
		if own {
			cut := strings.LastIndex(line, ":")
			line = line[:cut] + ":/"
		}
		if inside[i] != line {
			b.t.Errorf("cgroup %q inside, want %q", inside[i], line)
		}
	}
	for _, dir := range b.box.Cgroups() {
		procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err != nil || !slices.Contains(strings.Fields(string(procs)), strconv.Itoa(b.pid)) {
			b.t.Errorf("%s holds %q (%v), not the command %d", dir, procs, err, b.pid)
		}
	}
}

// pidsAgree holds that the command's PID inside is the innermost one that the kernel tells outside, and what ps(1) lists.
func (b *watched) pidsAgree(alone bool) {
	b.t.Helper()
	pids := strings.Fields(field(b.outside("status"), "NSpid"))
	if got := b.inside("pid"); got != pids[len(pids)-1] {
		b.t.Errorf("the command has PID %s inside; NSpid outside is %v", got, pids)
	}
	listed := len(lines(b.inside("ps"))) - 1
	if few := listed <= 3; few != alone { // an init, the command, and ps
		b.t.Errorf("ps lists %d processes inside:\n%s", listed, b.inside("ps"))
	}
}
