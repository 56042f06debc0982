package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cutaway/inspect/caps"
	"cutaway/sandbox"
	"cutaway/sandbox/check"
	"cutaway/sandbox/limit"
)

// runFlags are the flags of run as they were given. Names are those of docker run and bwrap where these have them.
type runFlags struct {
	preset, specFile, print string
	step                    bool

	namespaces map[string]*string // by type; nil when not given
	newNS      []string

	root, switchTo              string
	overlay, writable           bool
	binds, roBinds, tmpfs       []string
	proc, sys, dev              string
	hostname, workdir           string
	loopback                    bool
	veth                        string
	capAdd, capDrop             []string
	noNewPrivs                  bool
	seccomp                     string
	landlockRead, landlockWrite []string
	rlimits                     []string
	memory, swap, cpus, pids    string
	io                          []string
	cpuset                      string
	env                         []string
	clearEnv                    bool
	user                        string
	uidMaps, gidMaps            []string
	noInit, interactive, tty    bool
	terminal                    string
	boottime, monotonic         int64

	machine *check.Machine // what begin found; nil when it did not look
}

// sourceFlags are the flags that say where a namespace comes from, by the type.
var sourceFlags = map[string]string{
	"mnt": "mnt", "net": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "userns", "cgroup": "cgroupns", "time": "timens",
}

