package export

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
	"cutaway/sandbox/shell"
	"cutaway/sandbox/steps"
)

// dockerWriter writes a command line of docker run.
type dockerWriter struct {
	lacks
	line
	spec *sandbox.Spec
	plan *steps.Launch
}

// Docker is a shell script of one `docker run`, and of the import of its image where the root is a directory or an archive.
// Podman takes the same words.
func Docker(s *sandbox.Spec) (Script, error) {
	plan, err := s.Outline(environ(), rootPlace)
	if err != nil {
		return Script{}, err
	}
	w := &dockerWriter{spec: s, plan: plan}
	w.add("docker", "run", "--rm", "--interactive")
	w.addIf(s.Terminal != sandbox.TerminalNever, "--tty")
	w.namespaces()
	w.rootAndMounts()
	w.rights()
	w.limits()
	w.command()
	image, p := w.image()
	w.raw(image)
	w.addIf(len(s.Command) > 1, s.Command[1:]...)
	p.command = w.String()
	return Script{Text: p.text(w.comments()), Missing: w.missing}, nil
}

// image is the image's name as a word, and what makes the image.
func (w *dockerWriter) image() (word string, p parts) {
	r := &w.spec.Root
	name := "cutaway-" + base(r.Path)
	stays := "# the image " + name + " stays; docker rmi removes it"
	switch r.Kind {
	case sandbox.RootDir:
		p.before = []string{stays, "tar -C " + shell.Quote(r.Path) + " -c . | docker import - " + name + " > /dev/null"}
		return name, p
	case sandbox.RootTar:
		p.before = []string{stays, "docker import " + shell.Quote(r.Path) + " " + name + " > /dev/null"}
		return name, p
	case sandbox.RootImage:
		w.lackIf(r.Ref != "", "the choice of %s: give that name to docker run", shell.Quote(r.Ref))
		p.before = []string{"IMAGE=$(docker load --quiet --input " + shell.Quote(r.Path) + " | sed -n 's/^Loaded image[^:]*: //p' | head -n 1)"}
		return `"$IMAGE"`, p
	}
	w.lack("the host's files: an image has files of its own; set IMAGE to one")
	return `"${IMAGE:?is the name of an image}"`, p
}

func (w *dockerWriter) namespaces() {
	s, n := w.spec, &w.spec.Namespaces
	w.lackOfAll(s, "docker")
	w.lackIf(!n.Mnt.IsNew(), "a mount namespace that is there already: a container always has its own")
	w.lackIf(isJoined(n.User) || isJoined(n.Time), "the user and time namespaces that are joined: docker run joins containers' net, pid and ipc only")
	w.lackIf(n.Time.IsNew(), "a time namespace")
	w.lackIf(n.User.IsNew(), "a user namespace for one container: the daemon has one for all (dockerd --userns-remap)")
	w.lackIf(len(s.UIDMap)+len(s.GIDMap) > 0, "maps of ids: the daemon's are in /etc/subuid and /etc/subgid")
	for _, t := range []struct {
		flag, fresh, host string
		source            sandbox.Source
		joins             bool
	}{
		{"--network", "none", "host", n.Net, true},
		{"--pid", "", "host", n.PID, true},
		{"--ipc", "private", "host", n.IPC, true},
		{"--uts", "", "host", n.UTS, false},
		{"--cgroupns", "private", "host", n.Cgroup, false},
	} {
		target, joined := t.source.Joined()
		switch {
		case joined && t.joins && strings.HasPrefix(string(t.source), "container:"):
			w.add(t.flag + "=container:" + target)
		case joined:
			w.lack("the namespace %s of %s: docker run joins containers' net, pid and ipc only", strings.TrimPrefix(t.flag, "--"), shell.Quote(string(t.source)))
		case !t.source.IsNew():
			w.add(t.flag + "=" + t.host)
		case t.fresh != "":
			w.add(t.flag + "=" + t.fresh)
		}
	}
	if s.Hostname != "" && strings.HasPrefix(string(n.Net), "container:") {
		w.lack("a hostname of its own beside a joined network: docker run refuses it")
	} else {
		w.addIf(s.Hostname != "", "--hostname="+s.Hostname)
	}
	w.addIf(s.Init && n.PID.IsNew(), "--init")
}

func (w *dockerWriter) rootAndMounts() {
	s, r := w.spec, &w.spec.Root
	readOnly := r.Kind == sandbox.RootHost || r.Kind == sandbox.RootDir && !r.Writable
	w.addIf(readOnly, "--read-only")
	w.lackIf(r.Kind == sandbox.RootDir && r.Writable, "writes to the directory itself: the image is a copy of it")
	for _, dir := range r.Tmp {
		w.tmpfs(dir, 0)
	}
	w.addIf(s.Proc == sandbox.ProcUnmasked, "--security-opt=systempaths=unconfined")
	w.lackIf(s.Proc == sandbox.ProcKeep, "a /proc that is kept: a container has its own")
	w.lackIf(s.Sys == sandbox.SysKeep, "a /sys that is kept: a container has its own")
	w.lackIf(s.Sys == sandbox.SysEmpty, "an empty /sys: a container has its own")
	w.lackIf(s.Dev == sandbox.DevKeep, "a /dev that is kept: a container has its own")
	for _, m := range s.Mounts {
		w.mount(&m)
	}
}

