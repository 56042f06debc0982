package security

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cutaway/inspect/reading"
)

// Files below a sys root that tell of the kernel's security modules.
const (
	LSMFile     = "kernel/security/lsm" // Documentation/admin-guide/LSM/index.rst
	EnforceFile = "fs/selinux/enforce"  // security/selinux/selinuxfs.c
)

// LSMs lists the kernel's active security modules in the order in which it asks them, from the sysfs mounted at sysRoot. It
// is Absent when securityfs is not mounted there, as in most containers, which does not mean that there are none.
func LSMs(sysRoot string) reading.Of[[]string] {
	text := readFact(filepath.Join(sysRoot, LSMFile))
	if !text.OK() {
		return reading.Of[[]string]{How: text.How}
	}
	return reading.Value(parseLSMs(text.Value))
}

func parseLSMs(text string) []string {
	var modules []string
	for name := range strings.SplitSeq(text, ",") {
		if name != "" {
			modules = append(modules, name)
		}
	}
	return modules
}

// SELinuxEnforcing tells whether SELinux refuses what its policy does not allow, or only logs it. It is Absent where
// SELinux is off, or selinuxfs is not mounted.
func SELinuxEnforcing(sysRoot string) reading.Of[bool] {
	text := readFact(filepath.Join(sysRoot, EnforceFile))
	switch {
	case !text.OK():
		return reading.Of[bool]{How: text.How}
	case text.Value == "0" || text.Value == "1":
		return reading.Value(text.Value == "1")
	}
	return reading.Missing[bool](reading.Failed)
}

// readFact reads a file of a few words without the newline at its end.
func readFact(path string) reading.Of[string] {
	const longest = 4096
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return reading.Error[string](fmt.Errorf("opening a kernel setting: %w", err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return reading.Error[string](fmt.Errorf("reading a kernel setting: %w", err))
	}
	return reading.Value(strings.TrimRight(string(text), "\n"))
}
