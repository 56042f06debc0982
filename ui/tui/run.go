package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"cutaway/inspect"
	"cutaway/inspect/fault"
	"cutaway/inspect/record"
	"cutaway/ui/text"
)

// Options say how the screen looks and what it reads.
type Options struct {
	Inspect  inspect.Options
	Saved    *record.Record // shown instead of what is there now; nil for that
	Version  string         // of the program, for the snapshots that it saves
	Color    string         // "auto" (as the terminal and NO_COLOR say), "always" or "never"
	ReadOnly bool
	Mouse    bool
	Interval time.Duration // between two looks; 0 is one second
	ASCII    bool          // draw with ASCII alone, as is done anyway where the locale has no UTF-8
}

func (o Options) glyphs() *text.Glyphs {
	if o.ASCII {
		return text.ASCII
	}
	return text.GlyphsFor(os.Getenv)
}

// framesPerSecond bounds the drawing until pace does.
const framesPerSecond = 30

// Run opens the screen and returns when it is left. The terminal is restored on every way out.
func Run(o Options) error {
	if err := refuse(); err != nil {
		return err
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r := o.Saved; r != nil {
		a := newApp(ctx, o, kernel{r.LastCap, r.Enforcing}, r, r)
		return a.runProgram(program(a, o))
	}
	s, err := inspect.NewScanner(o.Inspect)
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := inspect.NewDetailReader(o.Inspect, s.Cgroups())
	if err != nil {
		return err
	}
	a := newApp(ctx, o, readKernel(o.Inspect), s, d)
	return a.runProgram(program(a, o))
}

// refuse says why this terminal cannot show a screen, and what does work there.
func refuse() error {
	switch {
	case !term.IsTerminal(os.Stdout.Fd()):
		return errors.New("standard output is not a terminal: cutaway ps prints the same as a table")
	case os.Getenv("TERM") == "dumb":
		return errors.New("TERM is dumb, which has no cursor to move: cutaway ps prints the same as a table")
	}
	return nil
}

func program(a *App, o Options) *tea.Program {
	opts := []tea.ProgramOption{tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler()}
	switch o.Color {
	case "never":
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII))
	case "always":
		opts = append(opts, tea.WithColorProfile(colorprofile.TrueColor))
	}
	return tea.NewProgram(a, opts...)
}

// runProgram runs the program until it is left, a signal ends it, or something panics.
func (a *App) runProgram(p *tea.Program) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	var ended atomic.Int32 // the signal
	done := make(chan struct{})
	defer close(done)
	fault.Go(func() {
		select {
		case sig := <-signals:
			ended.Store(int32(sig.(syscall.Signal)))
			p.Quit()
		case <-done:
		}
	})
	release := fault.Handle(func(value any, stack []byte) { p.Send(crash{value, stack}) })
	a.pace.program = p
	_, err := p.Run()
	a.pace.stop()
	release() // the terminal is itself again: a panic may end the process now
	if left := a.limits.close(); left != nil {
		fmt.Fprintln(os.Stderr, "cutaway: "+text.Sanitise(left.Error()))
	}
	a.endSessions()
	if a.crash != nil {
		return a.crash.report(os.Stderr)
	}
	if err != nil {
		return fmt.Errorf("the screen: %w", err)
	}
	if sig := syscall.Signal(ended.Load()); sig != 0 {
		return &SignalError{sig}
	}
	return nil
}

// SignalError says that a signal ended the screen, in good order.
type SignalError struct{ Signal syscall.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "ended by " + signalName(e.Signal) }

// report writes a panic's trace once the terminal is itself again.
func (c *crash) report(w io.Writer) error {
	fmt.Fprintf(w, "panic: %v\n\n%s\n", c.value, c.stack)
	return fmt.Errorf("the screen ended because of a mistake in cutaway: %v", c.value)
}
