package text

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// byteUnits are the powers of 1024; 2^64 ends within E.
const byteUnits = "BKMGTPE"

// Bytes writes a size in powers of 1024, as htop does, in at most five cells: "512B", "900K", "8.1M", "1.2G". One
// decimal is shown below 100 unless the number is whole, so a limit of 64 MiB reads "64M".
func Bytes(n uint64) string {
	unit, size := 0, uint64(1)
	for unit < len(byteUnits)-1 && n/size >= 1024 {
		unit++
		size *= 1024
	}
	if n%size == 0 {
		return strconv.FormatUint(n/size, 10) + byteUnits[unit:unit+1]
	}
	value := float64(n) / float64(size)
	if value >= 1023.5 && unit < len(byteUnits)-1 {
		value, unit = value/1024, unit+1
	}
	return threeDigits(value) + byteUnits[unit:unit+1]
}

// threeDigits writes a number with one decimal below 100 and none from there on.
func threeDigits(v float64) string {
	if v < 99.95 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Percent writes a share such as "0.4%" or "160%", in at most five cells below 10,000 %. A value that is not known yet
// (negative, or not a number) is "-", never 0.
func Percent(v float64) string {
	if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return threeDigits(v) + "%"
}

// Count writes a whole number with its thousands apart: "31,284".
func Count[N ~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64](n N) string {
	digits, sign := strconv.FormatUint(uint64(n), 10), ""
	if n < 0 {
		digits, sign = strconv.FormatUint(-uint64(n), 10), "-"
	}
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// Duration writes a length of time in its two greatest units: "3d 04:12" (days, hours:minutes), "4h 12m", "1m 12s",
// "1.5s", "12ms", "350µs".
func Duration(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + Duration(-d)
	}
	const day = 24 * time.Hour
	whole := func(d, unit time.Duration) string { return strconv.FormatInt(int64(d/unit), 10) }
	switch {
	case d >= day:
		return whole(d, day) + "d " + twoDigits(d%day/time.Hour) + ":" + twoDigits(d%time.Hour/time.Minute)
	case d >= time.Hour:
		return whole(d, time.Hour) + "h " + twoDigits(d%time.Hour/time.Minute) + "m"
	case d >= time.Minute:
		return whole(d, time.Minute) + "m " + twoDigits(d%time.Minute/time.Second) + "s"
	case d >= 10*time.Second:
		return whole(d, time.Second) + "s"
	case d >= time.Second:
		tenths := int64(d / (100 * time.Millisecond))
		return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + "s"
	case d >= time.Millisecond:
		return whole(d, time.Millisecond) + "ms"
	case d >= time.Microsecond:
		return whole(d, time.Microsecond) + "µs"
	}
	return whole(d, time.Nanosecond) + "ns"
}

func twoDigits(n time.Duration) string {
	if n < 10 {
		return "0" + strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatInt(int64(n), 10)
}

// shortID is how many digits of an id people use, as docker ps shows it.
const shortID = 12

// ShortID is the first twelve hexadecimal digits of a container's or image's id, without "sha256:". What is not such an
// id (a name) is returned whole.
func ShortID(id string) string {
	digits := strings.TrimPrefix(id, "sha256:")
	if len(digits) <= shortID || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return id
	}
	return digits[:shortID]
}
