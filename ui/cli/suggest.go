package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cutaway/inspect/spell"
)

// wrongFlag says what is wrong with a flag, and what whoever typed it most likely means.
func wrongFlag(c *cobra.Command, err error) error {
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return usagef("%w; see %s --help", err, c.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	typed := "--" + name
	if unknown.GetSpecifiedShortnames() != "" {
		typed = "-" + name
	}
	if hint := foreignFlags[c.Name()][name]; hint != "" {
		return usagef("there is no %s here: %s; see %s --help", typed, hint, c.CommandPath())
	}
	var names []string
	for _, f := range append(flagsOf(c.Flags()), flagsOf(c.InheritedFlags())...) {
		names = append(names, f.Name)
	}
	if near := nearest(name, names); near != "" {
		return usagef("unknown flag %s, did you mean --%s? See %s --help", typed, near, c.CommandPath())
	}
	return usagef("unknown flag %s; see %s --help", typed, c.CommandPath())
}

// foreignFlags are flags of docker run and exec, bwrap, unshare and nsenter that have no like here, and what is to be said
// instead. Those that only have another name are otherNames.
var foreignFlags = map[string]map[string]string{
	"run": {
		"name": "a sandbox is found by its PID or its command in cutaway ps", "detach": inBackground, "d": inBackground,
		"publish": noPorts, "publish-all": noPorts,
		"privileged":   "say what it is to have, with --cap-add, --seccomp off and --userns host",
		"read-only":    "a directory is read-only without --writable, and what is written to an archive's root is thrown away",
		"security-opt": "say --seccomp or --no-new-privs", "mount": "say --bind, --ro-bind or --tmpfs, or --mnt new for the namespace",
		"device-read-bps": diskLimit, "device-write-bps": diskLimit, "device-read-iops": diskLimit, "device-write-iops": diskLimit,
		"device": "say --dev-bind", "entrypoint": "the command stands behind the flags", "memory-swap": "say --swap, without the memory",
		"cpu-shares": "say --weight",

		"unshare-all": "all namespaces are new without a flag", "share-net": "say --net host",
		"unshare-net": "say --net new", "unshare-pid": "say --pid new", "unshare-ipc": "say --ipc new", "unshare-uts": "say --uts new",
		"unshare-user": "say --userns new", "unshare-cgroup": "say --cgroupns new",
		"die-with-parent": "a sandbox always ends with its launcher", "new-session": "the command always has a session of its own",
		"uid": "say --user UID:GID", "gid": "say --user UID:GID", "dev": "/dev is made without a flag; --dev-mount says which",
		"as-pid-1": "say --no-init", "unsetenv": "only variables that --env names are passed on", "symlink": inRoot, "dir": inRoot, "file": inRoot,

		"fork": "the command is always a new process", "mount-proc": "/proc is mounted without a flag",
		"map-root-user": mapped, "map-current-user": mapped, "map-auto": mapped, "r": mapped, "kill-child": "a sandbox always ends with its launcher",
		"propagation": "mounts never reach the host",
	},
	"enter": {
		"user": sameUser, "u": sameUser, "detach": "put & behind the line", "d": "put & behind the line", "privileged": "say --as-root",
		"target": "the target stands first: cutaway enter TARGET", "all": "all namespaces are entered without a flag", "a": "all namespaces are entered without a flag",
		"mount": "say --ns mnt", "m": "say --ns mnt", "net": "say --ns net", "n": "say --ns net", "pid": "say --ns pid", "p": "say --ns pid",
		"ipc": "say --ns ipc", "uts": "say --ns uts", "cgroup": "say --ns cgroup", "C": "say --ns cgroup", "time": "say --ns time", "U": "say --ns user",
	},
	"kill":   {"force": "say --yes", "f": "say --yes", "s": "cutaway signal -s sends one", "signal": "cutaway signal -s sends one"},
	"limits": {"memory-swap": "say --swap, without the memory", "pids-limit": "say --pids", "cpuset-cpus": "say --cpuset", "cpuset-mems": "say --memset", "cpu-shares": "say --weight"},
}

const (
	inBackground = "a sandbox ends with its launcher; put </dev/null & behind the line"
	noPorts      = "no ports are published: say --net host, or --veth and use the inside's address"
	inRoot       = "make it in the directory of --root, or with the command"
	diskLimit    = "say --io DEVICE,KEY=N, as --io /dev/sda,wbps=1M"
	mapped       = "ids are mapped without a flag; --uid-map and --gid-map say how"
	sameUser     = "the command runs as the target's user; su or setpriv change it inside"
)

// foreignCommands are words for commands that other tools have.
var foreignCommands = map[string]string{
	"list": "ps", "ls": "ps", "top": "ps", "containers": "ps", "lsns": "ns", "namespaces": "ns", "show": "inspect", "describe": "inspect",
	"capsh": "caps", "getpcaps": "caps", "capabilities": "caps", "launch": "run", "start": "run", "create": "run", "sandbox": "run",
	"unshare": "run", "bwrap": "run", "exec": "enter", "attach": "enter", "join": "enter", "shell": "enter", "nsenter": "enter",
	"update": "limits", "stats": "limits", "pause": "freeze", "unpause": "thaw", "resume": "thaw", "unfreeze": "thaw", "stop": "signal",
	"rm": "kill", "log": "journal", "logs": "journal", "history": "journal", "images": "roots", "prune": "roots", "check": "doctor", "info": "doctor",
}

// commandFor is the command that whoever typed another word most likely means; "" when there is none.
func commandFor(root *cobra.Command, typed string) string {
	if known := foreignCommands[typed]; known != "" {
		return known
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return nearest(typed, names)
}

// nearest is the word that a mistyped one most likely means; "" when none is near.
func nearest(typed string, words []string) (near string) {
	least := 1 + min(len(typed)/3, 2) // in short words a second mistake leaves nothing to go by
	typed = strings.ToLower(typed)
	for _, word := range words {
		if d := spell.Distance(typed, word); d < least {
			near, least = word, d
		}
	}
	for _, word := range words {
		if near == "" && len(typed) >= 2 && strings.HasPrefix(word, typed) {
			near = word
		}
	}
	return near
}
