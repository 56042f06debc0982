package cgroups

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"cutaway/sandbox/limit"
)

// form is how the kernel writes the value of a limit's file, and so how a value is compared with what was asked for.
type form uint8

const (
	asBytes    form = iota // bytes, rounded down to pages; no limit is "max" on v2, on v1 -1 or the greatest number
	asWords                // numbers, "max" and the like, as they were written
	asQuota                // v1's microseconds; -1 is no limit
	asList                 // processors or memory nodes
	asRates                // v2's io.max: a line for each device, "8:0 rbps=max wbps=1048576 riops=max wiops=max"
	asThrottle             // v1's blkio.throttle: a line for each device that is limited, "8:0 1048576"
)

// forms are the files that hold limits; no other is ever written here.
var forms = map[string]form{
	"memory.max":      asBytes,
	"memory.swap.max": asBytes,
	"cpu.max":         asWords,
	"cpu.weight":      asWords,
	"pids.max":        asWords,
	"io.max":          asRates,
	"cpuset.cpus":     asList,
	"cpuset.mems":     asList,

	"memory.limit_in_bytes":            asBytes,
	"memory.memsw.limit_in_bytes":      asBytes,
	"cpu.cfs_period_us":                asWords,
	"cpu.cfs_quota_us":                 asQuota,
	"cpu.shares":                       asWords,
	"blkio.throttle.read_bps_device":   asThrottle,
	"blkio.throttle.write_bps_device":  asThrottle,
	"blkio.throttle.read_iops_device":  asThrottle,
	"blkio.throttle.write_iops_device": asThrottle,
}

// v1Unlimited is the least of the numbers that v1 shows for no limit: LONG_MAX, rounded down to a page of 64 KiB at most.
const v1Unlimited = 1<<63 - 1<<16

// present takes a file's value, for a device when the file has several, in the form in which it can be written.
func (f form) present(device, text string) string {
	text = strings.TrimSpace(text)
	switch f {
	case asBytes:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil && n >= v1Unlimited {
			return "-1"
		}
	case asQuota:
		if strings.HasPrefix(text, "-") {
			return "-1"
		}
	case asList:
		if list, err := limit.ParseList(text); err == nil {
			return list
		}
	case asRates:
		return rates(device, lineOf(device, text))
	case asThrottle:
		if line := lineOf(device, text); line != "" {
			return line
		}
		return device + " 0"
	}
	return text
}

// lineOf finds a device's line.
func lineOf(device, text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if first, _, _ := strings.Cut(line, " "); first == device {
			return line
		}
	}
	return ""
}

// rateKeys are io.max's, in its order.
var rateKeys = [...]string{"rbps", "wbps", "riops", "wiops"}

// rates writes a whole line of io.max, with max for what a line leaves out.
func rates(device, line string) string {
	words := strings.Fields(line)
	for _, key := range rateKeys {
		at := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, key+"=") })
		if at >= 0 {
			device += " " + words[at]
		} else {
			device += " " + key + "=max"
		}
	}
	return device
}

// agree tells whether a value that reads back is the one that was written, as near as the kernel keeps it. Both are in the
// form that present gives.
func (f form) agree(wrote, reads string) bool {
	if wrote == reads {
		return true
	}
	switch f {
	case asBytes:
		want, err1 := strconv.ParseInt(wrote, 10, 64)
		got, err2 := strconv.ParseInt(reads, 10, 64)
		return err1 == nil && err2 == nil && got >= 0 && got <= want && want-got < int64(os.Getpagesize())
	case asRates:
		for _, word := range strings.Fields(wrote) {
			if !slices.Contains(strings.Fields(reads), word) {
				return false
			}
		}
		return true
	}
	return false
}
