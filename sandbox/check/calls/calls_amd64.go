package calls

const (
	sysSeccomp = 317
	sysSetns   = 308
)
