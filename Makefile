# Two commands matter: `make run` and `make test`. Both work from a clean clone on a machine with Go and make.

BIN     := bin/meterbridge
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The race detector needs a C compiler, which is not asked for.
RACE    := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)
FUZZ    ?= 30
# What is sampled or left out under the race detector, which multiplies its time or its memory: it runs plainly beside.
WHOLE   := ^(TestWalks|TestExplanationsOfTheCassettes|TestALargeAnswerStreamsInLittleMemory|TestFormatsThatAreHeldStopAtTheirBound|TestBombs|TestAnAnswerThatBreaksAnywhere|TestAStreamThatBreaksSaysSo)$$

.PHONY: run build test check unit fuzz soak servers update docs bench bench-peers bench-go clean

run: build ## build, start gateway, provider simulator and demo accounts, answer a request, keep serving
	@$(BIN) demo

build:
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/meterbridge

test: servers check fuzz unit ## everything that CI does

check: build ## format, vet, staticcheck, and our own lint of connectors and mappings
	@echo "== gofmt, vet, staticcheck"
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not formatted by gofmt:"; echo "$$out"; exit 1; }
	@go vet ./... && go -C bench vet ./...
	@go tool staticcheck ./...
	@echo "== connectors and mappings"
	@$(BIN) lint
	@$(BIN) test

unit: servers ## unit, golden and end-to-end tests
	@echo "== tests"
	@go test $(RACE) -timeout 15m ./...
	@go -C bench test ./...
	@test -z "$(RACE)" || go test -timeout 15m -run '$(WHOLE)' ./proxy

fuzz: ## every fuzz target, together for $(FUZZ) seconds
	@.ci/fuzz $(FUZZ)

soak: servers ## clients of all habits at a provider that fails, for SOAK (10m): what is held comes back to where it began
	@go test ./cmd/meterbridge -run '^TestSoak$$' -v -timeout 0 -soak.for $(or $(SOAK),10m)

servers: ## the tests talk to a real redis-server and a real PostgreSQL; install what is missing
	@.ci/servers

update: build ## write goldens and generated documents anew
	@$(BIN) test --update
	@go test ./internal/gateway ./internal/connector ./internal/mapping -update
	@go test ./cmd/meterbridge -run Documents -update

bench: build ## measure beside the peers that are there, write docs/performance.md; ONLY=P1,P4 measures some and writes nothing
	@mkdir -p bin/bench && cp $(BIN) bin/bench/meterbridge
	@go -C bench build -o ../bin/bench/bench .
	@go test -c -o bin/bench/proxy.test ./proxy
	@bin/bench/bench -write docs/performance.md $(if $(ONLY),-only $(ONLY)) $(BENCH)

bench-peers: ## the peers of make bench that are libraries: of Go, and of Node where it is installed
	@mkdir -p bin/bench/node && cp bench/node/* bin/bench/node/
	@go -C bench/peers build -o ../../bin/bench/peers .
	@! command -v npm >/dev/null || npm ci --prefix bin/bench/node --ignore-scripts --omit=dev --no-audit --no-fund

bench-go: ## the Go benchmarks beside the code, for benchstat
	@go test -run '^$$' -bench . -benchmem -count $(or $(COUNT),6) ./internal/... ./proxy

clean:
	@rm -rf bin
