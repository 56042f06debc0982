package sandbox

// Validate is replaced by the one in validate.go, which comes next: whoever adds that removes this file.
func (s *Spec) Validate() error { return nil }
func (l *launch) advise(err error) error { return err }
func (l *launch) makeVeth() error { return nil }
