package cgroup

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLimit(t *testing.T) {
	tests := []struct {
		text string
		want Limit
		ok   bool
	}{
		{"max\n", Limit{Unlimited: true}, true},
		{"-1\n", Limit{Unlimited: true}, true},
		{"9223372036854771712\n", Limit{Unlimited: true}, true}, // pages of 4 KiB
		{"9223372036854710272\n", Limit{Unlimited: true}, true}, // of 64 KiB
		{"9223372036854775807\n", Limit{Unlimited: true}, true}, // before Linux 3.19
		{"18446744073709551615\n", Limit{Unlimited: true}, true},
		{"67108864\n", Limit{Value: 64 << 20}, true},
		{"0\n", Limit{}, true},
		{"0", Limit{}, true},
		{"", Limit{}, false},
		{"\n", Limit{}, false},
		{"-2\n", Limit{}, false},
		{"1k\n", Limit{}, false},
		{"1 2\n", Limit{}, false},
		{"+1\n", Limit{}, false},
		{"18446744073709551616\n", Limit{}, false},
	}
	for _, test := range tests {
		got, err := parseLimit([]byte(test.text))
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseLimit(%q) = %+v, %v, want %+v, ok %v", test.text, got, err, test.want, test.ok)
		}
	}
}

func TestParsePressure(t *testing.T) {
	tests := []struct {
		name, text string
		want       Pressure
		ok         bool
	}{
		{"sample", sample(t, "vm-docker-web/cpu.pressure"), Pressure{Some: [3]float64{0.28, 0.19, 0.05}, Full: [3]float64{0.25, 0.17, 0.04}}, true},
		{"cpu before Linux 5.13", "some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n", Pressure{Some: [3]float64{1, 2, 3}}, true},
		{"a new kind of line", "some avg10=1.00 avg60=2.00 avg300=3.00 total=4\nhalf avg10=9\n", Pressure{Some: [3]float64{1, 2, 3}}, true},
		{"empty", "", Pressure{}, false},
		{"full alone", "full avg10=1.00 avg60=2.00 avg300=3.00 total=4\n", Pressure{}, false},
		{"cut", "some avg10=1.00 avg60=", Pressure{}, false},
		{"no number", "some avg10=NaN avg60=2.00 avg300=3.00 total=4\n", Pressure{}, false},
		{"beyond", "some avg10=1e9 avg60=2.00 avg300=3.00 total=4\n", Pressure{}, false},
		{"negative", "some avg10=-1 avg60=2.00 avg300=3.00 total=4\n", Pressure{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parsePressure([]byte(test.text))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != test.ok {
				t.Errorf("error %v, want ok %v", err, test.ok)
			}
		})
	}
}

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string]uint64{
		"0\n": 1, "0-1\n": 2, "0-3,7\n": 5, "1,3,5-8": 6, "\n": 0, "": 0, "1048575": 1,
	} {
		if got, err := parseCPUs([]byte(text)); got != want || err != nil {
			t.Errorf("parseCPUs(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"a", "0-", "-1", "3-1", "0,,1", "0,", "0-18446744073709551615", "1048576", "0 1"} {
		if got, err := parseCPUs([]byte(text)); err == nil {
			t.Errorf("parseCPUs(%q) = %d, want an error", text, got)
		}
	}
}

func TestParseSum(t *testing.T) {
	const text = "259:0 rbytes=10 wbytes=20 rios=1\n8:0 rbytes=5 wbytes=0\n7:0\n"
	for key, want := range map[string]uint64{"rbytes=": 15, "wbytes=": 20, "dbytes=": 0} {
		if got, err := parseSum([]byte(text), key); got != want || err != nil {
			t.Errorf("parseSum(%q) = %d, %v, want %d", key, got, err, want)
		}
	}
	if got, err := parseSum([]byte("8:0 rbytes=x"), "rbytes="); err == nil {
		t.Errorf("a sum of text is %d", got)
	}
}

func FuzzLists(f *testing.F) {
	f.Add([]byte("0-3,7\n"))
	f.Add([]byte("8:0 rbytes=1 wbytes=2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		cpus, err := parseCPUs(text)
		if err == nil && cpus > uint64(len(text)+1)*maxCPU {
			t.Errorf("%q has %d CPUs", text, cpus)
		}
		_, sumErr := parseSum(text, "rbytes=")
		for _, err := range []error{err, sumErr} {
			if err != nil && !errors.Is(err, errText) {
				t.Errorf("%q: %v does not say what is wrong", text, err)
			}
		}
	})
}

func TestPick(t *testing.T) {
	stat := sample(t, "docker-db/memory.stat")
	tests := []struct {
		text, key, want string
		ok              bool
	}{
		{stat, "total_swap", "0", true},
		{stat, "cache", "24576", true},
		{stat, "total_cache", "24576", true},
		{stat, "active_file", "24576", true},
		{stat, "total_rs", "", false},
		{"a 1", "a", "1", true},
		{"a\n", "a", "", false},
		{"", "a", "", false},
		{"50000 100000\n", "$1", "50000", true},
		{"50000 100000\n", "$2", "100000", true},
		{"50000\n100000\n", "$2", "", false},
		{"x\n", "", "x\n", true},
	}
	for _, test := range tests {
		if got, ok := pick([]byte(test.text), test.key); string(got) != test.want || ok != test.ok {
			t.Errorf("pick(%.20q, %q) = %q, %v, want %q, %v", test.text, test.key, got, ok, test.want, test.ok)
		}
	}
}

func TestParseCPUMax(t *testing.T) {
	tests := []struct {
		text string
		want Limit
		ok   bool
	}{
		{"50000 100000\n", Limit{Value: 500}, true},
		{"250000 100000\n", Limit{Value: 2500}, true},
		{"1000 1000000\n", Limit{Value: 1}, true},
		{"0 100000\n", Limit{}, true},
		{"max 100000\n", Limit{Unlimited: true}, true},
		{"9223372036854000000 9223372036854000000\n", Limit{Value: 1000}, true},
		{"9223372036854000000 1\n", Limit{}, false},
		{"1 0\n", Limit{}, false},
		{"1\n", Limit{}, false},
		{"", Limit{}, false},
	}
	for _, test := range tests {
		got, err := parseCPUMax([]byte(test.text))
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseCPUMax(%q) = %+v, %v, want %+v, ok %v", test.text, got, err, test.want, test.ok)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, text := range []string{"max\n", "-1\n", "9223372036854771712\n", "FROZEN\n", "0\n", "1"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, numberErr := parseNumber(text)
		l, limitErr := parseLimit(text)
		if numberErr == nil && limitErr != nil {
			t.Errorf("%q is a number, but no limit: %v", text, limitErr)
		}
		if numberErr == nil && !l.Unlimited && l.Value != n {
			t.Errorf("%q is %d as a number and %d as a limit", text, n, l.Value)
		}
		_, flagErr := parseFlag(text)
		_, stateErr := parseFreezerState(text)
		_, timeErr := parseNanoseconds(text)
		for _, err := range []error{numberErr, limitErr, flagErr, stateErr, timeErr} {
			if err != nil && !errors.Is(err, errText) {
				t.Errorf("%q: %v does not say what is wrong", text, err)
			}
		}
	})
}

