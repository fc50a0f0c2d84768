# `make` prints the targets. Everything that a target makes is under .diom (DIOM_HOME).

GO            ?= go
DIOM_HOME     ?= .diom
BIN           := $(DIOM_HOME)/bin
DIOM          := $(BIN)/diom
TIME          ?= 20s
GOLANGCI      := $(BIN)/golangci-lint-v2.15.0
GOVULNCHECK   := $(BIN)/govulncheck-v1.9.0
CYCLONEDX     := $(BIN)/cyclonedx-gomod-v1.10.0
export DIOM_HOME

# Modules of their own for the validators of platforms: their dependencies stay out of the product.
NESTED := $(filter-out test/cluster,$(patsubst %/go.mod,%,$(wildcard test/*/go.mod)))
# Packages whose tests need no server.
FAST   := ./cmd/... ./functions/... ./shared/... ./test/...

.DEFAULT_GOAL := help
.PHONY: help console console-test console-test-js side-by-side run run-functions services demo-reset db-reset test test-go test-short race check format-check lint gen client schema gen-check tidy-check authz attacks negative rotate login-storm layering build release release-check diom bench bench-publish fuzz vuln cluster cluster-go \
  alerts observe nginx zones crash chaos replay ambiguous events linear poison timers servers failover overload healing mixed soak storage dr

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: console diom ## Run everything with the demo at http://127.0.0.1:8080 (DIOM_ADDR); Ctrl-C stops
	@DIOM_DEMO=$${DIOM_DEMO:-1} exec $(DIOM) dev

run-functions: console diom ## The same, every function as two processes of its own behind the gateway
	@DIOM_DEMO=$${DIOM_DEMO:-1} exec $(DIOM) dev --functions

services: diom ## Start MariaDB and Redis alone, for tests from an editor, and print their addresses
	@exec $(DIOM) dev --services

demo-reset: console diom ## Delete the private databases, then run with a fresh demo
	@$(DIOM) reset
	@DIOM_DEMO=$${DIOM_DEMO:-1} exec $(DIOM) dev

db-reset: diom ## Delete the private databases
	@$(DIOM) reset

test: console diom ## Run every test, with a private MariaDB and Redis that are started for it; then those of the console
	@$(DIOM) dev --services -- $(MAKE) --no-print-directory test-go
	@$(MAKE) --no-print-directory console-test

test-go:
	@echo "test: go test ./..."
	@$(GO) test -timeout 20m ./...
	@for module in $(NESTED); do echo "test: go test ./... in $$module"; (cd $$module && $(GO) test -timeout 20m ./...) || exit 1; done

test-short: ## Run the tests that need no server
	@$(GO) test -short ./...

race: ## Run the tests that need no server under the race detector
	@CGO_ENABLED=1 $(GO) test -race -short $(FAST)

check: format-check tidy-check lint gen-check layering race ## Format, lint, generated files, layering, race tests: what a commit must pass
	@echo "check: everything holds"

format-check:
	@files=$$(gofmt -l $(wildcard bench cmd frontend/*.go functions migrations shared template test)); if [ -n "$$files" ]; then echo "gofmt these: $$files"; exit 1; fi

tidy-check:
	@for module in . $(NESTED); do (cd $$module && $(GO) mod tidy -diff) || { echo "go mod tidy in $$module"; exit 1; }; done

lint: $(GOLANGCI) ## Run the linters of .golangci.yml
	@$(GOLANGCI) run

gen: diom ## Write the stack files, knative/base, openapi.yaml and the tables of docs/ from the functions
	@$(DIOM) gen

client: gen ## Write the client in TypeScript from openapi.yaml to client/typescript/dist (needs Node.js)
	@cd client/typescript && npm ci --no-audit --no-fund --ignore-scripts && npm run --silent generate && npm run --silent build

schema: diom ## Write migrations/schema.sql from what the migrations make
	@$(DIOM) dev --services -- $(GO) test ./test -run TestSchema -rewrite-schema

gen-check: diom
	@$(DIOM) gen --check

authz: diom ## Cross every route with every role, and with what is one's own, another's, missing and mixed
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -run TestAuthorization ./cmd/diom ./test/attacks

# make test runs both. SIZE=full sends ten times as many requests, N=number so many, SEED=n repeats a run.
attacks: diom ## Attack the product with every class of attacks, and the twin of each class that has the hole
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -timeout 1h $(ARGS) -run TestAttacks ./test/attacks

negative: diom ## Send requests that openapi.yaml forbids (20,000; SIZE=full for ten times as many)
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -timeout 1h $(ARGS) -run TestNegative ./test/attacks

rotate: diom ## Change the signing keys under load, and seal secrets anew with another data key
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -timeout 1h $(ARGS) -run 'TestRotation|TestKeysRotate' ./test/attacks ./cmd/diom

login-storm: diom ## Log in from everywhere at once
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -timeout 1h $(ARGS) -run TestLoginStorm ./test/attacks

layering: ## Check the layers and the sizes of architecture
	@$(GO) test -short ./test

build: console ## Build dist/diom: static, without paths of this machine, the same bytes each time
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w -buildid=' -o dist/diom ./cmd/diom
	@ls -l dist/diom

# What is given to others: archives with bills of materials, checksums and a signature. See docs/operations/release.md.
release: console $(CYCLONEDX) ## Make the release of this commit in dist/release (ARCHES, RELEASE_KEY=key.pem)
	@deploy/release/release.sh dist/release $(abspath $(CYCLONEDX))

release-check: console $(CYCLONEDX) ## Hold that a release is the same bytes from two clones, signed and complete (some minutes)
	@deploy/release/check.sh $(abspath $(CYCLONEDX))

# The console is built again when its sources or openapi.yaml have changed. diom embeds it.
CONSOLE_MADE := frontend/.stamp-build
CONSOLE_FROM := $(shell find frontend/src frontend/scripts -type f ! -name schema.d.ts ! -name components.d.ts 2>/dev/null) \
  frontend/index.html frontend/vite.config.ts frontend/tsconfig.json openapi.yaml

console: $(CONSOLE_MADE) ## Build the console into frontend/dist (installs Node.js from the system's packages when it is missing)

$(CONSOLE_MADE): frontend/.stamp-modules $(CONSOLE_FROM)
	@echo "console: building"
	@cd frontend && npm run --silent build > .stamp-log 2>&1 || { cat .stamp-log; exit 1; }
	@touch $@

frontend/.stamp-modules: frontend/package-lock.json frontend/package.json
	@frontend/scripts/need.sh node
	@echo "console: installing its packages (some minutes, once)"
	@cd frontend && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

console-test: console diom ## Test the console: types, units, sizes, and journeys in Chromium on the whole product
	@frontend/scripts/need.sh node chromium
	@cd frontend && npm run --silent check && npm run --silent unit && npm run --silent budgets
	@cd frontend && DIOM=$(abspath $(DIOM)) npm run --silent e2e -- $(ARGS)

diom:
	@mkdir -p $(BIN)
	@$(GO) build -buildvcs=false -o $(DIOM) ./cmd/diom

bench: diom ## Measure the goals of docs/performance.md (some ten minutes; GOALS, TIME, PEERS, BINLOG=1; ARGS=-h prints the options)
	@exec $(DIOM) dev --services $(if $(BINLOG),--binlog) -- $(GO) run ./bench -diom $(DIOM) $(ARGS)

bench-publish: ## Write what the last run of bench found into docs/performance.md
	@$(GO) run ./bench -publish

# The proofs of docs/reliability.md. SIZE=full makes them long, SEED=n repeats one.
PROOF  = exec $(DIOM) dev --services -- $(GO) test -count=1 -v -timeout 24h $(ARGS) -run
FAULTS := ./test/faults
RAPID  := $(if $(filter full,$(SIZE)),-rapid.checks=20000,-rapid.checks=1000) $(if $(SEED),-rapid.seed=$(SEED))

crash: diom ## Interrupt every operation at every request that it makes, in seven ways
	@$(PROOF) '^Test(Crash|KillOnPaths|KillOneOfTwoReplicas)' $(FAULTS) -statements

chaos: diom ## Kill and pause processes under a load of events, timers and jobs
	@$(PROOF) '^TestChaos' $(FAULTS)

replay: diom ## Random processes: after every step the history replays to the state
	@$(PROOF) '^TestRandom' ./shared/engine $(RAPID)

ambiguous: diom ## Cut the replies to COMMIT
	@$(PROOF) '^Test(CommitRepliesCut|Cut|ConnectionKilled)' $(FAULTS)

events: diom ## Events in triplicate, shuffled, with lost acknowledgements and poison among them
	@$(PROOF) '^TestEvents' $(FAULTS)

linear: diom ## What people are told of one task, under kills and pauses, is linearizable
	@$(PROOF) '^TestLinear' $(FAULTS)

poison: diom ## Hostile models are refused or seen, and their neighbours go on
	@$(PROOF) '^TestPoison' $(FAULTS)

timers: diom ## A year of timers in virtual time
	@$(PROOF) '^TestYear' ./shared/workflow

servers: diom ## Stop and kill MariaDB and Redis under load
	@$(PROOF) '^Test(WithoutRedis|MariaDB)' $(FAULTS)

failover: diom ## Kill the database's primary under load, promote its replica, make it read-only, and let lists be read at a replica
	@$(PROOF) 'TestFailover|TestReadOnly|TestReadReplica' $(FAULTS)

overload: diom ## Send more than is served at once, and storms of one kind of load
	@$(PROOF) 'TestOverload|TestStorms' $(FAULTS)

healing: diom ## Leave work undone in every way that a dying process can
	@$(PROOF) 'TestSelfHealing|TestStuckIsVisible' $(FAULTS)

dr: diom ## Lose the database and restore it: to any point in time, over damaged backups, from what was archived a second ago
	@$(PROOF) '^Test(PointInTime|ArchiveStreams|DamagedIncrements|DamageIsFound|DisasterRecovery|PruneKeeps)' ./shared/backup

mixed: diom ## Run an earlier version (OLD=commit) and this one at once, and migrate data of each earlier schema (needs git)
	@SIZE=full $(PROOF) 'TestMixed|TestMigrationsOnData' -tags mixed $(FAULTS)

soak: diom ## Keep the product at 70 % of what the machine does for MINUTES (30): memory and goroutines stay flat
	@$(PROOF) TestSoak -tags soak $(FAULTS)

# What the operators of machines get: deploy/.
alerts: ## Rehearse the alerts with promtool: each is silent, fires, and is over (a minute)
	@$(call need,promtool,prometheus)
	@cd deploy/prometheus && promtool check rules *.rules.yml && promtool test rules state_test.yml burn_test.yml burn_slow_test.yml

observe: diom ## Scrape the product with Prometheus, and ask it every query of the dashboards and the alerts
	@$(call need,prometheus,prometheus)
	@$(DIOM) dev --services -- $(GO) test -count=1 -v -run TestDashboards ./cmd/diom

nginx: ## Hold what Nginx serves by deploy/nginx against what the gateway serves
	@$(call need,nginx,nginx-light)
	@$(GO) test -count=1 -v -run TestNginx ./functions/gateway

zones: ## Try which zone reaches what under deploy/nftables, in network namespaces (needs root)
	@$(call need,nft,nftables)
	@DIOM_ZONES=1 $(GO) test -count=1 -v ./test/zones

# need installs a package where its program is missing.
need = PATH="$$PATH:/usr/sbin"; command -v $(1) >/dev/null || { echo "installing $(2) from the system's packages"; \
	apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2); }

# SIZE=full plays ten times as many models, with operators who act as well.
side-by-side: diom ## Play random models here and on Camunda 7 and compare (slow; needs Java, Maven, Python 3; SIZE=full for more)
	@python3 test/sidebyside/sidebyside.py --product $(DIOM) --home $(DIOM_HOME)/sidebyside $(if $(filter full,$(SIZE)),--models 1000 --operate) $(ARGS)

fuzz: ## Fuzz each fuzz target for TIME (20s)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' shared functions | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -h '^func Fuzz' $$package/*_test.go | sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/'); do \
	    echo "fuzz: $$target in $$package for $(TIME)"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(TIME) ./$$package || exit 1; \
	  done; \
	done

# The server is a module of its own: its dependencies stay out of the product.
S3SERVER := $(BIN)/versitygw-v1.8.0
storage: diom $(S3SERVER) ## Try backups against a real S3-compatible server, the Versity S3 Gateway (some minutes at first)
	@DIOM_S3_SERVER=$(abspath $(S3SERVER)) $(DIOM) dev --services -- $(GO) test -count=1 $(ARGS) -run 'TestBucket|TestRefused|TestStorage' ./shared/bucket ./shared/backup

$(S3SERVER): test/storage/versitygw/go.mod
	@echo "building the Versity S3 Gateway"
	@mkdir -p $(BIN) && cd test/storage/versitygw && CGO_ENABLED=0 $(GO) build -o $(abspath $@) github.com/versity/versitygw/cmd/versitygw

vuln: ## Look for known vulnerabilities in the database that DIOM_VULNDB (a directory) holds
	@if [ -z "$$DIOM_VULNDB" ]; then echo "vuln: set DIOM_VULNDB to an unpacked copy of the Go vulnerability database"; else \
	  $(MAKE) --no-print-directory $(GOVULNCHECK) && $(GOVULNCHECK) -db="file://$$(cd "$$DIOM_VULNDB" && pwd)" ./...; fi

# What listens at every address gets a network of its own, with nothing but loopback.
CLUSTER := $(BIN)/cluster
cluster: diom cluster-packages $(CLUSTER)/queue-proxy $(CLUSTER)/ko $(CLUSTER)/kube-apiserver ## Run functions on real pieces of Knative and Kubernetes (long at first; needs root)
	@cd test/cluster && $(GO) mod download && $(GO) vet ./...
	@DIOM_HOME=$(DIOM_HOME)/cluster unshare --net sh -c 'ip link set lo up && exec $(DIOM) dev --services -- $(MAKE) --no-print-directory BIN=$(abspath $(BIN)) cluster-go'

cluster-go:
	@cd test/cluster && DIOM_CLUSTER_BIN=$(abspath $(CLUSTER)) $(GO) test -count=1 -timeout 20m $(ARGS) ./...

cluster-packages:
	@[ "$$(id -u)" = 0 ] || { echo "cluster: a network and containers of its own need root: sudo make cluster"; exit 1; }
	@for program in podman runc etcd openssl ip; do command -v $$program >/dev/null || missing=1; done; [ -z "$$missing" ] || \
	  { echo "cluster: installing podman, runc and etcd from the system's packages"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends podman runc etcd-server openssl iproute2; }

$(CLUSTER)/queue-proxy: test/cluster/queue-proxy/go.mod
	@echo "building Knative's queue-proxy"
	@mkdir -p $(CLUSTER) && cd test/cluster/queue-proxy && CGO_ENABLED=0 $(GO) build -o $(abspath $@) knative.dev/serving/cmd/queue

$(CLUSTER)/kube-apiserver: test/cluster/apiserver/go.mod
	@echo "building the Kubernetes API server (some minutes, once)"
	@mkdir -p $(CLUSTER) && cd test/cluster/apiserver && CGO_ENABLED=0 $(GO) build -o $(abspath $@) k8s.io/kubernetes/cmd/kube-apiserver

$(CLUSTER)/ko:
	@echo "building ko"
	@mkdir -p $(CLUSTER) && GOBIN=$(abspath $(CLUSTER)) GOFLAGS= $(GO) install github.com/google/ko@v0.19.1

# Tools are built once and kept by version.
$(GOLANGCI):
	@echo "installing golangci-lint (some minutes, once)"
	@mkdir -p $(BIN)/tool && GOBIN=$$(cd $(BIN)/tool && pwd) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	@mv $(BIN)/tool/golangci-lint $@

$(GOVULNCHECK):
	@mkdir -p $(BIN)/tool && GOBIN=$$(cd $(BIN)/tool && pwd) GOFLAGS= $(GO) install golang.org/x/vuln/cmd/govulncheck@v1.9.0
	@mv $(BIN)/tool/govulncheck $@

$(CYCLONEDX):
	@mkdir -p $(BIN)/tool && GOBIN=$$(cd $(BIN)/tool && pwd) GOFLAGS= $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	@mv $(BIN)/tool/cyclonedx-gomod $@
