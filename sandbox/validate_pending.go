package sandbox

// Validate is replaced by the one of validate.go, which comes next.
func (s *Spec) Validate() error          { return nil }
func (l *launch) advise(err error) error { return err }
func (l *launch) makeVeth() error        { return nil }
