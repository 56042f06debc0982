package proc

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const netDevHeading = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`

func TestParseNetDev(t *testing.T) {
	for text, want := range map[string][]Interface{
		"": nil,
		"    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n": {{
			Name: "lo", RxBytes: 1, RxPackets: 2, RxErrors: 3, RxDropped: 4, TxBytes: 9, TxPackets: 10, TxErrors: 11, TxDropped: 12,
		}},
		"vethabcdef01234:18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n": {{Name: "vethabcdef01234", RxBytes: 1<<64 - 1}},
		"\x1b[31m:0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n":                           {{Name: "\x1b[31m"}},
	} {
		got, err := ParseNetDev([]byte(netDevHeading + text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: error %v, -want +got\n%s", text, err, diff)
		}
	}
}

func TestParseNetDevRefuses(t *testing.T) {
	for _, text := range []string{
		"", "\n\n", "lo: 1\n", netDevHeading + "lo\n", netDevHeading + "lo: 1\n", netDevHeading + ": 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		netDevHeading + "lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		netDevHeading + "lo: 18446744073709551616 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		netDevHeading + "lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	} {
		if got, err := ParseNetDev([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v and error %v, want an error that wraps ErrFormat", text, got, err)
		}
	}
}

// The samples against the columns found by splitting at spaces and colons.
func TestParseNetDevSamples(t *testing.T) {
	for name, b := range samples(t, "net_dev") {
		interfaces, err := ParseNetDev(b)
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")[2:]
		if err != nil || len(interfaces) != len(lines) {
			t.Errorf("%s: %d interfaces and error %v, want %d", name, len(interfaces), err, len(lines))
			continue
		}
		for i, line := range lines {
			words := strings.Fields(strings.Replace(line, ":", " ", 1))
			in := interfaces[i]
			for column, n := range map[int]uint64{
				1: in.RxBytes, 2: in.RxPackets, 3: in.RxErrors, 4: in.RxDropped,
				9: in.TxBytes, 10: in.TxPackets, 11: in.TxErrors, 12: in.TxDropped,
			} {
				if got := strconv.FormatUint(n, 10); got != words[column] || in.Name != words[0] {
					t.Errorf("%s: %s column %d is %s, want %s of %s", name, in.Name, column, got, words[column], words[0])
				}
			}
		}
	}
}

func FuzzParseNetDev(f *testing.F) {
	seed(f, "net_dev", netDevHeading+"a:b:0\n", "|\n|\n\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := ParseNetDev(b)
		wantFormatError(t, err)
	})
}
