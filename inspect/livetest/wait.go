package livetest

import (
	"testing"
	"time"
)

// Patience is how long the bench waits for anything before it calls the test failed.
const Patience = time.Minute

// WaitFor polls until the condition holds, and fails the test when it does not in time.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !poll(Patience, condition) {
		t.Fatalf("waited %v in vain for %s", Patience, what)
	}
}

// poll asks at growing intervals until the condition holds or the time is over.
func poll(patience time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if condition() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(pause)
	}
}
