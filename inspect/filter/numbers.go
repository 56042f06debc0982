package filter

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cutaway/inspect"
)

func matchPID(value string) (test, error) {
	pid, err := strconv.Atoi(value)
	if err != nil || pid <= 0 {
		return nil, fmt.Errorf("pid:%s: a PID is a whole number such as 4242", value)
	}
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		return answerOf(p.PID == pid)
	}, nil
}

func compareMem(above bool, value string) (test, error) {
	size, err := parseSize(value)
	if err != nil {
		return nil, err
	}
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		if above {
			return answerOf(float64(p.RSS) > size)
		}
		return answerOf(float64(p.RSS) < size)
	}, nil
}

// compareCPU leaves out processes whose CPU use is not known yet, which a snapshot marks with a negative number.
func compareCPU(above bool, value string) (test, error) {
	percent, err := parseNumber(strings.TrimSuffix(value, "%"))
	if err != nil {
		return nil, fmt.Errorf("cpu: %q is not a percentage such as 50 or 0.5", value)
	}
	return func(_ *inspect.Snapshot, p *inspect.Process) answer {
		switch {
		case p.CPU < 0:
			return unknown
		case above:
			return answerOf(p.CPU > percent)
		}
		return answerOf(p.CPU < percent)
	}, nil
}

// units are the powers of 1024, as htop and the kernel's own files count.
const units = "KMGTPE"

// parseSize reads "100M", "1.5G", "64KiB", "4096".
func parseSize(value string) (float64, error) {
	number := strings.ToUpper(value)
	number = strings.TrimSuffix(strings.TrimSuffix(number, "B"), "I")
	factor := 1.0
	if number != "" {
		if at := strings.IndexByte(units, number[len(number)-1]); at >= 0 {
			factor = math.Pow(1024, float64(at+1))
			number = number[:len(number)-1]
		}
	}
	n, err := parseNumber(number)
	if err != nil {
		return 0, fmt.Errorf("mem: %q is not a size such as 100M, 1.5G or 4096", value)
	}
	return n * factor, nil
}

// parseNumber reads a decimal number that is not negative; strconv's "inf", "nan" and "0x1p2" are no input of a person.
func parseNumber(s string) (float64, error) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}
