package export

import (
	"fmt"
	"strconv"
	"strings"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/limit"
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
	image, before := w.image()
	w.raw(image)
	w.addIf(len(s.Command) > 1, s.Command[1:]...)
	return Script{Text: inGroup(w.comments(), before, group{}, w.String()), Missing: w.missing}, nil
}

// image is the image's name as a word, and what makes the image.
func (w *dockerWriter) image() (word string, before []string) {
	r := &w.spec.Root
	name := "cutaway-" + base(r.Path)
	switch r.Kind {
	case sandbox.RootDir:
		return name, []string{"tar -C " + quotePlace(r.Path) + " -c . | docker import - " + name}
	case sandbox.RootTar:
		return name, []string{"docker import " + quotePlace(r.Path) + " " + name}
	case sandbox.RootImage:
		w.lackIf(r.Ref != "", "the choice of %s: give that name to docker run", r.Ref)
		return `"$IMAGE"`, []string{"IMAGE=$(docker load --quiet --input " + quotePlace(r.Path) + " | sed -n 's/^Loaded image[^:]*: //p' | head -n 1)"}
	}
	w.lack("the host's files: an image has files of its own; set IMAGE to one")
	return `"${IMAGE:?is the name of an image}"`, nil
}

func (w *dockerWriter) namespaces() {
	s, n := w.spec, &w.spec.Namespaces
	w.lackOfAll(s, "docker")
	w.lackIf(!n.Mnt.IsNew(), "the host's mount namespace: a container always has its own")
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
			w.lack("the namespace %s of %s: docker run joins containers' net, pid and ipc only", strings.TrimPrefix(t.flag, "--"), t.source)
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
		w.add("--tmpfs=" + dir + ":mode=" + strings.TrimPrefix(tmpMode(dir), "0") + ",exec")
	}
	w.addIf(s.Proc == sandbox.ProcUnmasked, "--security-opt=systempaths=unconfined")
	w.lackIf(s.Proc == sandbox.ProcKeep, "a /proc that is kept: a container has its own")
	w.lackIf(s.Sys != sandbox.SysNew, "a /sys that is %s: a container has its own", s.Sys)
	w.lackIf(s.Dev == sandbox.DevKeep, "a /dev that is kept: a container has its own")
	for _, m := range s.Mounts {
		w.mount(&m)
	}
}

func (w *dockerWriter) mount(m *sandbox.Mount) {
	switch m.Kind {
	case sandbox.BindRO, sandbox.BindRW:
		w.lackIf(m.Dev, "devices that work on %s: docker run --device names them one by one", m.Target)
		if strings.ContainsAny(m.Source+m.Target, `,"`) { // --mount reads CSV
			w.lackIf(strings.Contains(m.Source+m.Target, ":"), "a bind of %q: no flag takes all of its characters", m.Source)
			w.add("--volume=" + m.Source + ":" + m.Target + map[bool]string{true: ":ro"}[m.Kind == sandbox.BindRO])
			return
		}
		text := "--mount=type=bind,source=" + m.Source + ",target=" + m.Target
		if m.Kind == sandbox.BindRO {
			text += ",readonly"
		}
		w.add(text)
	case sandbox.TmpFS:
		options := "mode=" + strings.TrimPrefix(tmpMode(m.Target), "0") + ",exec"
		if m.Size > 0 {
			options += ",size=" + strconv.FormatInt(m.Size, 10)
		}
		w.add("--tmpfs=" + m.Target + ":" + options)
	case sandbox.MQueue:
		w.lackIf(m.Target != "/dev/mqueue", "message queues on %s: a container has them on /dev/mqueue", m.Target)
	case sandbox.CgroupFS:
		w.lackIf(m.Target != "/sys/fs/cgroup", "cgroups on %s: a container has them on /sys/fs/cgroup", m.Target)
	}
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
	w.addIf(s.Seccomp == sandbox.SeccompOff, "--security-opt=seccomp=unconfined")
	w.lackIf(s.Seccomp == sandbox.SeccompStrict, "seccomp strict: docker run --security-opt seccomp=FILE takes the section of the OCI form")
	for _, r := range s.Rlimits {
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
	if l.Swap != nil {
		switch both := *l.Swap; {
		case both == limit.Max:
			w.add("--memory-swap=-1")
		case l.Memory == nil || *l.Memory == limit.Max:
			w.lack("a limit of swap without one of memory")
		default:
			w.add("--memory-swap=" + (both + *l.Memory).Bytes())
		}
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
		if !strings.HasPrefix(l.IO[i].Device, "/") {
			w.lack("an I/O limit of %s: docker run takes paths such as /dev/sda", l.IO[i].Device)
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
