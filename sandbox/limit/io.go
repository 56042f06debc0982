package limit

import (
	"fmt"
	"strconv"
	"strings"
)

// IO is what a block device may be used in a second. 0 leaves a value as it is, Max removes its limit.
type IO struct {
	Device    string `json:"device"` // "8:0", or a path such as /dev/sda: a whole disk, not a partition
	ReadBPS   Amount `json:"read_bps,omitempty"`
	WriteBPS  Amount `json:"write_bps,omitempty"`
	ReadIOPS  Amount `json:"read_iops,omitempty"`
	WriteIOPS Amount `json:"write_iops,omitempty"`
}

// Rate is one of the values of an IO, by the key that v2's io.max has for it.
type Rate struct {
	Key   string // rbps, wbps, riops, wiops
	Value Amount // 0 when it is left as it is
}

// Rates lists the values in the order in which io.max writes them.
func (io *IO) Rates() [4]Rate {
	return [4]Rate{{"rbps", io.ReadBPS}, {"wbps", io.WriteBPS}, {"riops", io.ReadIOPS}, {"wiops", io.WriteIOPS}}
}

// ParseIO reads a device's limits: "8:0 rbps=1M wiops=100", or with commas for spaces. rbps and wbps are bytes, riops and
// wiops operations, in a second; "max" removes one.
func ParseIO(text string) (IO, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	if len(words) < 2 {
		return IO{}, fmt.Errorf("%q is no I/O limit: say a device and what it may give in a second, such as /dev/sda,rbps=1M,wiops=100", text)
	}
	io := IO{Device: words[0]}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		if err := io.set(key, value); err != nil {
			return IO{}, fmt.Errorf("I/O limit %q: %w", text, err)
		}
	}
	return io, io.check()
}

func (io *IO) set(key, value string) error {
	parse, to := ParseBytes, &io.ReadBPS
	switch key {
	case "rbps":
	case "wbps":
		to = &io.WriteBPS
	case "riops":
		parse, to = ParseCount, &io.ReadIOPS
	case "wiops":
		parse, to = ParseCount, &io.WriteIOPS
	default:
		return fmt.Errorf("%q is none of rbps, wbps, riops and wiops", key)
	}
	amount, err := parse(value)
	if err != nil {
		return err
	}
	if amount == 0 {
		return fmt.Errorf("%s=0 would stop the device: say at least 1, or max", key)
	}
	*to = amount
	return nil
}

// check refuses what no kernel takes.
func (io *IO) check() error {
	if !strings.HasPrefix(io.Device, "/") && !isNumbers(io.Device) || strings.ContainsAny(io.Device, " \n\t") {
		return fmt.Errorf("%q is no device: say its numbers, such as 8:0, or its path, such as /dev/sda", io.Device)
	}
	limits := false
	for _, r := range io.Rates() {
		if r.Value < Max {
			return fmt.Errorf("%s=%d of %s is negative", r.Key, int64(r.Value), io.Device)
		}
		limits = limits || r.Value != 0
	}
	if !limits {
		return fmt.Errorf("nothing is limited for %s: say rbps, wbps, riops or wiops", io.Device)
	}
	return nil
}

// isNumbers tells whether a device is given as "major:minor".
func isNumbers(device string) bool {
	major, minor, ok := strings.Cut(device, ":")
	_, err1 := strconv.ParseUint(major, 10, 12)
	_, err2 := strconv.ParseUint(minor, 10, 20)
	return ok && err1 == nil && err2 == nil
}

// String is what ParseIO reads.
func (io *IO) String() string {
	var b strings.Builder
	b.WriteString(io.Device)
	for _, r := range io.Rates() {
		if r.Value == 0 {
			continue
		}
		value := r.Value.String()
		if strings.HasSuffix(r.Key, "bps") {
			value = r.Value.Bytes()
		}
		b.WriteString("," + r.Key + "=" + value)
	}
	return b.String()
}
