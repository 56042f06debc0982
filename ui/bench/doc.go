// Package bench measures the whole program against its budgets: beside lsns, ps and htop, in one run, on processes that
// it makes itself. It holds benchmarks only; `make bench` runs them and prints the table that docs/performance.md keeps.
package bench
