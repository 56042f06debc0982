package cli

import (
	"math/rand/v2"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
	"cutaway/ui/launch"
)

// Whatever is changed in a form, in whatever order, the `cutaway run` line of it launches the same.
func TestFormsLineMakesTheSpecAgain(t *testing.T) {
	livetest.NeedTools(t, "bash")
	const seed = 30
	r := rand.New(rand.NewPCG(seed, seed))
	presets := sandbox.Presets()
	var rows []*launch.Option
	for _, g := range launch.Rows() {
		rows = append(rows, g.Options...)
	}
	tried := 0
	for range 1500 {
		other, _ := presets[r.IntN(len(presets))].Spec(nil)
		for range r.IntN(9) {
			mutations[r.IntN(len(mutations))](&other, r)
		}
		f := launch.NewForm(presets[r.IntN(len(presets))])
		if r.IntN(4) == 0 && other.Validate() == nil {
			f.BeginAs(&other)
		}
		for range r.IntN(9) {
			alter(f, rows[r.IntN(len(rows))], &other, r)
		}
		s, _, err := f.Spec()
		if err != nil {
			continue
		}
		tried++
		again(t, s)
		if t.Failed() {
			return
		}
	}
	if tried < 200 {
		t.Errorf("only %d forms were valid", tried)
	}
}

// alter takes another Spec's value into a row, the next of its choices, or its first value.
func alter(f *launch.Form, o *launch.Option, other *sandbox.Spec, r *rand.Rand) {
	switch r.IntN(6) {
	case 0:
		f.Reset(o)
	case 1:
		f.Turn(o, 1)
	default:
		_ = f.Set(o, o.Value(other)) // what is no value for a row is refused
	}
}
