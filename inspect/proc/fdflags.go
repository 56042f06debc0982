package proc

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// fdFlags are the flags beside the access mode, in the order of open(2). Of two that share bits the wider stands first.
var fdFlags = []struct {
	bits uint32
	name string
}{
	{unix.O_APPEND, "O_APPEND"},
	{unix.O_ASYNC, "O_ASYNC"},
	{unix.O_CLOEXEC, "O_CLOEXEC"},
	{unix.O_CREAT, "O_CREAT"},
	{unix.O_DIRECT, "O_DIRECT"},
	{unix.O_TMPFILE, "O_TMPFILE"},
	{unix.O_DIRECTORY, "O_DIRECTORY"},
	{unix.O_SYNC, "O_SYNC"},
	{unix.O_DSYNC, "O_DSYNC"},
	{unix.O_EXCL, "O_EXCL"},
	{unix.O_NOATIME, "O_NOATIME"},
	{unix.O_NOCTTY, "O_NOCTTY"},
	{unix.O_NOFOLLOW, "O_NOFOLLOW"},
	{unix.O_NONBLOCK, "O_NONBLOCK"},
	{unix.O_PATH, "O_PATH"},
	{unix.O_TRUNC, "O_TRUNC"},
}

// largeFile is the kernel's O_LARGEFILE, which every 64-bit program's descriptors have and the system's headers call 0.
var largeFile = func() uint32 {
	switch runtime.GOARCH {
	case "arm", "arm64":
		return 0o400000
	case "ppc64", "ppc64le":
		return 0o200000
	}
	return 0o100000 // include/uapi/asm-generic/fcntl.h
}()

// FDFlagNames prints the flags of FDInfo as open(2) is called with them: "O_RDWR|O_CLOEXEC". Bits without a name follow
// in octal; O_LARGEFILE, which tells nothing, is left out.
func FDFlagNames(flags uint32) string {
	names := []string{accessMode(flags)}
	rest := flags &^ (unix.O_ACCMODE | largeFile)
	for _, f := range fdFlags {
		if rest&f.bits == f.bits {
			names = append(names, f.name)
			rest &^= f.bits
		}
	}
	if rest != 0 {
		names = append(names, fmt.Sprintf("%#o", rest))
	}
	return strings.Join(names, "|")
}

func accessMode(flags uint32) string {
	switch flags & unix.O_ACCMODE {
	case unix.O_RDONLY:
		return "O_RDONLY"
	case unix.O_WRONLY:
		return "O_WRONLY"
	case unix.O_RDWR:
		return "O_RDWR"
	}
	return "O_ACCMODE" // 3: for ioctl only, see open(2)
}
