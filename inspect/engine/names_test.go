package engine

import (
	"testing"
	"time"
)

func nothing() *found { return nil }

func TestLookupsAreRepeatedSeldom(t *testing.T) {
	n := newNamer(10 * time.Second)
	now := time.Now()
	n.now = func() time.Time { return now }
	e := new(entry)
	for try := range maxTries {
		if !n.due(e) {
			t.Fatalf("not due for try %d", try)
		}
		j := &job{entry: e, look: nothing}
		n.run([]*job{j})
		<-j.done
		now = now.Add(firstRetry - time.Millisecond)
		if n.due(e) {
			t.Fatalf("due again at once after try %d", try)
		}
		now = now.Add(firstRetry << maxTries)
	}
	if n.due(e) {
		t.Error("never given up")
	}
}

func TestAnswersAreKept(t *testing.T) {
	n := newNamer(10 * time.Second)
	e := new(entry)
	n.run([]*job{{entry: e, look: func() *found { return &found{name: "web"} }}})
	if f := n.answer(e); f == nil || f.name != "web" {
		t.Fatalf("answer %+v", f)
	}
	n.now = func() time.Time { return time.Now().Add(time.Hour) }
	if n.due(e) {
		t.Error("what is known is looked up again")
	}
}

// A lookup that hangs holds up neither the caller nor, while places are left, other lookups.
func TestHangingLookup(t *testing.T) {
	n := newNamer(20 * time.Millisecond)
	release := make(chan struct{})
	defer close(release)
	hang := &job{entry: new(entry), look: func() *found { <-release; return nil }}
	good := &job{entry: new(entry), look: func() *found { return &found{name: "web"} }}
	begin := time.Now()
	n.run([]*job{hang, good})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("waited %v", took)
	}
	poll(t, func() bool { f := n.answer(good.entry); return f != nil && f.name == "web" })
	n.now = func() time.Time { return time.Now().Add(time.Hour) }
	if n.due(hang.entry) {
		t.Error("what hangs is started once more")
	}
}

func TestUrgentLookupsComeFirst(t *testing.T) {
	n := newNamer(time.Nanosecond)
	release := make(chan struct{})
	var busy []*job
	for range maxLookups {
		busy = append(busy, &job{entry: new(entry), look: func() *found { <-release; return nil }})
	}
	n.run(busy)
	poll(t, func() bool { n.mu.Lock(); defer n.mu.Unlock(); return len(n.queue) == 0 })
	idle, urgent := &job{entry: new(entry), look: nothing}, &job{entry: new(entry), look: nothing, urgent: true}
	n.run([]*job{idle, urgent})
	n.mu.Lock()
	if len(n.queue) != 2 || n.queue[0] != urgent || n.running != maxLookups {
		t.Errorf("%d run, %d wait, the urgent one first: %v", n.running, len(n.queue), n.queue[0] == urgent)
	}
	n.mu.Unlock()
	close(release)
	poll(t, func() bool { n.mu.Lock(); defer n.mu.Unlock(); return n.running == 0 })
}
