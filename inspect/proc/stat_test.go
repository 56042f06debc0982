package proc

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const numbers = " S 24645 24665 24665 34816 -1 4194560 1943 0 4 0 6 5 0 0 20 0 5 0 70923 62251008 3012 " +
		"18446744073709551615 1 2 3 0 0 0 0 12289 17642 0 0 0 17 1 0 0 0 0 0 4 5 6 7 8 9 10 0\n"
	want := func(comm string) Stat {
		return Stat{
			PID: 24665, PPID: 24645, Comm: []byte(comm), State: 'S', TTY: 34816, Flags: 4194560, UTime: 6, STime: 5,
			Threads: 5, StartTime: 70923, RSSPages: 3012, Processor: 1,
		}
	}
	for _, comm := range []string{
		"redis-server", "", " ", "a b", ")", "(", "))((", "x) S 1 (", ") R 1 1 1", "a\nb", "24665 (sh) S", "\xff\x1b[31m", "\x00",
	} {
		var got Stat
		if err := ParseStat([]byte("24665 ("+comm+")"+numbers), &got); err != nil {
			t.Errorf("comm %q: %v", comm, err)
		}
		if diff := cmp.Diff(want(comm), got); diff != "" {
			t.Errorf("comm %q: -want +got\n%s", comm, diff)
		}
	}
}

func TestParseStatRefuses(t *testing.T) {
	whole := string(sample(t, "docker-db", "stat"))
	for name, text := range map[string]string{
		"empty":                 "",
		"no comm":               "24665 S 1 2 3\n",
		"parentheses reversed":  "1 )(" + whole,
		"no pid":                whole[strings.IndexByte(whole, '('):],
		"pid beyond an int":     "99999999999 " + whole[strings.IndexByte(whole, '('):],
		"two numbers for a pid": "1 " + whole,
		"state of two letters":  strings.Replace(whole, ") S ", ") SS ", 1),
		"start time beyond 64":  strings.Replace(whole, " 70923 ", " 18446744073709551616 ", 1),
		"flags beyond 32":       strings.Replace(whole, " 4194560 ", " 4294967296 ", 1),
		"negative time":         strings.Replace(whole, " 70923 ", " -1 ", 1),
		"no end of line":        strings.TrimSuffix(whole, "\n"),
	} {
		if err := ParseStat([]byte(text), new(Stat)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want one that wraps ErrFormat", name, err)
		}
	}
}

// The samples against the numbers found by splitting at spaces, which is right as long as no comm has one.
func TestParseStatSamples(t *testing.T) {
	for name, b := range samples(t, "stat") {
		var s Stat
		if err := ParseStat(b, &s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		words := strings.Fields(string(b))
		number := func(n uint64) string { return strconv.FormatUint(n, 10) }
		got := map[int]string{
			1: strconv.Itoa(s.PID), 2: "(" + string(s.Comm) + ")", 3: string(s.State), 4: strconv.Itoa(s.PPID),
			7: strconv.Itoa(s.TTY), 9: number(uint64(s.Flags)), 14: number(s.UTime), 15: number(s.STime),
			20: strconv.Itoa(s.Threads), 22: number(s.StartTime), 24: number(s.RSSPages), 39: strconv.Itoa(s.Processor),
		}
		for field, text := range got {
			if words[field-1] != text {
				t.Errorf("%s: field %d is %s, want %s", name, field, text, words[field-1])
			}
		}
		if isKernel := name == "kernel-thread"; s.KernelThread() != isKernel {
			t.Errorf("%s: KernelThread is %t", name, !isKernel)
		}
	}
}

func TestParseStatCutShort(t *testing.T) {
	whole := sample(t, "docker-db", "stat")
	for n := range whole {
		if err := ParseStat(whole[:n], new(Stat)); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: error %v, want one that wraps ErrFormat", n, err)
		}
	}
}

func TestParseStatDoesNotAllocate(t *testing.T) {
	b := sample(t, "docker-db", "stat")
	var s Stat
	if n := testing.AllocsPerRun(100, func() { _ = ParseStat(b, &s) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkParseStat(b *testing.B) {
	text := sample(b, "docker-db", "stat")
	var s Stat
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseStat(text, &s); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	seed(f, "stat", "1 () S", "1 (x) S 1 (", "1 (\n) R -1")
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Stat
		err := ParseStat(b, &s)
		wantFormatError(t, err)
		if err == nil && !bytes.Contains(b, append(append([]byte{'('}, s.Comm...), ')')) {
			t.Errorf("the comm %q is not in the text", s.Comm)
		}
	})
}
