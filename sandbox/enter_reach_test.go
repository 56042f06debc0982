package sandbox

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
	"cutaway/sandbox/stage"
)

// What runs in a container does not get at the host's files through a command that has them: the command's /proc/PID/root
// leads there (proc_pid_root(5)).
func TestLiveEnterKeepsHostFilesOutOfReach(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	for _, options := range [][]string{nil, {"--user", "1234:1235"}, {"--security-opt", "no-new-privileges"}} {
		c := d.Run(t, options...)
		for _, e := range []*Entry{
			{PID: c.PID, HostTools: true},
			{PID: c.PID, Namespaces: []string{"pid", "net"}},
		} {
			command, _ := entered(t, e)
			script := "cd /proc/" + innerPID(t, command) + " && ls root/ && echo in reach; cat environ"
			out, err := enterAndRun(t, &Entry{PID: c.PID, Start: startTime(c.PID), Command: []string{"sh", "-c", script}, Terminal: TerminalNever})
			if err != nil || strings.Count(out, "ermission denied") != 2 || strings.Contains(out, "reach") {
				t.Errorf("%v, %+v: inside one sees: %q, %v", options, *e, out, err)
			}
		}
	}
}

// innerPID is a process's PID in its own PID namespace.
func innerPID(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(procDir(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines(string(b)) {
		if list, ok := strings.CutPrefix(l, "NSpid:"); ok {
			return strings.Fields(list)[strings.Count(strings.TrimSpace(list), "\t")]
		}
	}
	t.Fatal("no NSpid")
	return ""
}

// Who may trace everything reaches any command: the host's files do not go there unless somebody says so.
func TestEnterRefusesTracersTheHostFiles(t *testing.T) {
	flags := []string{"--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc"}
	target := livetest.Unshare(t, flags...)
	e := &Entry{PID: target.PID, Start: startTime(target.PID), HostTools: true, Command: []string{"true"}, Terminal: TerminalNever}
	if _, err := enterAndRun(t, e); err == nil || !strings.Contains(err.Error(), "CAP_SYS_PTRACE") {
		t.Errorf("entered, or failed with %v", err)
	}
	e.AsRoot = true
	if _, err := enterAndRun(t, e); err != nil {
		t.Error(err)
	}
}

// The process that the target's PID namespace sees has no more than the target, from its first moment: whoever can trace it
// there gains nothing by it.
func TestEnterForksLast(t *testing.T) {
	target := livetest.Unshare(t, "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc")
	found, err := openTarget(&Entry{PID: target.PID, Start: startTime(target.PID)})
	if err != nil {
		t.Fatal(err)
	}
	defer found.close()
	w := &entryWriter{target: found}
	order, err := w.order(false)
	if err != nil {
		t.Fatal(err)
	}
	var verbs []stage.Verb
	for _, o := range order.Ops {
		verbs = append(verbs, o.Verb)
	}
	fork := slices.Index(verbs, stage.Fork)
	for _, before := range []stage.Verb{stage.Setns, stage.ChrootFD, stage.CloseRest, stage.Bounding, stage.IDs, stage.CapSets, stage.Guard} {
		if at := slices.Index(verbs, before); at < 0 || at > fork {
			t.Errorf("verb %d is at %d, the fork at %d", before, at, fork)
		}
	}
	if at := slices.Index(verbs, stage.ParentDeath); at < fork {
		t.Error("a fork loses the signal on its parent's death (prctl(2))")
	}
	if last := verbs[fork-1]; last != stage.Guard {
		t.Errorf("the verb before the fork is %d: a change of credentials may have made it dumpable", last)
	}
}

// The capability that keeps a command out of reach is one of its own, also where it is no root.
func TestLiveEnterHostToolsCapabilities(t *testing.T) {
	livetest.NeedRoot(t)
	c := livetest.Docker(t).Run(t, "--user", "1234:1235", "--cap-drop=ALL")
	command, _ := entered(t, &Entry{PID: c.PID, HostTools: true})
	want := strconv.FormatUint(uint64(caps.Of(capSysPtrace)), 16)
	for _, l := range identity(t, command) {
		if value, ok := strings.CutPrefix(l, "status CapPrm:\t"); ok && strings.TrimLeft(value, "0") != want {
			t.Errorf("permitted %s, want %s", value, want)
		}
	}
}

// A sandbox is not launched among processes that could take over its first one.
func TestLiveJoinRefusesTracers(t *testing.T) {
	livetest.NeedRoot(t)
	d := livetest.Docker(t)
	exe, err := child()
	if err != nil {
		t.Fatal(err)
	}
	for _, options := range [][]string{nil, {"--cap-add", "SYS_PTRACE"}} {
		s := naked("true")
		s.Namespaces.PID = "container:it"
		box, err := Start(t.Context(), s, Options{Exe: exe, Resolve: resolveTo(d.Run(t, options...).PID)})
		if err == nil {
			_, _ = box.Wait()
		}
		if refused := err != nil && strings.Contains(err.Error(), "CAP_SYS_PTRACE"); refused != (options != nil) {
			t.Errorf("%v: %v", options, err)
		}
	}
}
