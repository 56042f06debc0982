package stage

const (
	sysSeccomp = 317
	sysSetns   = 308
)
