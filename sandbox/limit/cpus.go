package limit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The kernel's smallest quota is a millisecond (min_cfs_quota_period in kernel/sched/core.c), which is 0.01 of a processor
// in the usual period of 100 ms; nobody has more processors than a kernel can be built for (NR_CPUS).
const (
	minCPUs = 0.01
	maxCPUs = 8192
)

// ParseCPUs reads processors' worth of time: "0.5", "2"; "max", "unlimited" and "0" are 0, no limit.
func ParseCPUs(text string) (float64, error) {
	if isMax(text) {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || checkCPUs(n) != nil || strings.Trim(text, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is no number of CPUs: say how many may be used at a time, from %g up, such as 0.5, or max", text, minCPUs)
	}
	return n, nil
}

func checkCPUs(n float64) error {
	if n != 0 && (math.IsNaN(n) || n < minCPUs || n > maxCPUs) {
		return fmt.Errorf("%g CPUs cannot be set: from %g to %d, or 0 for no limit", n, minCPUs, maxCPUs)
	}
	return nil
}

// FormatCPUs is what ParseCPUs reads.
func FormatCPUs(n float64) string {
	if n == 0 {
		return "max"
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// maxList is beyond any processor's or memory node's number, maxListText beyond any list that the kernel writes.
const (
	maxList     = 1 << 14
	maxListText = 4096
)

// ParseList reads a list of processors or memory nodes such as "0-1,3" (cpuset(7), "List format") and writes it as the
// kernel does: ascending, without overlaps, neighbours as a range.
func ParseList(text string) (string, error) {
	refusal := fmt.Errorf("%q is no list of processors or memory nodes: say numbers and ranges such as 0-1,3", clip(text))
	if len(text) > maxListText {
		return "", refusal
	}
	in := make([]bool, maxList)
	for item := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 32)
		to, err2 := strconv.ParseUint(last, 10, 32)
		if err1 != nil || err2 != nil || from > to || to >= maxList {
			return "", refusal
		}
		for n := from; n <= to; n++ {
			in[n] = true
		}
	}
	return formatList(in), nil
}

func formatList(in []bool) string {
	var items []string
	for n := 0; n < len(in); n++ {
		if !in[n] {
			continue
		}
		first := n
		for n+1 < len(in) && in[n+1] {
			n++
		}
		item := strconv.Itoa(first)
		if n > first {
			item += "-" + strconv.Itoa(n)
		}
		items = append(items, item)
	}
	return strings.Join(items, ",")
}
