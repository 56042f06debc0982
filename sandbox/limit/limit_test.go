package limit

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]Amount{
		"0": 0, "1": 1, "1000": 1000, "5b": 5, "8M": 8 << 20, "8m": 8 << 20, "8mb": 8 << 20, "64MiB": 64 << 20, "1.5g": 3 << 29,
		"2 K": 2048, "1T": 1 << 40, "7P": 7 << 50, "7e": 7 << 60, "9223372036854775807": math.MaxInt64,
		"max": Max, "MAX": Max, "unlimited": Max, "0.5k": 512,
	} {
		if got, err := ParseBytes(text); got != want || err != nil {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "M", "-1", "-1M", "8X", "8Mi", "8ib", "8bb", "1e3", "0x10", "+5", "8M8", "NaN", "Inf", "1.2.3M", "8E", "99999999999T", "９M", " 8M",
	} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("ParseBytes(%q) = %d", text, got)
		} else if !strings.Contains(err.Error(), "max") {
			t.Errorf("ParseBytes(%q) does not say what is accepted: %v", text, err)
		}
	}
}

func FuzzParseBytes(f *testing.F) {
	for _, text := range []string{"8M", "1.5g", "max", "-1", "9223372036854775807", "8E"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseBytes(text)
		if err != nil {
			return
		}
		if a < Max {
			t.Fatalf("%q is %d", text, a)
		}
		if again, err := ParseBytes(a.Bytes()); again != a || err != nil {
			t.Fatalf("%d is written %q, which is %d, %v", a, a.Bytes(), again, err)
		}
	})
}

func TestBytes(t *testing.T) {
	for a, want := range map[Amount]string{0: "0", 1: "1", 1000: "1000", 1024: "1K", 7999488: "7812K", 64 << 20: "64M", 3 << 29: "1536M", 1 << 60: "1E", Max: "max"} {
		if got := a.Bytes(); got != want {
			t.Errorf("Amount(%d).Bytes() = %q, want %q", int64(a), got, want)
		}
	}
}

func TestAbout(t *testing.T) {
	for a, want := range map[Amount]string{0: "0", 999: "999", 1000: "1K", 1024: "1K", 70438912: "67.2M", 64 << 20: "64M", 1023 << 20: "1G", 120 << 30: "120G", Max: "max"} {
		if got := a.About(); got != want {
			t.Errorf("Amount(%d).About() = %q, want %q", int64(a), got, want)
		}
	}
}

