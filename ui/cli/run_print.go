package cli

import "cutaway/sandbox"

// printForms are the forms of --print.
var printForms = []string{"json"}

// printSpec prints a Spec in one of the forms.
func (a *app) printSpec(s *sandbox.Spec, form string) error {
	if err := oneOf("--print", form, printForms); err != nil {
		return err
	}
	_, err := a.out.Write(s.JSON())
	return err
}
