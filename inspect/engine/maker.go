package engine

import (
	"path"
	"strings"
)

// maker is what a container's first process's parent tells: the program that made the container or watches over it.
type maker struct {
	program   string // what it is called, "" when there is none that we know
	inside    bool   // it is the first process itself, not its parent
	engine    string // "" when the program serves several engines
	runtime   string
	id, name  string
	namespace string // of containerd
	bundle    string // directory with config.json, as the maker sees it
}

// maxArgs bounds how much of a command line is looked at: an engine's is short.
const maxArgs = 256

// makerOf reads a parent process. The program is known by its exe link, which a process cannot choose freely; by its
// comm only where the link cannot be read.
func makerOf(p *Process) maker {
	program := programOf(p)
	args := argsOf(p)
	switch {
	case strings.HasPrefix(program, "containerd-shim"):
		return shim(program, args)
	case program == "docker-containerd-shim": // before Docker 18.09: <id> <bundle> <runtime>
		m := maker{program: program, engine: Docker, runtime: Runc}
		if len(args) > 2 && isID(args[1]) {
			m.id, m.bundle = args[1], args[2]
		}
		return m
	case program == "conmon":
		return conmon(program, args)
	case program == "systemd-nspawn":
		return nspawn(program, args)
	case strings.HasPrefix(program, "lxc-") || strings.HasPrefix(argument(args, 0), "[lxc monitor]"):
		return lxcMonitor(program, args)
	case program == "runc" || program == "crun":
		return maker{program: program, engine: program, runtime: program, id: lastArgument(args)}
	case program == "bwrap":
		return maker{program: program, engine: Bubblewrap}
	case program == "firejail":
		return maker{program: program, engine: Firejail, name: option(args, "", "--name")}
	case program == "unshare" || strings.HasPrefix(program, "busybox") && hasArgument(args, "unshare", 2):
		return maker{program: "unshare", engine: Unshare}
	case isCutaway(program):
		return maker{program: program, engine: Cutaway}
	}
	return maker{program: program}
}

// serves tells whether the program is one that makes containers, so that an own mount namespace below it is enough.
func (m maker) serves() bool { return m.engine != "" && m.engine != Unshare }

// initMaker tells what a first process says of itself, for makers whose own code runs on inside as PID 1.
func initMaker(p *Process) maker {
	switch program := programOf(p); {
	case program == "bwrap":
		return maker{program: program, inside: true, engine: Bubblewrap}
	case program == "firejail":
		return maker{program: program, inside: true, engine: Firejail, name: option(argsOf(p), "", "--name")}
	case isCutaway(program):
		return maker{program: program, inside: true, engine: Cutaway}
	}
	return maker{}
}

func isCutaway(program string) bool {
	return program == "cutaway" || program == "cutaway-init" || program == "memfd:cutaway"
}

// programOf is the base name of the executable; the kernel adds " (deleted)" when the file is gone (proc_pid_exe(5)).
func programOf(p *Process) string {
	if p.Exe == "" {
		return p.Comm
	}
	return path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
}

func argsOf(p *Process) []string {
	return strings.SplitN(strings.TrimSuffix(p.Cmdline, "\x00"), "\x00", maxArgs)
}

// shim reads containerd's shims: containerd-shim-<runtime>-v<n> -namespace N -id ID -address A, and the first
// generation's containerd-shim -namespace N -workdir DIR/<id>.
func shim(program string, args []string) maker {
	m := maker{program: program, namespace: option(args, "-namespace", "--namespace"), id: option(args, "-id", "--id")}
	m.runtime = Runc
	if rest, ok := strings.CutPrefix(program, "containerd-shim-"); ok {
		m.runtime, _, _ = strings.Cut(rest, "-")
	}
	m.bundle = option(args, "-bundle", "--bundle")
	if dir := option(args, "-workdir", "--workdir"); m.id == "" && dir != "" {
		m.id = path.Base(dir)
	}
	switch m.namespace {
	case "":
	case "moby", "plugins.moby":
		m.engine = Docker
	case "k8s.io":
		m.engine = Kubernetes
	default:
		m.engine = Containerd
	}
	return m
}

// conmon reads conmon(8), which Podman and CRI-O put between themselves and the runtime.
func conmon(program string, args []string) maker {
	m := maker{
		program: program, engine: Podman,
		id: option(args, "-c", "--cid"), name: option(args, "-n", "--name"), bundle: option(args, "-b", "--bundle"),
	}
	if runtime := option(args, "-r", "--runtime"); runtime != "" {
		m.runtime = path.Base(runtime)
	}
	if strings.Contains(option(args, "", "--exit-dir"), "/crio/") {
		m.engine, m.name = CRIO, ""
	}
	return m
}

// nspawn reads systemd-nspawn(1), which names a machine after its directory when it is not told a name.
func nspawn(program string, args []string) maker {
	m := maker{program: program, engine: Nspawn, name: option(args, "-M", "--machine")}
	for _, dir := range [...]string{option(args, "-D", "--directory"), option(args, "-i", "--image")} {
		if m.name == "" && dir != "" && dir != "/" {
			m.name = strings.TrimSuffix(path.Base(dir), ".raw")
		}
	}
	m.id = m.name
	return m
}

// lxcMonitor reads "[lxc monitor] <lxcpath> <name>" (lxc: src/lxc/lxccontainer.c, do_lxcapi_start), or the command
// line of an lxc-start in the foreground.
func lxcMonitor(program string, args []string) maker {
	m := maker{program: program, engine: LXC}
	if title, ok := strings.CutPrefix(argument(args, 0), "[lxc monitor] "); ok {
		m.program = "lxc monitor"
		if dir, name, ok := strings.Cut(strings.TrimRight(title, " "), " "); ok {
			m.bundle, m.name = dir, name
		}
	} else {
		m.name, m.bundle = option(args, "-n", "--name"), option(args, "-P", "--lxcpath")
	}
	m.id = m.name
	return m
}

// option finds the value of an option in its forms "-x value", "--long value" and "--long=value". Arguments after "--"
// belong to the program that is started.
func option(args []string, short, long string) string {
	for i := 1; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return ""
		case arg != "" && (arg == short || arg == long):
			return argument(args, i+1)
		case strings.HasPrefix(arg, long) && strings.HasPrefix(arg[len(long):], "="):
			return arg[len(long)+1:]
		}
	}
	return ""
}

func argument(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// lastArgument is the id in "runc run [options] ID".
func lastArgument(args []string) string {
	if last := argument(args, len(args)-1); len(args) > 2 && isName(last) && last[0] != '-' {
		return last
	}
	return ""
}

func hasArgument(args []string, name string, within int) bool {
	for i := range min(within, len(args)) {
		if path.Base(args[i]) == name {
			return true
		}
	}
	return false
}
