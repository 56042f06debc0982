package fault

import (
	"strings"
	"testing"
)

type told struct {
	value any
	stack string
}

// A panic comes to the handler with its own stack, and ends nothing but its goroutine.
func TestHandlerIsTold(t *testing.T) {
	heard := make(chan told, 1)
	release := Handle(func(v any, stack []byte) { heard <- told{v, string(stack)} })
	defer release()
	Go(func() { breaks() })
	if got := <-heard; got.value != "a mistake" || !strings.Contains(got.stack, "fault.breaks") {
		t.Errorf("told of %v at\n%s", got.value, got.stack)
	}
	Go(func() { heard <- told{} })
	if got := <-heard; got.value != nil {
		t.Errorf("told of %v though nothing went wrong", got.value)
	}
}

// Once released, a handler is told nothing, and a panic is a panic again.
func TestReleased(t *testing.T) {
	first := Handle(func(any, []byte) { t.Error("the first handler is told") })
	second := Handle(func(any, []byte) { t.Error("the second handler is told") })
	first() // which is not the handler any more
	if handler.Load() == nil {
		t.Fatal("the second handler is gone with the first")
	}
	second()
	defer func() {
		if recover() != "a mistake" {
			t.Error("the panic was swallowed")
		}
	}()
	Guard(breaks)
}

//go:noinline
func breaks() { panic("a mistake") }
