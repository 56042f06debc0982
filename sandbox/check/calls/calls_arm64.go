package calls

const (
	sysSeccomp = 277
	sysSetns   = 268
)
