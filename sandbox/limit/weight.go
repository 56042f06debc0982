package limit

import (
	"fmt"
	"strconv"
)

// The weights of v2's cpu.weight; 100 is what a cgroup has by itself (Documentation/admin-guide/cgroup-v2.rst).
const (
	minWeight = 1
	maxWeight = 10000
)

// The shares of v1's cpu.shares (MIN_SHARES and MAX_SHARES in kernel/sched/sched.h); the kernel puts what lies outside at the nearest end
// and says nothing.
const (
	minShares = 2
	maxShares = 1 << 18
)

// ParseWeight reads a weight from 1 to 10000.
func ParseWeight(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || checkWeight(n) != nil {
		return 0, fmt.Errorf("%q is no weight: say a number from %d to %d; 100 is usual", text, minWeight, maxWeight)
	}
	return n, nil
}

func checkWeight(n uint64) error {
	if n < minWeight || n > maxWeight {
		return fmt.Errorf("the weight %d cannot be set: from %d to %d; 100 is usual", n, minWeight, maxWeight)
	}
	return nil
}

// Shares turns a weight into v1's shares as systemd does: 100 is 1024.
func Shares(weight uint64) uint64 {
	return min(max(weight*1024/100, minShares), maxShares)
}

// WeightOf turns v1's shares into the least weight that gives as many: 1024 is 100.
func WeightOf(shares uint64) uint64 {
	shares = min(max(shares, minShares), maxShares)
	return min(max((shares*100+1023)/1024, minWeight), maxWeight)
}
