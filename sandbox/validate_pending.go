package sandbox

// Validate is replaced by the one of validate.go, which comes next.
func (s *Spec) Validate() error { return nil }
