package stage

const (
	sysExecveat = 322
	sysSeccomp  = 317
	sysSetns    = 308
)
