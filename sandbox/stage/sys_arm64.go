package stage

const (
	sysSeccomp = 277
	sysSetns   = 268
)
