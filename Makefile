# gws-outbound: build, test and run. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8080
CHROMIUM ?= $(or $(shell command -v chromium),$(shell command -v chromium-browser),$(shell command -v google-chrome),/usr/bin/chromium)
FIREFOX ?= $(or $(shell command -v firefox-esr),$(shell command -v firefox),/usr/bin/firefox-esr)
export CHROMIUM FIREFOX

# What test-browsers runs in.
ENGINES ?= chromium chromium-pages chromium-in-place firefox firefox-pages webkit webkit-pages

# Packages whose tests run in the browser as well, or only there.
WASM_TESTS := ./internal/bayeux ./internal/bayeux/websocket ./internal/bayeux/longpolling ./internal/httpx ./internal/gws ./internal/outbound ./internal/journal ./internal/jsbridge ./wasm ./web/examples/gotest
WASM := GOOS=js GOARCH=wasm
JUDGES := cometd-9 cometd-8 cometd-3.1 faye cometd-nodejs

# What is built for the browser does without net/http and fmt; see internal/cmd/overlay. js/build.mjs has the same folder.
# Its tests do without go vet, which looks for the overlay's packages on the disk: `make lint` has vetted them.
OVERLAY := build/overlay/overlay.json
WASM_BUILD := $(WASM) go build -overlay=$(OVERLAY) -trimpath -ldflags="-s -w"

BUILT := js/dist/index.js
SOURCES := $(shell find wasm internal -name '*.go' ! -name '*_test.go' 2>/dev/null) $(shell find js/src -type f 2>/dev/null) js/build.mjs js/package-lock.json go.mod go.sum

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: deps
deps: node_modules chromium ## Install what is missing: Chromium and the npm packages

.PHONY: node_modules chromium chromium-pages chromium-in-place firefox firefox-pages webkit webkit-pages
node_modules:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or newer"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	@if ! cmp -s js/package-lock.json js/node_modules/.installed; then \
		echo "installing the npm packages"; \
		npm ci --prefix js --no-fund --no-audit --loglevel=error; \
		cp js/package-lock.json js/node_modules/.installed; \
	fi

chromium:
	@if ! test -x "$$CHROMIUM" && ! command -v "$$CHROMIUM" >/dev/null; then \
		if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
			echo "installing Chromium (some minutes)"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
		else \
			echo "Chromium is missing: install it (Debian: apt-get install chromium), or name it: make CHROMIUM=/path/to/chromium"; exit 1; \
		fi; \
	fi

chromium-in-place: chromium

chromium-pages: chromium docs

firefox-pages: firefox docs

webkit-pages: webkit docs

firefox:
	@if ! test -x "$$FIREFOX" && ! command -v "$$FIREFOX" >/dev/null; then \
		if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
			echo "installing Firefox (some minutes)"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr fonts-dejavu-core >/dev/null; \
		else \
			echo "Firefox is missing: install it (Debian: apt-get install firefox-esr), or name it: make FIREFOX=/path/to/firefox"; exit 1; \
		fi; \
	fi

webkit:
	@if ! command -v WebKitWebDriver >/dev/null || ! command -v Xvfb >/dev/null; then \
		if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
			echo "installing WebKitGTK and Xvfb (some minutes)"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends webkit2gtk-driver xvfb fonts-dejavu-core >/dev/null; \
		else \
			echo "WebKitWebDriver or Xvfb is missing: install both (Debian: apt-get install webkit2gtk-driver xvfb), or leave WebKit out: make test-browsers ENGINES=\"chromium firefox\""; exit 1; \
		fi; \
	fi

.PHONY: build
build: node_modules $(BUILT) ## Fill js/dist: the ES module, its types, the wasm

$(BUILT): $(SOURCES)
	@npm run --silent --prefix js build
	@touch $@

$(OVERLAY): $(shell find internal/cmd/overlay -name '*.go') go.mod go.sum
	@go run ./internal/cmd/overlay $(@D)

.PHONY: size
size: build ## Compare the size of js/dist with js/size.json; RECORD=1: write that
	@node js/size.mjs $(if $(RECORD),record)