func (f *runFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.preset, "preset", "p", "isolated", "begin with the preset `NAME`: "+strings.Join(sandbox.PresetNames(), ", "))
	flags.StringVar(&f.specFile, "spec", "", "begin with the JSON in `FILE`, as --print json writes it; - is the standard input")
	flags.StringVar(&f.print, "print", "", "launch nothing, print the same as `FORM`: "+strings.Join(printForms, ", "))
	flags.BoolVar(&f.step, "step", false, "stop before each stage of the launch, and show what the last one did")

	f.namespaces = map[string]*string{}
	for _, name := range sandbox.NamespaceTypes {
		value := new(string)
		f.namespaces[name] = value
		flags.StringVar(value, sourceFlags[name], "", "the "+name+" namespace: new, host, container:NAME or process:PID as `SOURCE`")
	}
	flags.StringSliceVar(&f.newNS, "new", nil, "new namespaces of these `TYPES`, the host's for all others")

	flags.StringVar(&f.root, "root", "", "the root directory from `PATH`: a directory, a tar, an OCI layout or a docker save archive; keep is the host's")
	flags.BoolVar(&f.overlay, "overlay", false, "the host's root, writable: what is written is thrown away")
	flags.BoolVar(&f.writable, "writable", false, "write to the directory of --root itself")
	flags.StringVar(&f.switchTo, "switch", "", "enter the root by `CALL`: pivot_root or chroot")
	flags.StringArrayVar(&f.binds, "bind", nil, "mount `SRC[:DST]` of the host, writable")
	flags.StringArrayVar(&f.roBinds, "ro-bind", nil, "mount `SRC[:DST]` of the host, read-only")
	flags.StringArrayVar(&f.tmpfs, "tmpfs", nil, "mount an empty file system in memory on `DIR[:SIZE]`")
	flags.StringVar(&f.proc, "proc-mount", "", "/proc is `KIND`: new, unmasked or keep")
	flags.StringVar(&f.sys, "sys-mount", "", "/sys is `KIND`: new, empty or keep")
	flags.StringVar(&f.dev, "dev-mount", "", "/dev is `KIND`: minimal or keep")
	flags.StringVar(&f.hostname, "hostname", "", "the `NAME` inside")
	flags.StringVarP(&f.workdir, "workdir", "w", "", "the working directory `DIR` inside")
	flags.BoolVar(&f.loopback, "loopback", true, "lo is up in a new net namespace")
	flags.StringVar(&f.veth, "veth", "", "a pair of interfaces to the host with the addresses `HOST,INSIDE`, as 10.77.0.1/30,10.77.0.2/30 (root)")

	flags.StringSliceVar(&f.capAdd, "cap-add", nil, "keep the capabilities `NAMES`; all keeps every one")
	flags.StringSliceVar(&f.capDrop, "cap-drop", nil, "do not keep the capabilities `NAMES`; all drops every one")
	flags.BoolVar(&f.noNewPrivs, "no-new-privs", false, "nothing that is executed gains rights")
	flags.StringVar(&f.seccomp, "seccomp", "", "filter system calls by `PROFILE`: docker, strict or off")
	flags.StringArrayVar(&f.landlockRead, "landlock-ro", nil, "with Landlock: read `PATH` and below, and nothing that is not named")
	flags.StringArrayVar(&f.landlockWrite, "landlock-rw", nil, "with Landlock: read and write `PATH` and below")
	flags.StringArrayVar(&f.rlimits, "rlimit", nil, "the resource limit `NAME=SOFT[:HARD]`, as nofile=1024:2048")
	flags.StringVarP(&f.memory, "memory", "m", "", "memory `SIZE`, as 64M; max is no limit")
	flags.StringVar(&f.swap, "swap", "", "swap `SIZE` beside it")
	flags.StringVar(&f.cpus, "cpus", "", "`N` processors' worth of time, as 0.5")
	flags.StringVar(&f.pids, "pids-limit", "", "`N` processes and threads")
	flags.StringArrayVar(&f.io, "io", nil, "what a block device may be used, as `'8:0 rbps=1M'`")
	flags.StringVar(&f.cpuset, "cpuset-cpus", "", "only the processors of `LIST`, as 0-1")

	flags.StringArrayVarP(&f.env, "env", "e", nil, "set `NAME=VALUE`, or take NAME over")
	flags.BoolVar(&f.clearEnv, "clear-env", false, "take no variable over")
	flags.StringVarP(&f.user, "user", "u", "", "run as `UID[:GID]` of the inside")
	flags.StringArrayVar(&f.uidMaps, "uid-map", nil, "map user ids, `INSIDE:OUTSIDE:COUNT`")
	flags.StringArrayVar(&f.gidMaps, "gid-map", nil, "map group ids, `INSIDE:OUTSIDE:COUNT`")
	flags.BoolVar(&f.noInit, "no-init", false, "the command itself is the first process")
	flags.StringVar(&f.terminal, "terminal", "", "give the command a terminal of its own `WHEN`: auto, always or never")
	flags.BoolVarP(&f.interactive, "interactive", "i", false, "accepted as docker run has it: the standard input is always passed on")
	flags.BoolVarP(&f.tty, "tty", "t", false, "as --terminal always")
	flags.Int64Var(&f.boottime, "boottime", 0, "the time since boot is `SECONDS` more in a new time namespace")
	flags.Int64Var(&f.monotonic, "monotonic", 0, "the monotonic clock is `SECONDS` more in a new time namespace")

	completeWith(c, "preset", sandbox.PresetNames()...)
	completeWith(c, "print", printForms...)
	completeWith(c, "seccomp", "docker", "strict", "off")
	completeWith(c, "terminal", "auto", "always", "never")
}

// spec is what the flags and the command ask for. Notes say what of a preset was left out on this machine.
func (f *runFlags) spec(c *cobra.Command, command []string) (s *sandbox.Spec, notes []string, err error) {
	s, notes, err = f.begin(c)
	if err != nil {
		return nil, nil, err
	}
	w := &specWriter{Spec: s, flags: f, given: c.Flags().Changed}
	w.write()
	if len(command) > 0 {
		s.Command = command
	} else if f.specFile == "" {
		s.Command = []string{shellOf(s)}
	}
	if err := errors.Join(w.errs...); err != nil {
		return nil, nil, usageError{err}
	}
	if err := s.Validate(); err != nil {
		return nil, nil, usageError{err}
	}
	return s, notes, nil
}

