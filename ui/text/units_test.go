package text

import (
	"math"
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	const k, m, g = 1 << 10, 1 << 20, 1 << 30
	for n, want := range map[uint64]string{
		0: "0B", 1: "1B", 1023: "1023B", k: "1K", 1536: "1.5K", 900 * k: "900K", 1023 * k: "1023K",
		8493466: "8.1M", 64 * m: "64M", 128 * m: "128M", 12*m + 1: "12.0M", 100*m - 1: "100M", 1023*m + 1: "1023M",
		g - 1: "1.0G", g: "1G", 1288490189: "1.2G", 1<<40 - 1: "1.0T", math.MaxUint64: "16.0E", 1 << 63: "8E",
	} {
		got := Bytes(n)
		if got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
		if Width(got) > 5 {
			t.Errorf("Bytes(%d) = %q is wider than five cells", n, got)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		want string
	}{
		{0, "0.0%"}, {0.4, "0.4%"}, {12.13, "12.1%"}, {99.94, "99.9%"}, {99.96, "100%"}, {1600, "1600%"}, {-1, "-"}, {math.NaN(), "-"}, {math.Inf(1), "-"},
	} {
		if got := Percent(tt.v); got != tt.want {
			t.Errorf("Percent(%v) = %q, want %q", tt.v, got, tt.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 31284: "31,284", 1234567: "1,234,567", -5: "-5", -31284: "-31,284",
		math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Count(uint64(math.MaxUint64)); got != "18,446,744,073,709,551,615" {
		t.Errorf("Count(MaxUint64) = %q", got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ns", 900: "900ns", 350 * time.Microsecond: "350µs", 12 * time.Millisecond: "12ms",
		999 * time.Millisecond: "999ms", 1500 * time.Millisecond: "1.5s", 9999 * time.Millisecond: "9.9s", 42 * time.Second: "42s",
		72 * time.Second: "1m 12s", time.Hour - 1: "59m 59s", 4*time.Hour + 5*time.Minute: "4h 05m",
		76*time.Hour + 12*time.Minute: "3d 04:12", 24 * time.Hour: "1d 00:00", -72 * time.Second: "-1m 12s",
		math.MinInt64: "-106751d 23:47",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestShortID(t *testing.T) {
	for id, want := range map[string]string{
		"397f67197f60af2dbc1a1ab5f1a1e3b8f3f3d6f1c8b2c5b40f0f2bb6ad9d10aa":        "397f67197f60",
		"sha256:397f67197f60af2dbc1a1ab5f1a1e3b8f3f3d6f1c8b2c5b40f0f2bb6ad9d10aa": "397f67197f60",
		"397f67197f60": "397f67197f60", "ab": "ab", "": "", "web-frontend-of-the-shop": "web-frontend-of-the-shop",
	} {
		if got := ShortID(id); got != want {
			t.Errorf("ShortID(%q) = %q, want %q", id, got, want)
		}
	}
}
