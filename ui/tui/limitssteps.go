package tui

import (
	"slices"
	"strconv"

	"cutaway/inspect/reading"
	"cutaway/sandbox/limit"
)

// ladder is the next value above or below one, as text. "" is no value to begin from.
type ladder func(from string, up bool) string

// doubling goes through the powers of two and the values in the middle between them, from least to most and then max. Down from max
// it comes to the first that leaves room above what is used.
func doubling(least, most limit.Amount, use reading.Of[uint64], write func(limit.Amount) string, parse func(string) (limit.Amount, error)) ladder {
	return func(from string, up bool) string {
		n, err := parse(from)
		switch {
		case err != nil || n == limit.Max && !up:
			return write(step(limit.Amount(min(2*use.Value, uint64(most)/2)), true, max(least, 1), most))
		case n == limit.Max, up && n >= most:
			return write(limit.Max)
		}
		return write(step(n, up, least, most))
	}
}

// step is the next power of two, or value in the middle between two, above or below n.
func step(n limit.Amount, up bool, least, most limit.Amount) limit.Amount {
	below := least
	for v := limit.Amount(1); v <= most; v *= 2 {
		for _, at := range []limit.Amount{v, v + v/2} {
			switch {
			case at < least:
			case up && at > n:
				return min(at, most)
			case at < n:
				below = at
			}
		}
	}
	if up {
		return most
	}
	return below
}

// byteLadder steps by at least a mebibyte; below that is least.
func byteLadder(least limit.Amount, use reading.Of[uint64]) ladder {
	fine := doubling(1<<20, 1<<40, use, limit.Amount.Bytes, limit.ParseBytes)
	return func(from string, up bool) string {
		if n, err := limit.ParseBytes(from); err == nil && !up && n != limit.Max && n <= 1<<20 {
			return least.Bytes()
		}
		return fine(from, up)
	}
}

// cpuSteps are the usual parts of processors; above them it goes on by whole ones.
var cpuSteps = []float64{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2}

// cpuLadder goes up to as many processors as it may run on, and then to max.
func cpuLadder(now *looked) ladder {
	most := 1024.0
	if cpus := now.use.CPUs; cpus.OK() && cpus.Value > 0 {
		most = float64(cpus.Value)
	}
	return func(from string, up bool) string {
		n, err := limit.ParseCPUs(from)
		last := cpuSteps[len(cpuSteps)-1]
		switch {
		case err != nil || n == 0 && !up:
			return limit.FormatCPUs(min(most, last))
		case n == 0 || up && n >= most:
			return limit.FormatCPUs(0)
		case up && n >= last:
			return limit.FormatCPUs(float64(int(n) + 1))
		case up:
			return limit.FormatCPUs(cpuSteps[slices.IndexFunc(cpuSteps, func(v float64) bool { return v > n })])
		case n > last:
			return limit.FormatCPUs(max(float64(int(n)-1), last))
		}
		below := cpuSteps[0]
		for _, v := range cpuSteps {
			if v < n {
				below = v
			}
		}
		return limit.FormatCPUs(below)
	}
}

// weightSteps are the weights that + and - go through.
var weightSteps = []uint64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}

func weightLadder(from string, up bool) string {
	n, err := limit.ParseWeight(from)
	if err != nil {
		return "100"
	}
	at, exact := slices.BinarySearch(weightSteps, n)
	switch {
	case up && exact:
		at++
	case !up:
		at--
	}
	return strconv.FormatUint(weightSteps[min(max(at, 0), len(weightSteps)-1)], 10)
}