// begin is the Spec of the file or the preset.
func (f *runFlags) begin(c *cobra.Command) (*sandbox.Spec, []string, error) {
	if f.specFile != "" {
		if c.Flags().Changed("preset") {
			return nil, nil, usagef("--spec and --preset both say how to begin: give one")
		}
		in := os.Stdin
		if f.specFile != "-" {
			var err error
			if in, err = os.Open(f.specFile); err != nil {
				return nil, nil, err
			}
			defer in.Close()
		}
		s, err := sandbox.Parse(in)
		return s, nil, err
	}
	p, ok := sandbox.PresetNamed(f.preset)
	if !ok {
		return nil, nil, oneOf("--preset", f.preset, sandbox.PresetNames())
	}
	if p.NeedsDir && f.root == "" {
		return nil, nil, usagef("the preset %s needs --root DIR", p.Name)
	}
	if p.Target && *f.namespaces["net"] == "" {
		return nil, nil, usagef("the preset %s needs --net container:NAME or --net process:PID", p.Name)
	}
	m, err := check.Probe()
	if err != nil {
		return nil, nil, err
	}
	f.machine = m
	s, notes := p.Spec(m)
	if p.Warning != "" {
		notes = append([]string{p.Name + ": " + p.Warning}, notes...)
	}
	return &s, notes, nil
}

// shellOf is the shell to run without a command: the caller's own where the host's files are seen.
func shellOf(s *sandbox.Spec) string {
	switch s.Root.Kind {
	case sandbox.RootKeep, sandbox.RootHost, sandbox.RootOverlay:
		for _, shell := range []string{os.Getenv("SHELL"), "/bin/bash"} {
			if info, err := os.Stat(shell); filepath.IsAbs(shell) && err == nil && info.Mode()&0o111 != 0 {
				return shell
			}
		}
	}
	return "/bin/sh"
}

// specWriter applies flags to a Spec.
type specWriter struct {
	*sandbox.Spec
	flags *runFlags
	given func(name string) bool
	errs  []error
}

func (w *specWriter) fail(flag string, err error) {
	if err != nil {
		w.errs = append(w.errs, fmt.Errorf("--%s: %w", flag, err))
	}
}

func (w *specWriter) write() {
	w.writeNamespaces()
	w.writeRoot()
	w.writeMounts()
	w.writeRights()
	w.writeLimits()
	w.writeCommand()
}

func (w *specWriter) writeNamespaces() {
	f := w.flags
	if w.given("new") {
		for _, name := range sandbox.NamespaceTypes {
			*w.Namespaces.Of(name) = sandbox.HostNamespace
		}
		for _, name := range f.newNS {
			source := w.Namespaces.Of(name)
			if source == nil {
				w.fail("new", fmt.Errorf("%q is no type of namespace: %s", name, strings.Join(sandbox.NamespaceTypes[:], ", ")))
				continue
			}
			*source = sandbox.NewNamespace
		}
	}
	for _, name := range sandbox.NamespaceTypes {
		if w.given(sourceFlags[name]) {
			*w.Namespaces.Of(name) = sandbox.Source(*f.namespaces[name])
		}
	}
	w.follow()
	if w.given("boottime") {
		w.Time.Boottime = f.boottime
	}
	if w.given("monotonic") {
		w.Time.Monotonic = f.monotonic
	}
	for flag, m := range map[string]struct {
		texts []string
		to    *[]sandbox.IDMapping
	}{"uid-map": {f.uidMaps, &w.UIDMap}, "gid-map": {f.gidMaps, &w.GIDMap}} {
		for _, text := range m.texts {
			mapping, err := parseMapping(text)
			w.fail(flag, err)
			*m.to = append(*m.to, mapping)
		}
	}
}

// follow changes what a preset had by default where it makes no sense with the namespaces that were asked for.
func (w *specWriter) follow() {
	n := &w.Namespaces
	if !n.UTS.IsNew() && !w.given("hostname") {
		w.Hostname = ""
	}
	if !n.Net.IsNew() {
		w.Network = sandbox.Network{}
		if w.Sys == sandbox.SysNew {
			w.Sys = sandbox.SysEmpty
		}
	}
	if _, joined := n.Net.Joined(); joined && !w.given("userns") {
		n.User = sandbox.HostNamespace // a new one has no rights over what is joined
	}
	if !n.Mnt.IsNew() {
		w.Root = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}
		w.Proc, w.Sys, w.Dev, w.Mounts = sandbox.ProcKeep, sandbox.SysKeep, sandbox.DevKeep, nil
	}
	if n.PID == sandbox.HostNamespace && n.User.IsNew() && w.Proc != sandbox.ProcKeep {
		w.Proc = sandbox.ProcKeep
	}
}