func TestParseCount(t *testing.T) {
	for text, want := range map[string]Amount{"0": 0, "100": 100, "max": Max, "Unlimited": Max} {
		if got, err := ParseCount(text); got != want || err != nil {
			t.Errorf("ParseCount(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "+1", "1k", "1.5", "many"} {
		if got, err := ParseCount(text); err == nil {
			t.Errorf("ParseCount(%q) = %d", text, got)
		}
	}
}

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string]float64{"0.5": 0.5, "2": 2, ".25": 0.25, "0.01": 0.01, "0": 0, "max": 0, "unlimited": 0} {
		got, err := ParseCPUs(text)
		if got != want || err != nil {
			t.Errorf("ParseCPUs(%q) = %g, %v; want %g", text, got, err, want)
		}
		if again, err := ParseCPUs(FormatCPUs(got)); again != got || err != nil {
			t.Errorf("%g is written %q, which is %g, %v", got, FormatCPUs(got), again, err)
		}
	}
	for _, text := range []string{"", "-1", "0.001", "1e9", "9999", "NaN", "Inf", "half", "50%"} {
		if got, err := ParseCPUs(text); err == nil {
			t.Errorf("ParseCPUs(%q) = %g", text, got)
		}
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "0-1,3": "0-1,3", "3,0,1": "0-1,3", "0-3,2-5": "0-5", "7-7": "7", "16383": "16383"} {
		if got, err := ParseList(text); got != want || err != nil {
			t.Errorf("ParseList(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ",", "0,", "1-0", "-1", "a", "0-", "99999", " 0", strings.Repeat("0,", 3000) + "0"} {
		if got, err := ParseList(text); err == nil {
			t.Errorf("ParseList(%q) = %q", text, got)
		}
	}
}

func TestParseIO(t *testing.T) {
	got, err := ParseIO("8:0 rbps=1M wbps=max riops=100 wiops=5")
	if want := (IO{Device: "8:0", ReadBPS: 1 << 20, WriteBPS: Max, ReadIOPS: 100, WriteIOPS: 5}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if again, err := ParseIO(got.String()); again != got || err != nil {
		t.Errorf("%s is %+v, %v", got.String(), again, err)
	}
	if got, err := ParseIO("/dev/sda,wiops=10"); got != (IO{Device: "/dev/sda", WriteIOPS: 10}) || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for text, says := range map[string]string{
		"":                 "such as /dev/sda",
		"8:0":              "such as /dev/sda",
		"sda rbps=1M":      "is no device",
		"8 rbps=1M":        "is no device",
		"8:x rbps=1M":      "is no device",
		"8:0 rbp=1M":       "none of rbps",
		"8:0 rbps":         "is no size",
		"8:0 rbps=0":       "would stop",
		"8:0 riops=1k":     "is no number",
		"8:0 rbps=1M wbps": "is no size",
	} {
		if _, err := ParseIO(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("ParseIO(%q): %v, which does not say %q", text, err, says)
		}
	}
}

func TestShares(t *testing.T) {
	for weight, want := range map[uint64]uint64{1: 10, 100: 1024, 10000: 102400} {
		if got := Shares(weight); got != want {
			t.Errorf("Shares(%d) = %d, want %d", weight, got, want)
		}
	}
	if _, err := ParseWeight("0"); err == nil {
		t.Error("a weight of 0")
	}
	if _, err := ParseWeight("10001"); err == nil {
		t.Error("a weight of 10001")
	}
}

func full() Set {
	memory, swap, pids, cpus, weight := Amount(64<<20), Max, Amount(100), 0.5, uint64(50)
	return Set{
		Memory: &memory, Swap: &swap, PIDs: &pids, CPUs: &cpus, Weight: &weight, CPUSet: "0-1", MemSet: "0",
		IO: []IO{{Device: "8:0", ReadBPS: 1 << 20, WriteIOPS: Max}},
	}
}

func TestSetJSON(t *testing.T) {
	set := full()
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"memory":67108864,"swap":"max","cpus":0.5,"pids":100,"io":[{"device":"8:0","read_bps":1048576,"write_iops":"max"}],` +
		`"cpuset":"0-1","memset":"0","weight":50}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var again Set
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Flags(), set.Flags()) {
		t.Errorf("read back: %v", again.Flags())
	}
	for _, bad := range []string{`{"memory":-1}`, `{"memory":1.5}`, `{"memory":"64M"}`, `{"pids":[]}`, `{"pids":true}`} {
		if err := json.Unmarshal([]byte(bad), new(Set)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestFlags(t *testing.T) {
	set := full()
	want := []string{
		"--memory=64M", "--swap=max", "--cpus=0.5", "--pids=100", "--weight=50", "--io=8:0,rbps=1M,wiops=max", "--cpuset=0-1", "--memset=0",
	}
	if got := set.Flags(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if (&Set{}).Flags() != nil || !(&Set{}).Empty() || set.Empty() {
		t.Error("an empty set is not empty")
	}
}

func TestValidate(t *testing.T) {
	if set := full(); set.Validate() != nil {
		t.Error(set.Validate())
	}
	zero, negative, little, heavy := Amount(0), Amount(-2), 0.001, uint64(10001)
	for says, set := range map[string]Set{
		"leave nothing":                {Memory: &zero},
		"memory limit of -2":           {Memory: &negative},
		"swap limit of -2":             {Swap: &negative},
		"pids limit of 0":              {PIDs: &zero},
		"0.001 CPUs":                   {CPUs: &little},
		"weight 10001":                 {Weight: &heavy},
		"list of processors or memory": {CPUSet: "a"},
		"is no list":                   {MemSet: "1-0"},
		"limited twice":                {IO: []IO{{Device: "8:0", ReadBPS: 1}, {Device: "8:0", WriteBPS: 1}}},
		"nothing is limited":           {IO: []IO{{Device: "8:0"}}},
		"is negative":                  {IO: []IO{{Device: "8:0", ReadBPS: -5}}},
		"is no device":                 {IO: []IO{{Device: "8:0\n9:0", ReadBPS: 5}}},
	} {
		if err := set.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, which does not say %q", set, err, says)
		}
	}
	if err := (&Set{Swap: &zero}).Validate(); err != nil {
		t.Error("no swap at all is a limit: ", err)
	}
}

func TestWeightOf(t *testing.T) {
	for shares, want := range map[uint64]uint64{0: 1, 2: 1, 10: 1, 1024: 100, 512: 50, 2048: 200, 1 << 18: 10000, 1 << 40: 10000} {
		if got := WeightOf(shares); got != want {
			t.Errorf("WeightOf(%d) = %d, want %d", shares, got, want)
		}
	}
	for weight := range uint64(maxWeight) {
		if got := WeightOf(Shares(weight + 1)); Shares(got) != Shares(weight+1) {
			t.Errorf("%d has the shares of %d, not of %d", got, Shares(got), weight+1)
		}
	}
}
