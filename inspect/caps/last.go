package caps

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cutaway/inspect/reading"
)

// LastFile is below a proc root the file that holds the kernel's highest capability (capabilities(7), since Linux 3.2).
const LastFile = "sys/kernel/cap_last_cap"

// Last reads the highest capability of the kernel whose proc is mounted at procRoot. Bits above it mean nothing to that
// kernel.
func Last(procRoot string) reading.Of[Cap] {
	f, err := os.Open(filepath.Join(procRoot, LastFile))
	if err != nil {
		return reading.Error[Cap](fmt.Errorf("opening the kernel's last capability: %w", err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return reading.Error[Cap](fmt.Errorf("reading the kernel's last capability: %w", err))
	}
	last, err := parseLast(string(text))
	if err != nil {
		return reading.Error[Cap](err)
	}
	return reading.Value(last)
}

func parseLast(text string) (Cap, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%s is not the number of a capability: %w", quote(text), err)
	}
	if n >= maskBits {
		return 0, errors.New("the kernel's last capability is beyond a mask's 64 bits: " + quote(text))
	}
	return Cap(n), nil
}
