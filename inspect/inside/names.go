package inside

import (
	"golang.org/x/sys/unix"

	"cutaway/inspect/reading"
)

// names are the host's and the NIS domain's name in this thread's UTS namespace (uname(2)), or why that is not the process's.
func names(entering error) (host, domain reading.Of[string]) {
	if entering != nil {
		return reading.Error[string](entering), reading.Error[string](entering)
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return reading.Error[string](err), reading.Error[string](err)
	}
	return reading.Value(unix.ByteSliceToString(u.Nodename[:])), reading.Value(unix.ByteSliceToString(u.Domainname[:]))
}
