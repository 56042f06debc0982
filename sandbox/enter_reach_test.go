package sandbox

import (
	"slices"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox/stage"
)

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
