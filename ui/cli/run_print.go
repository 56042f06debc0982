package cli

import (
	"cutaway/sandbox"
	"cutaway/sandbox/export"
)

// printSpec prints a Spec in one of the forms. What a form that knows no comments cannot say goes to stderr.
func (a *app) printSpec(s *sandbox.Spec, form string) error {
	script, err := export.As(form, s)
	if err != nil {
		return err
	}
	if form == "oci" || form == "json" {
		for _, m := range script.Missing {
			a.note("not expressible: " + m)
		}
	}
	_, err = a.out.Write([]byte(script.Text))
	return err
}
