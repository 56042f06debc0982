# The ways to build, run and check cutaway. `make` alone lists them.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# What a caller may narrow, as in make test PKG=./inspect/proc ARGS=-run=TestStat
PKG      ?= ./...
ARGS     ?=
# How long each fuzz target runs.
FUZZTIME ?= 5s
# Skips for a reason that does not match this expression fail the run (.ci/report.go); empty allows all.
ALLOW    ?=

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0

report = go run .ci/report.go -allow '$(ALLOW)'

.DEFAULT_GOAL := help
.PHONY: help build run test race fuzz bench lint e2e golden docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

build: ## build ./cutaway, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o cutaway .

run: build ## build and open the screen
	./cutaway

test: ## run every test, as root or as a normal user, and list what was skipped and why
	go test -json $(ARGS) $(PKG) | $(report)

race: ## the same with the race detector (needs gcc)
	CGO_ENABLED=1 go test -race -json $(ARGS) $(PKG) | $(report)

fuzz: ## fuzz every parser for FUZZTIME each (5s)
	.ci/fuzz $(FUZZTIME) $(PKG)

bench: build ## measure against the budgets, and against lsns, ps and htop (needs root)
	go test -run '^$$' -bench . -benchmem $(ARGS) $(PKG)

lint: ## go vet, staticcheck, gofumpt; golangci-lint too where it is installed
	go vet ./...
	go run $(STATICCHECK) ./...
	@files=$$(go run $(GOFUMPT) -l . .ci); if [ -n "$$files" ]; then echo "gofumpt -w" $$files; exit 1; fi
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "golangci-lint is not installed: skipped"; fi

e2e: ## the live tests on real containers of every engine (needs root and the engines)
	go test -json -count=1 -run '^TestLive' $(ARGS) $(PKG) | $(report)

golden: ## write the golden files of the screen anew; look at the difference before committing
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n1 dirname | sort -u) -update

docs: ## generate the man page and the list of keys
	go generate ./...