func FuzzPressure(f *testing.F) {
	f.Add([]byte(sample(f, "vm-docker-web/cpu.pressure")))
	f.Add([]byte("some avg10=100.00 avg60=0 avg300=1e1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePressure(text)
		for _, percent := range append(p.Some[:], p.Full[:]...) {
			if !(percent >= 0 && percent <= 100) {
				t.Errorf("%q gives %v percent", text, percent)
			}
		}
		if err == nil && !bytes.Contains(text, []byte("some")) {
			t.Errorf("%q has no line some", text)
		}
	})
}

func FuzzPick(f *testing.F) {
	f.Add([]byte(sample(f, "docker-db/memory.stat")), "total_inactive_file")
	f.Add([]byte("max 100000\n"), "$2")
	f.Add([]byte("8:0 rbytes=1\n"), "rbytes=")
	f.Fuzz(func(t *testing.T, text []byte, key string) {
		value, ok := pick(text, key)
		if !bytes.Contains(text, value) {
			t.Errorf("pick(%q, %q) = %q is not of the text", text, key, value)
		}
		if whole := key == "" || key[len(key)-1] == '='; ok && !whole && bytes.Contains(value, []byte("\n")) {
			t.Errorf("pick(%q, %q) = %q is more than a line", text, key, value)
		}
	})
}

func FuzzCPUMax(f *testing.F) {
	f.Add([]byte("50000 100000\n"))
	f.Add([]byte("max 100000\n"))
	f.Add([]byte("18446744073709551615 0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseCPUMax(text)
		if err != nil && !errors.Is(err, errText) {
			t.Errorf("%q: %v does not say what is wrong", text, err)
		}
		if l.Unlimited && l.Value != 0 {
			t.Errorf("%q is unlimited and %d", text, l.Value)
		}
	})
}