func parseMapping(text string) (m sandbox.IDMapping, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return m, fmt.Errorf("%q is not INSIDE:OUTSIDE:COUNT", text)
	}
	for i, to := range []*uint32{&m.Inside, &m.Outside, &m.Count} {
		n, err := strconv.ParseUint(parts[i], 10, 32)
		if err != nil {
			return m, fmt.Errorf("%q is not a number of an id", parts[i])
		}
		*to = uint32(n)
	}
	return m, nil
}

func (w *specWriter) writeRoot() {
	f := w.flags
	if f.overlay {
		w.Root = sandbox.Root{Kind: sandbox.RootOverlay, Switch: w.Root.Switch, Hide: w.Root.Hide}
	}
	switch {
	case f.root == "keep":
		w.Root = sandbox.Root{Kind: sandbox.RootKeep, Switch: sandbox.PivotRoot}
	case f.root != "":
		kind, path, err := rootKind(f.root)
		w.fail("root", err)
		w.Root = sandbox.Root{Kind: kind, Path: path, Switch: w.Root.Switch, Writable: f.writable}
	case f.writable:
		w.fail("writable", errors.New("needs --root with a directory"))
	}
	if f.switchTo != "" {
		w.Root.Switch = sandbox.Switch(f.switchTo)
	}
}

// rootKind tells what a path is: a directory of files, an OCI layout, or an archive of either.
func rootKind(name string) (sandbox.RootKind, string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", "", err
	}
	if !info.IsDir() {
		kind, err := archiveKind(path)
		return kind, path, err
	}
	if _, err := os.Stat(filepath.Join(path, "oci-layout")); err == nil {
		return sandbox.RootImage, path, nil
	}
	return sandbox.RootDir, path, nil
}

func (w *specWriter) writeMounts() {
	f := w.flags
	if w.given("proc-mount") {
		w.Proc = sandbox.Proc(f.proc)
	}
	if w.given("sys-mount") {
		w.Sys = sandbox.Sys(f.sys)
	}
	if w.given("dev-mount") {
		w.Dev = sandbox.Dev(f.dev)
	}
	for _, b := range f.roBinds {
		w.bind("ro-bind", sandbox.BindRO, b)
	}
	for _, b := range f.binds {
		w.bind("bind", sandbox.BindRW, b)
	}
	for _, text := range f.tmpfs {
		target, size, sized := strings.Cut(text, ":")
		m := sandbox.Mount{Kind: sandbox.TmpFS, Target: target}
		if sized {
			n, err := limit.ParseBytes(size)
			w.fail("tmpfs", err)
			m.Size = int64(n)
		}
		w.Mounts = append(w.Mounts, m)
	}
	if w.given("hostname") {
		w.Hostname = f.hostname
	}
	if w.given("loopback") {
		w.Network.Loopback = f.loopback
	}
	if f.veth != "" {
		host, inside, ok := strings.Cut(f.veth, ",")
		if !ok {
			w.fail("veth", fmt.Errorf("%q is not HOST,INSIDE", f.veth))
		}
		w.Network.Veth = &sandbox.Veth{Host: host, Inside: inside, Gateway: true}
	}
}

func (w *specWriter) bind(flag string, kind sandbox.MountKind, text string) {
	source, target, ok := strings.Cut(text, ":")
	path, err := filepath.Abs(source)
	w.fail(flag, err)
	if !ok {
		target = path
	}
	w.Mounts = append(w.Mounts, sandbox.Mount{Kind: kind, Source: path, Target: target})
}

