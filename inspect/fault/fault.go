// Package fault lets a program that holds the terminal hear of a panic in a goroutine that is not its own.
//
// A panic ends the process at once, whichever goroutine it is in: no deferred call of another one runs, so a terminal in raw
// mode on its alternate screen stays so. Every package that starts goroutines below a screen starts them by Go.
package fault

import (
	"runtime/debug"
	"sync/atomic"
)

// Handler is told the value of a panic and the stack of its goroutine. That one has ended by then.
type Handler func(value any, stack []byte)

var handler atomic.Pointer[Handler]

// Handle has h told of panics until release is called. Without a handler a panic ends the process, as ever.
func Handle(h Handler) (release func()) {
	handler.Store(&h)
	return func() { handler.CompareAndSwap(&h, nil) }
}

// Go runs f in a goroutine of its own. Who waits for what f does must be ready to wait in vain, once the handler was told.
func Go(f func()) { go Guard(f) }

// Guard runs f, and tells the handler of a panic in it.
func Guard(f func()) {
	defer func() {
		h := handler.Load()
		if h == nil {
			return // without recover the trace is the panic's own
		}
		if v := recover(); v != nil {
			(*h)(v, debug.Stack())
		}
	}()
	f()
}