func (w *dockerWriter) mount(m *sandbox.Mount) {
	switch m.Kind {
	case sandbox.BindRO, sandbox.BindRW:
		w.lackIf(m.Dev, "devices that work on %s: docker run --device names them one by one", shell.Quote(m.Target))
		fields := []string{"type=bind", "source=" + m.Source, "target=" + m.Target}
		if m.Kind == sandbox.BindRO {
			fields = append(fields, "readonly")
		}
		w.add("--mount=" + csvLine(fields))
	case sandbox.TmpFS:
		w.tmpfs(m.Target, m.Size)
	case sandbox.MQueue:
		w.lackIf(m.Target != "/dev/mqueue", "message queues on %s: a container has them on /dev/mqueue", shell.Quote(m.Target))
	case sandbox.CgroupFS:
		w.lackIf(m.Target != "/sys/fs/cgroup", "cgroups on %s: a container has them on /sys/fs/cgroup", shell.Quote(m.Target))
	}
}

// tmpfs is --tmpfs, which splits its value at a colon; --mount does not, but allows no programs there.
func (w *dockerWriter) tmpfs(target string, size int64) {
	mode := strings.TrimPrefix(tmpMode(target), "0")
	if strings.Contains(target, ":") {
		w.lack("programs that run on %s: docker run --mount has no word for it", shell.Quote(target))
		fields := []string{"type=tmpfs", "target=" + target, "tmpfs-mode=" + mode}
		if size > 0 {
			fields = append(fields, "tmpfs-size="+strconv.FormatInt(size, 10))
		}
		w.add("--mount=" + csvLine(fields))
		return
	}
	options := "mode=" + mode + ",exec"
	if size > 0 {
		options += ",size=" + strconv.FormatInt(size, 10)
	}
	w.add("--tmpfs=" + target + ":" + options)
}

// csvLine is what docker run --mount reads: one line of encoding/csv.
func csvLine(fields []string) string {
	var b strings.Builder
	c := csv.NewWriter(&b)
	_ = c.Write(fields) // to memory, with the usual comma
	c.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

func (w *dockerWriter) rights() {
	s := w.spec
	keep, all := s.Kept()
	switch {
	case all:
		w.add("--cap-add=ALL")
	case keep != caps.DockerDefault:
		w.add("--cap-drop=ALL")
		for _, name := range keep.Short() {
			w.add("--cap-add=" + name)
		}
	}
	w.addIf(s.NoNewPrivs, "--security-opt=no-new-privileges")
	w.lackIf(!s.NoNewPrivs && s.Namespaces.Mnt.IsNew() && s.Root.Kind != sandbox.RootKeep, "a root that is nosuid: set-user-ID programs of the image work")
	w.addIf(s.Seccomp == sandbox.SeccompOff, "--security-opt=seccomp=unconfined")
	w.lackIf(s.Seccomp == sandbox.SeccompStrict, "seccomp strict: docker run --security-opt seccomp=FILE takes the section of the OCI form")
	for _, r := range s.Rlimits {
		if r.Name == "as" {
			w.lack("a limit of address space: docker run --ulimit has none")
			continue
		}
		w.add(fmt.Sprintf("--ulimit=%s=%d:%d", r.Name, r.Soft, r.Hard))
	}
	if u := s.User; u.UID != 0 || u.GID != 0 {
		w.add(fmt.Sprintf("--user=%d:%d", u.UID, u.GID))
	}
	for _, g := range s.User.Groups {
		w.add("--group-add=" + strconv.FormatUint(uint64(g), 10))
	}
}

func (w *dockerWriter) limits() {
	l := &w.spec.Limits
	if l.Memory != nil && *l.Memory != limit.Max {
		w.add("--memory=" + l.Memory.Bytes())
	}
	bounded := l.Memory != nil && *l.Memory != limit.Max
	switch swaps := l.Swap != nil && *l.Swap != limit.Max; {
	case swaps && bounded:
		w.add("--memory-swap=" + (*l.Swap + *l.Memory).Bytes())
	case swaps:
		w.lack("a limit of swap without one of memory")
	case bounded:
		w.add("--memory-swap=-1") // else Docker limits it to as much again
	}
	if l.CPUs != nil && *l.CPUs != 0 {
		w.add("--cpus=" + limit.FormatCPUs(*l.CPUs))
	}
	if l.PIDs != nil {
		w.add("--pids-limit=" + strings.Replace(l.PIDs.String(), "max", "-1", 1))
	}
	if l.Weight != nil {
		w.add("--cpu-shares=" + strconv.FormatUint(limit.Shares(*l.Weight), 10))
	}
	w.addIf(l.CPUSet != "", "--cpuset-cpus="+l.CPUSet)
	w.addIf(l.MemSet != "", "--cpuset-mems="+l.MemSet)
	flags := [4]string{"read-bps", "write-bps", "read-iops", "write-iops"}
	for i := range l.IO {
		if strings.Contains(l.IO[i].Device, ":") {
			w.lack("an I/O limit of %s: docker run takes paths such as /dev/sda, without a colon", shell.Quote(l.IO[i].Device))
			continue
		}
		for j, r := range l.IO[i].Rates() {
			if r.Value > 0 {
				w.add("--device-" + flags[j] + "=" + l.IO[i].Device + ":" + r.Value.String())
			}
		}
	}
}

func (w *dockerWriter) command() {
	s := w.spec
	w.lackIf(all(s), "the caller's whole environment: docker run --env takes names")
	for _, name := range named(s, w.plan) {
		w.add("--env=" + name)
	}
	for _, v := range variables(s, w.plan) {
		if v.kept {
			w.add("--env=" + v.name)
		} else {
			w.add("--env=" + v.name + "=" + v.value)
		}
	}
	for _, name := range odd(s, w.plan) {
		w.add("--env=" + name)
	}
	w.add("--workdir=" + s.Dir)
	w.add("--entrypoint=" + s.Command[0]) // else an image's own would come before it
}