.PHONY: extension
extension: build ## Fill build/extension: a sample softphone, to be loaded unpacked in Chromium
	@rm -rf build/extension
	@mkdir -p build/extension/shared build/extension/gws-outbound
	@cp -R $(filter-out %.md,$(wildcard web/extension/*)) build/extension/
	@cp web/agent.js web/dom.js web/words.js web/field-problems.js web/desktop.css web/controls.css build/extension/shared/
	@cp $(addprefix js/dist/,index.js outbound.wasm LICENSE NOTICE) build/extension/gws-outbound/
	@echo "build/extension: load it unpacked at chrome://extensions"

.PHONY: simulator
simulator: ## Fill build/simulator: the npm package gws-outbound-simulator, with programs for Linux, macOS and Windows
	@node js/simulator/build.mjs build/simulator
	@echo "build/simulator: npm pack or publish it; npx --package ./build/simulator gws-outbound-simulator runs it"

DOCS := build/docs/index.html
DOCS_SOURCES := $(wildcard web/docs/*.md js/manual/*.mjs js/manual/*.css js/manual/package-lock.json) SECURITY.md CHANGELOG.md $(wildcard js/src/*.ts)

.PHONY: docs
docs: $(DOCS) ## Make the manual's pages, in build/docs; make run serves them at /docs/

$(DOCS): $(DOCS_SOURCES)
	@if ! cmp -s js/manual/package-lock.json js/manual/node_modules/.installed; then \
		npm ci --prefix js/manual --no-fund --no-audit --loglevel=error; \
		cp js/manual/package-lock.json js/manual/node_modules/.installed; \
	fi
	@node js/manual/build.mjs

.PHONY: run
run: build chromium ## Serve the demo at 127.0.0.1:8080 (PORT=n) and complete one record; ONCE=1 ends then
	@mkdir -p build
	@go build -o build/desktop ./internal/cmd/desktop
	@exec build/desktop -addr 127.0.0.1:$(PORT) -check "node js/selfcheck.mjs" -docs "$(MAKE) --no-print-directory docs" $(if $(ONCE),-once)

.PHONY: test test-go test-wasm test-js test-browsers
test: deps build size ## Test Go natively and in Chromium, and the built package in a page of Chromium; test-browsers and interop test the rest
	@start=$$SECONDS; mkdir -p build; \
	$(MAKE) --no-print-directory test-wasm >build/test-wasm.log 2>&1 & \
	$(MAKE) --no-print-directory test-go; \
	wait $$! || { cat build/test-wasm.log; exit 1; }; cat build/test-wasm.log; \
	$(MAKE) --no-print-directory test-js; \
	echo; echo "passed in $$((SECONDS - start)) s: Go natively with -race, Go in Chromium, js/dist in a page of Chromium; make test-browsers and make interop test the rest"

# With hundreds of goroutines a check of the race detector's own fails now and then, or it ends the runtime with a SIGSEGV (a nil
# pointer of the tests' is a panic), which says nothing of the tests: the packages that it has ended run again. With RETRIES=1, as
# in CI, so do once the tests that have failed, or their packages where these came to no end: then the log has both results. The
# arguments are the name of a log, the command, and its packages.
RETRIES ?=
export RETRIES
retried = $(2) $(3) 2>&1 | tee build/$(1).log || { \
	failed=; \
	if grep -Eq '^(ThreadSanitizer: CHECK failed|SIGSEGV: )' build/$(1).log; then echo "the race detector itself failed: the tests that it ended run again"; \
	elif test -n "$$RETRIES"; then echo "== FAILED AT FIRST: what failed runs again, once"; \
		grep -Eq '^(panic|fatal error): ' build/$(1).log || failed=$$(awk '/^--- FAIL: / { print $$3 }' build/$(1).log | paste -sd '|'); \
	else exit 1; fi; \
	$(2) $${failed:+-run "^($$failed)\$$"} $$(awk '$$1 == "FAIL" && NF > 1 { print $$2 }' build/$(1).log); }

test-go: ## Go tests, natively, with the race detector
	@echo "== Go tests, natively"
	@mkdir -p build
	@$(call retried,test-go,go test -race -timeout 8m,./...)
	@$(call retried,test-model,go test -run '^TestModel',./internal/outbound) # 10,000 sequences: the race detector takes too long for as many

test-wasm: chromium build $(OVERLAY) ## Go tests in Chromium
	@echo "== Go tests in Chromium"
	@mkdir -p build
	@go build -o build/wasmbrowsertest github.com/agnivade/wasmbrowsertest
	@go build -o build/testserver ./internal/cmd/testserver
	@$(call retried,test-wasm-go,build/testserver -- env $(WASM) PATH="$(dir $(CHROMIUM)):$$PATH" \
		go test -overlay=$(OVERLAY) -vet=off -p 1 -parallel 8 -timeout 8m -exec "env -u GOOS -u GOARCH $(CURDIR)/build/wasmbrowsertest",$(WASM_TESTS))

test-js: deps build ## The built package in a page, in Chromium
	@mkdir -p build
	@go build -o build/testserver ./internal/cmd/testserver
	@build/testserver -- npm run --silent --prefix js test

test-browsers: build extension $(ENGINES) ## The same in every engine, with the demo, the manual and the packages; ENGINES="chromium-pages webkit" for some
	@mkdir -p build
	@go build -o build/testserver ./internal/cmd/testserver
	@build/testserver -- npm run --silent --prefix js test -- $(ENGINES)

.PHONY: interop interop-go interop-wasm interop-build java
interop: interop-go interop-wasm ## CometD servers that others wrote judge the client: natively, and from Chromium

interop-go: java node_modules
	@echo "== CometD servers that others wrote, natively"
	@mkdir -p build
	@$(call retried,interop-go,go -C internal/interop test -tags interop -race -parallel 6 -timeout 10m)

# Each server has a browser of its own, since cookies do not tell ports apart.
interop-wasm: interop-build
	@echo "== CometD servers that others wrote, from Chromium"
	@printf '%s\n' $(JUDGES) | PATH="$(dir $(CHROMIUM)):$$PATH" xargs -P 3 -I JUDGE bash -c ' \
		for try in first $${RETRIES:+second}; do \
			if build/testserver -- build/wasmbrowsertest build/interop/interop.wasm -test.run "^TestServers\$$/^JUDGE " \
				>build/interop/JUDGE.log 2>&1; then grep -A9 ^server build/interop/JUDGE.log; exit 0; fi; \
			cat build/interop/JUDGE.log; echo "== FAILED: JUDGE, the $$try time"; \
		done; exit 1'
	@echo "== CometD on Jetty: pages that are reloaded, slow lines, and others in the browser"
	@build/testserver -- npm run --silent --prefix js test -- chromium-interop

interop-build: java deps build $(OVERLAY)
	@mkdir -p build/interop
	@go build -o build/wasmbrowsertest github.com/agnivade/wasmbrowsertest
	@go build -o build/testserver ./internal/cmd/testserver
	@$(WASM) go test -c -overlay=$(OVERLAY) -vet=off -tags interop -o build/interop/interop.wasm ./internal/interop

java:
	@if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then \
		if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
			echo "installing Java and Maven (some minutes)"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jdk-headless maven >/dev/null; \
		else \
			echo "Java 17 or newer and Maven are missing: install them (Debian: apt-get install default-jdk-headless maven)"; exit 1; \
		fi; \
	fi

# What a failure has found is written to testdata/fuzz of its package, and is a test from then on.
FUZZTIME ?= 1m
.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (1m)
	@mkdir -p build; failed=; \
	while IFS=: read -r file target; do \
		printf '%-28s' "$$target"; \
		if go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" >build/fuzz.log 2>&1; \
		then grep '^fuzz: elapsed' build/fuzz.log | tail -1 | sed 's/^fuzz: //'; \
		else failed=1; echo FAILED; cat build/fuzz.log; fi; \
	done < <(git grep -oE --untracked '^func Fuzz\w+' -- '*_test.go' | sed 's/func //'); \
	test -z "$$failed"

# What happens to the connections, and when, follows from a seed.
SEEDS ?= 1 2 3
.PHONY: chaos
chaos: interop-build ## Break connections at random against servers that others wrote, natively and from Chromium, for each of SEEDS="1 2 3"
	@for seed in $(SEEDS); do \
		echo "== seed $$seed, natively"; \
		go -C internal/interop test -count=1 -tags interop -race -run '^TestChaos$$' -v -timeout 10m . -seed $$seed >build/interop/chaos.log 2>&1 || { cat build/interop/chaos.log; exit 1; }; \
		grep -o 'seed [0-9]*, .*' build/interop/chaos.log; \
		echo "== seed $$seed, from Chromium"; \
		PATH="$(dir $(CHROMIUM)):$$PATH" build/testserver -- build/wasmbrowsertest build/interop/interop.wasm \
			-test.run '^TestChaos$$' -test.v -test.timeout 10m -seed $$seed >build/interop/chaos.log 2>&1 || { cat build/interop/chaos.log; exit 1; }; \
		grep -o 'seed [0-9]*, .*' build/interop/chaos.log; \
		echo "== seed $$seed, a page that is reloaded"; \
		build/testserver -- node js/chaos.mjs $$seed || exit 1; \
	done

.PHONY: soak
SOAK ?= 2m
soak: java deps build $(OVERLAY) ## Complete records without pause for SOAK=2m against CometD on Jetty, and see whether anything grows
	@mkdir -p build/stats
	@$(WASM_BUILD) -tags stats -o build/stats/outbound.wasm ./wasm
	@go build -o build/testserver ./internal/cmd/testserver
	@build/testserver -- node js/soak.mjs $(SOAK)

.PHONY: bench bench-check bench-run
ROUNDS ?= 5
bench: bench-run ## Measure side by side with cometd.js and fetch, in ROUNDS=5 rounds; BENCH_LONG=1: memory after 100,000
bench-check: CHECK := check
bench-check: bench-run ## The same, and fail if a budget of js/bench/budgets.mjs is exceeded

bench-run: java deps build $(OVERLAY)
	@mkdir -p build/bench
	@$(WASM_BUILD) -o build/bench/floor.wasm ./internal/cmd/floor
	@$(WASM_BUILD) -tags stats -o build/bench/stats.wasm ./wasm
	@go build -o build/testserver ./internal/cmd/testserver
	@ROUNDS=$(ROUNDS) build/testserver -- node js/bench/run.mjs $(CHECK)

.PHONY: load load-report
SERVER ?= simulator
TRANSPORT ?= websocket
load: java ## Measure thousands of agents, and write web/scale (20 minutes); N=1000 [SERVER=cometd-9] [TRANSPORT=long-polling]: only so many, printed
	@mkdir -p build
	@go build -o build/load ./internal/cmd/load
	@build/load $(if $(N),-n $(N) -server $(SERVER) -transport $(TRANSPORT),-all)

load-report: ## Write web/scale/README.md from web/scale/results.json, without measuring
	@go run ./internal/cmd/load -report

.PHONY: lint
VET := -printf.funcs=gws-outbound/internal/fmt.Sprintf
lint: node_modules ## gofmt, go vet, staticcheck and jsguard, for both platforms; Biome and tsc
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); test -z "$$out" || { echo "gofmt would change: $$out"; exit 1; }
	@go vet $(VET) ./...
	@go tool staticcheck ./...
	@$(WASM) go vet $(VET) ./...
	@$(WASM) $$(go tool -n staticcheck) ./...
	@$(WASM) $$(go tool -n jsguard) ./...
	@npm run --silent --prefix js lint
	@go mod verify >/dev/null
	@echo "lint: clean"

.PHONY: fmt
fmt: node_modules ## Format Go, TypeScript, JavaScript and CSS
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')
	@npm run --silent --prefix js format

.PHONY: clean
clean: ## Remove what was built
	@rm -rf build js/dist