func (w *specWriter) writeRights() {
	f := w.flags
	kept, all := w.Kept()
	if all {
		kept = caps.UpTo(caps.LastKnown())
	}
	changed := false
	for _, name := range f.capDrop {
		set, err := capSet(name)
		w.fail("cap-drop", err)
		kept, changed, all = kept&^set, true, false
	}
	for _, name := range f.capAdd {
		if strings.EqualFold(name, "all") {
			all = true
		}
		set, err := capSet(name)
		w.fail("cap-add", err)
		kept, changed = kept|set, true
	}
	if changed {
		w.Capabilities = []string{}
		for _, c := range kept.Caps() {
			w.Capabilities = append(w.Capabilities, c.String())
		}
		if all {
			w.Capabilities = []string{"all"}
		}
	}
	if w.given("no-new-privs") {
		w.NoNewPrivs = f.noNewPrivs
	}
	if w.given("seccomp") {
		w.Seccomp = sandbox.Seccomp(f.seccomp)
	}
	if len(f.landlockRead)+len(f.landlockWrite) > 0 {
		w.Landlock = &sandbox.Landlock{Read: f.landlockRead, Write: f.landlockWrite}
	}
	for _, text := range f.rlimits {
		r, err := parseRlimit(text)
		w.fail("rlimit", err)
		w.Rlimits = append(w.Rlimits, r)
	}
}

func capSet(name string) (caps.Set, error) {
	if strings.EqualFold(name, "all") {
		return caps.UpTo(caps.LastKnown()), nil
	}
	return caps.Encode(name)
}

func parseRlimit(text string) (r sandbox.Rlimit, err error) {
	name, values, _ := strings.Cut(text, "=")
	soft, hard, both := strings.Cut(values, ":")
	if !both {
		hard = soft
	}
	r.Name = name
	for _, v := range []struct {
		text string
		to   *int64
	}{{soft, &r.Soft}, {hard, &r.Hard}} {
		if v.text == "unlimited" {
			*v.to = -1
			continue
		}
		if *v.to, err = strconv.ParseInt(v.text, 10, 64); err != nil || *v.to < 0 {
			return r, fmt.Errorf("%q is not NAME=SOFT[:HARD]", text)
		}
	}
	return r, nil
}

func (w *specWriter) writeLimits() {
	f := w.flags
	amount := func(flag, text string, parse func(string) (limit.Amount, error), to **limit.Amount) {
		if !w.given(flag) {
			return
		}
		n, err := parse(text)
		w.fail(flag, err)
		*to = &n
		if n == limit.Max {
			*to = nil
		}
	}
	amount("memory", f.memory, limit.ParseBytes, &w.Limits.Memory)
	amount("swap", f.swap, limit.ParseBytes, &w.Limits.Swap)
	amount("pids-limit", f.pids, limit.ParseCount, &w.Limits.PIDs)
	if w.given("cpus") {
		n, err := limit.ParseCPUs(f.cpus)
		w.fail("cpus", err)
		w.Limits.CPUs = &n
		if n == 0 {
			w.Limits.CPUs = nil
		}
	}
	for _, text := range f.io {
		io, err := limit.ParseIO(text)
		w.fail("io", err)
		w.Limits.IO = append(w.Limits.IO, io)
	}
	if w.given("cpuset-cpus") {
		list, err := limit.ParseList(f.cpuset)
		w.fail("cpuset-cpus", err)
		w.Limits.CPUSet = list
	}
}

func (w *specWriter) writeCommand() {
	f := w.flags
	if f.clearEnv {
		w.Env.Keep = nil
	}
	for _, text := range f.env {
		name, value, set := strings.Cut(text, "=")
		if !set {
			w.Env.Keep = append(slices.Clone(w.Env.Keep), name)
			continue
		}
		if w.Env.Set == nil {
			w.Env.Set = map[string]string{}
		}
		w.Env.Set[name] = value
	}
	if w.given("workdir") {
		w.Dir = f.workdir
	}
	if f.user != "" {
		uid, gid, both := strings.Cut(f.user, ":")
		if !both {
			gid = uid
		}
		u, errU := strconv.ParseUint(uid, 10, 32)
		g, errG := strconv.ParseUint(gid, 10, 32)
		if errU != nil || errG != nil {
			w.fail("user", fmt.Errorf("%q is not UID[:GID] in numbers", f.user))
		}
		w.User = sandbox.User{UID: uint32(u), GID: uint32(g)}
	}
	if f.noInit {
		w.Init = false
	}
	if f.terminal != "" {
		w.Terminal = sandbox.Terminal(f.terminal)
	}
	if f.tty {
		w.Terminal = sandbox.TerminalAlways
	}
}
