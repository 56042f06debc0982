package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
)

// errText is wrapped by the parsers: text that no kernel writes.
var errText = errors.New("not the text of a cgroup file")

// v1Unlimited is the smallest of the numbers that v1 shows for "no limit": LONG_MAX rounded down to a page, of 64 KiB at
// most (PAGE_COUNTER_MAX in include/linux/page_counter.h). With pages of 4 KiB it is 9223372036854771712.
const v1Unlimited = 1<<63 - 1<<16

// parseNumber reads a file that holds one number.
func parseNumber(text []byte) (uint64, error) {
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", errText, clip(text))
	}
	return n, nil
}

// parseNanoseconds reads a time as v1 keeps it, and gives microseconds.
func parseNanoseconds(text []byte) (uint64, error) {
	n, err := parseNumber(text)
	return n / 1000, err
}

// parseLimit reads a limit: "max" on v2, -1 or a number beyond any memory on v1, or a number.
func parseLimit(text []byte) (Limit, error) {
	switch text = bytes.TrimSpace(text); string(text) {
	case "max", "-1":
		return Limit{Unlimited: true}, nil
	}
	n, err := parseNumber(text)
	if err != nil {
		return Limit{}, err
	}
	if n >= v1Unlimited {
		return Limit{Unlimited: true}, nil
	}
	return Limit{Value: n}, nil
}

// parseCPUMax reads "QUOTA PERIOD" of v2's cpu.max and gives thousandths of a core, because periods differ.
func parseCPUMax(text []byte) (Limit, error) {
	quotaText, _ := pick(text, "$1")
	periodText, _ := pick(text, "$2")
	quota, err := parseLimit(quotaText)
	if err != nil || quota.Unlimited {
		return quota, err
	}
	period, err := parseNumber(periodText)
	if err != nil {
		return Limit{}, err
	}
	return millicores(quota, period)
}

// millicores turns a quota in a period, of the same unit, into thousandths of a core.
func millicores(quota Limit, period uint64) (Limit, error) {
	high, low := bits.Mul64(quota.Value, 1000)
	if high >= period { // also a period of 0
		return Limit{}, fmt.Errorf("%w: a quota of %d in %d microseconds", errText, quota.Value, period)
	}
	cores, _ := bits.Div64(high, low, period)
	return Limit{Value: cores}, nil
}

// parseFlag reads the 0 or 1 of cgroup.events' lines.
func parseFlag(text []byte) (bool, error) {
	switch string(bytes.TrimSpace(text)) {
	case "0":
		return false, nil
	case "1":
		return true, nil
	}
	return false, fmt.Errorf("%w: %q", errText, clip(text))
}

// parseFreezerState reads v1's freezer.state. FREEZING is not yet frozen (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst).
func parseFreezerState(text []byte) (bool, error) {
	switch string(bytes.TrimSpace(text)) {
	case "THAWED", "FREEZING":
		return false, nil
	case "FROZEN":
		return true, nil
	}
	return false, fmt.Errorf("%w: %q", errText, clip(text))
}

// maxCPU is beyond any CPU number that a kernel can be built for (NR_CPUS).
const maxCPU = 1 << 20

// parseCPUs counts the CPUs of a list such as "0-3,7" (cpuset(7), "List format"); an empty one has none.
func parseCPUs(text []byte) (uint64, error) {
	var count uint64
	text = bytes.TrimSpace(text)
	for item := range bytes.SplitSeq(text, []byte(",")) {
		if len(text) == 0 {
			break
		}
		first, last, isRange := bytes.Cut(item, []byte("-"))
		if !isRange {
			last = first
		}
		from, err1 := parseNumber(first)
		to, err2 := parseNumber(last)
		if err1 != nil || err2 != nil || from > to || to >= maxCPU {
			return 0, fmt.Errorf("%w: %q is no list of CPUs", errText, clip(text))
		}
		count += to - from + 1
	}
	return count, nil
}

// parseSum adds up one key's values over the lines of a nested keyed file, as "rbytes=" of io.stat, in which each line is
// a device: "8:0 rbytes=1 wbytes=2 …".
func parseSum(text []byte, key string) (uint64, error) {
	var sum uint64
	for word := range bytes.FieldsSeq(text) {
		value, ok := bytes.CutPrefix(word, []byte(key))
		if !ok {
			continue
		}
		n, err := parseNumber(value)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// parsePressure reads a PSI file. Before Linux 5.13 the machine's cpu.pressure has no line "full" (Documentation/accounting/psi.rst).
func parsePressure(text []byte) (Pressure, error) {
	var p Pressure
	some := false
	for line := range bytes.Lines(text) {
		kind, rest, _ := bytes.Cut(line, []byte(" "))
		var to *[3]float64
		switch string(kind) {
		case "some":
			to, some = &p.Some, true
		case "full":
			to = &p.Full
		default:
			continue
		}
		for i, key := range [...]string{"avg10=", "avg60=", "avg300="} {
			percent, err := parsePercent(rest, key)
			if err != nil {
				return Pressure{}, err
			}
			to[i] = percent
		}
	}
	if !some {
		return Pressure{}, fmt.Errorf("%w: %q", errText, clip(text))
	}
	return p, nil
}

func parsePercent(line []byte, key string) (float64, error) {
	for word := range bytes.FieldsSeq(line) {
		if value, ok := bytes.CutPrefix(word, []byte(key)); ok {
			percent, err := strconv.ParseFloat(string(value), 64)
			if err == nil && percent >= 0 && percent <= 100 {
				return percent, nil
			}
		}
	}
	return 0, fmt.Errorf("%w: %q has no %s", errText, clip(line), key)
}

// pick takes a value out of a file's text: all of it for key "" and for one such as "rbytes=", which stands in many lines;
// a word of its first line for "$1", "$2", … (as awk names them); else the rest of the line that begins with the key.
func pick(text []byte, key string) ([]byte, bool) {
	if key == "" || key[len(key)-1] == '=' {
		return text, true
	}
	if key[0] == '$' {
		at := 1
		line, _, _ := bytes.Cut(text, []byte("\n"))
		for word := range bytes.FieldsSeq(line) {
			if key[1:] == strconv.Itoa(at) {
				return word, true
			}
			at++
		}
		return nil, false
	}
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) > len(key) && line[len(key)] == ' ' && string(line[:len(key)]) == key {
			return line[len(key)+1:], true
		}
	}
	return nil, false
}

// clip keeps what an error message shows of foreign text short.
func clip(text []byte) []byte { return text[:min(len(text), 40)] }
