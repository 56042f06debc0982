package tui

import (
	"reflect"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// How often Bubble Tea looks whether there is something to draw: soon after a message, seldom once none has come for a
// while. Each look wakes the process, which costs more than a comparison of two frames: 60 a second are 5 ms of processor
// time in each, and 30 a second let a prompt wait for up to 33 ms.
const (
	framesAwake = 120
	asleep      = 100 * time.Millisecond
	awakeFor    = 60 * time.Millisecond
)

// pace sets the ticker of Bubble Tea's renderer, which it keeps to itself and runs at one rate. Without it frames are drawn
// at framesPerSecond.
type pace struct {
	program *tea.Program // nil in tests

	mu     sync.Mutex
	ticker *time.Ticker
	rest   *time.Timer
	awake  bool
	last   time.Time // message
}

// rendererTicker is the ticker of a program that runs; nil when it has none where it is looked for.
func rendererTicker(p *tea.Program) *time.Ticker {
	f := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !f.IsValid() || f.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return (*time.Ticker)(f.UnsafePointer())
}

// message has what it changed be drawn soon. It is called in the program's own goroutine, after that made the ticker.
func (p *pace) message() {
	if p.program == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticker == nil {
		if p.ticker = rendererTicker(p.program); p.ticker == nil {
			return
		}
		p.rest = time.AfterFunc(awakeFor, p.sleep)
	}
	p.last = time.Now()
	if !p.awake {
		p.awake = true
		p.ticker.Reset(time.Second / framesAwake)
		p.rest.Reset(awakeFor)
	}
}

// sleep slows the ticker down, unless a message has come meanwhile.
func (p *pace) sleep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := awakeFor - time.Since(p.last); left > 0 {
		p.rest.Reset(left)
		return
	}
	p.awake = false
	p.ticker.Reset(asleep)
}

// stop ends it with the program.
func (p *pace) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rest != nil {
		p.rest.Stop()
	}
}
