package tui

import (
	"fmt"
	"strings"
	"testing"

	"cutaway/inspect"
	"cutaway/sandbox/cgroups"
)

func TestActions(t *testing.T) {
	for _, c := range []struct {
		keys, question, said, call string
		frozen                     bool
		strangers                  int
	}{
		{keys: "enter", question: "Freeze all 3 processes of the cgroup of " + dbName + "?", strangers: 2, said: "frozen: " + dbName, call: "freeze"},
		{keys: "enter", question: "Let all processes of the cgroup of " + dbName + " run", frozen: true, said: "runs again: " + dbName, call: "thaw"},
		{keys: "down enter", question: "Kill 3 processes of the cgroup of " + dbName + "?", said: "killed: " + dbName + ", 3 processes", call: "kill"},
		{keys: "down down enter", question: "Send SIGTERM to " + dbName + "?", said: "sent SIGTERM", call: "signal 15"},
		{keys: "down down down down enter", question: "so the kernel drops it", said: "sent SIGHUP", call: "signal 1"},
		{keys: "W I N C H enter", question: "Send SIGWINCH to " + dbName + "?", said: "sent SIGWINCH", call: "signal 28"},
		{keys: "3 7 enter", question: "Send SIGRTMIN+3", said: "sent SIGRTMIN+3", call: "signal 37"},
	} {
		t.Run(c.call, func(t *testing.T) {
			d := onDB(t, 120, 36)
			f := d.control()
			f.processes, f.strangers, f.frozen = 3, c.strangers, c.frozen
			d.press("x")
			d.press(strings.Fields(c.keys)...)
			d.has(c.question, "[>No<]")
			if c.strangers > 0 {
				d.has("2 of them are not what was named.")
			}
			for _, no := range []string{"enter", "esc", "n"} {
				d.press(no)
				d.wantCalls()
				d.hasNot("[>No<]")
				d.press("enter")
			}
			scans := d.app.snap
			d.press("tab", "enter")
			d.wantCalls(c.call + " " + dbName)
			d.has(c.said, "Tree · by container")
			if scans == nil || d.app.feed.due {
				t.Error("the next scan did not follow")
			}
		})
	}
}

func TestActionsFail(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("x", "N", "O", "enter")
	d.has(`"NO" is no signal`)
	d.press("esc")
	d.control().refused = &cgroups.Error{What: "find its cgroup: /", Err: cgroups.ErrShared}
	d.press("x")
	d.has("freeze    refused")
	d.press("enter")
	d.has("no cgroup of its own; the signal KILL ends it", "all processes of its PID namespace")
	d.press("esc")
	d.control().refused, d.control().fails = nil, errFake
	d.press("x", "enter", "y")
	d.has("permission denied (errno 13)")
	d.wantCalls()
}

func TestActionsOfProcess(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("#", "4", "3", "4", "1", "enter", "x", "down", "down", "enter", "y")
	d.wantCalls("signal 15 nginx: (PID 4341)")
}

// A row that is no process has nothing that could be done to it, and says so.
func TestNoTarget(t *testing.T) {
	d := testApp(t, 120, 36)
	for _, key := range []string{"l", "x"} {
		d.press(key)
		d.has("this row is no process and no container")
	}
}

func TestReadOnly(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("R")
	d.has("read-only: nothing is changed")
	d.press("x")
	d.has("read-only: R allows changes again")
	d.press("l")
	d.typed("64M")
	d.has("128M → 64M", "what would happen   read-only: R")
	d.press("enter")
	d.press("esc", "u")
	d.has("read-only: R allows changes again")
	d.press("esc", "@", "j", "j", "u")
	d.has("read-only: R allows changes again")
	d.press("esc", "R")
	d.has("changes are allowed")
	d.wantCalls()
}

// What was started with --readonly is asked for before it changes anything.
func TestReadOnlyByCommandLine(t *testing.T) {
	d := onDB(t, 120, 36)
	d.app.o.ReadOnly, d.app.readOnly = true, true
	d.press("R")
	d.has("started with --readonly", "[>No<]")
	d.press("enter", "x")
	d.has("read-only: R allows changes again")
	d.press("R", "y", "x")
	d.has("all of its cgroup")
}

func TestElsewhere(t *testing.T) {
	d := onDB(t, 120, 36)
	d.app.o.Inspect = inspect.Options{Proc: "/host/proc"}
	for _, key := range []string{"l", "x"} {
		d.press(key)
		d.has("this is another machine's /proc")
	}
}

func TestJournalDialog(t *testing.T) {
	d := onDB(t, 120, 36)
	d.press("@")
	d.has("1 of 5, newest first", "2 lines of /root/.local/state/cutaway/journal.jsonl cannot be understood")
	d.press("u")
	d.has("a signal cannot be taken back")
	d.press("y")
	if got := d.copied(); got != "kill -s TERM 850" {
		t.Errorf("y copied %q", got)
	}
	d.press("j")
	d.has("failed: write 5: /sys/fs/cgroup/w/pids.max: permission denied", "errno 13, permission denied", "was max → 5")
	d.press("u")
	d.has("it failed, so there is nothing to take back")
	d.press("j")
	d.has("was 128M (134217728) → 64M (67108864)", "batch cccccccc", "u takes it back")
	d.press("u")
	d.has("Take back the change of " + dbName)
	d.press("y")
	d.wantCalls(`undo "cccccccc"`)
	d.has("taken back")
	d.press("G", "u")
	d.has("it was taken back already")
	d.press("/")
	d.typed("kill term")
	d.has("1 of 1, newest first", "/ kill term")
	d.typed("nothing")
	d.has("no entry has that")
	d.press("enter", "esc")
	d.has("of 5, newest first")
	d.press("esc")
	d.has("Tree · by container")
}

func TestJournalUnread(t *testing.T) {
	d := onDB(t, 120, 36)
	d.control().read, d.control().unread = nil, fmt.Errorf("read the journal /x: it belongs to another user")
	d.press("@", "j", "u", "y")
	d.has("it belongs to another user", "no entry is selected")
	d.press("esc")
	d.control().read, d.control().unread = &journalRead{path: "/x/journal.jsonl"}, nil
	d.press("@")
	d.has("nothing was changed yet; /x/journal.jsonl will say what")
}
