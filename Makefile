# Everything that this project can do with itself. `make help` lists the targets.
#
# Needs git, make and Go; the rest is built from pinned Go modules or installed as Debian packages by the targets themselves.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# ---------------------------------------------------------------- what can be set from outside

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# local: a one-node cluster on this machine, made from source. current: the cluster of the kubectl context at hand, which
# CLUSTER_INFO describes: a file of KEY=value lines (make demo CLUSTER=current lists the keys).
CLUSTER      ?= local
CLUSTER_INFO ?=

# Where images belong. With CLUSTER=current it has to be a registry that the nodes pull from; the images are pushed there
# with the credentials of docker login, unless PUSH=no.
IMAGE_PREFIX ?= magicwebsitefactory.gent
PUSH         ?= yes
# Empty: each image is tagged after the content of its binary.
IMAGE_TAG ?=

# Added to every go test, such as TESTFLAGS='-run TestClaim -v'.
TESTFLAGS ?=
# What make test tests in the main module.
PACKAGES ?= ./...

# ---------------------------------------------------------------- the same build flags everywhere, or the build cache is filled twice

BIN := $(CURDIR)/bin
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false
export GOWORK := off
LDFLAGS := -s -w -X main.version=$(VERSION)

COMMANDS := manager frontend indie-site hallo
IMAGES   := manager frontend indie-site
MODULES  := $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path './bin/*' -not -path '*/testdata/*' | sort))

# Tests find the tools by these.
export HELM      := $(BIN)/helm
export KUSTOMIZE := $(BIN)/kustomize

# The modules with code of ours: hack/tools only pins programs of others.
CODE := $(filter-out ./hack/tools%,$(MODULES))

# What is linted and vetted of a module. The two programs that are other people's put together are left out: linters look at
# dependencies too, for minutes, and these have all of Kubernetes among them.
analysed = $(GO) -C "$$module" list -f '{{.Dir}}' ./... | grep -vE '/hack/localcluster/cmd/(addons|kube)$$'

# Colours on a terminal only.
ifdef MAKE_TERMOUT
bold := \033[1m
cyan := \033[36m
plain := \033[0m
endif
say = @printf '\n$(bold)==> %s$(plain)\n' "$(1)"

##@ Start here

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*##"; printf "make $(cyan)<target>$(plain)  [CLUSTER=local|current] [IMAGE_PREFIX=registry/path] [TESTFLAGS=...]\n" } \
	  /^[a-zA-Z0-9_-]+:.*##/ { printf "  $(cyan)%-16s$(plain)%s\n", $$1, $$2 } \
	  /^##@/ { printf "\n$(bold)%s$(plain)\n", substr($$0, 5) }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: build cluster-images cluster-up $(BIN)/kustomize $(BIN)/demo ## A real cluster, the factory on it, and a first site claimed: everything from nothing
	@$(BIN)/demo $(DEMO_FLAGS) run

.PHONY: test
test: check-go test-assets test-nameserver test-browser web $(BIN)/helm $(BIN)/kustomize $(BIN)/with-apiserver ## Unit, golden and API server tests of every module; race detector where there is a C compiler
	$(call say,Tests of the project)
	@$(test_env) \
	 $(BIN)/with-apiserver $(GO) test $$race -timeout 20m $(TESTFLAGS) $(PACKAGES)
	@for module in $(filter-out .,$(CODE)); do \
	   packages=$$($(GO) -C "$$module" list -f '$(if_tests)' ./...); \
	   [ -n "$$packages" ] || continue; \
	   printf '\n$(bold)==> Tests of %s$(plain)\n' "$$module"; \
	   $(GO) -C "$$module" test -timeout 20m $(TESTFLAGS) $$packages; \
	 done

# Only packages that have tests: go test would build the others too, and in hack/localcluster these are all of Kubernetes.
if_tests := {{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}

# A crash, a lost answer, an old read, another leader, a restore: at each moment there is. The programs themselves mostly wait, so they run beside it.
FAULTS_REPORT := $(BIN)/faults.jsonl

.PHONY: faults
faults: check-go test-assets ## The proof in full: whatever goes wrong at any moment, with a table of what was tried (under half an hour)
	$(call say,Fault harness)
	@rm -f $(FAULTS_REPORT)
	@$(test_env) export CGO_ENABLED=0 GOGC=400 FAULTS=full FAULTS_REPORT=$(FAULTS_REPORT) code=0; \
	 setsid sh -c '$(GO) test -count=1 -timeout 60m $(TESTFLAGS) -run ProgramsKeep ./test/whole; programs=$$?; \
	   $(GO) test -count=1 -timeout 60m $(TESTFLAGS) -run TestSearch ./controllers/domain && exit $$programs' & beside=$$!; \
	 trap 'kill -- -$$beside 2>/dev/null || true' EXIT; \
	 $(GO) test -count=1 -timeout 60m -v $(TESTFLAGS) ./test/faults || code=1; \
	 wait $$beside || code=1; trap - EXIT; \
	 $(GO) run ./test/faults/table $(FAULTS_REPORT) || code=1; exit $$code

# For how long make fuzz goes on, all targets together.
FUZZTIME ?= 10m

.PHONY: fuzz
fuzz: check-go ## Fuzz every decoder, FUZZTIME=1h altogether
	$(call say,Fuzzing)
	@GO=$(GO) hack/fuzz --time $(FUZZTIME)

.PHONY: bench
bench: check-go test-assets ## The benchmark of a thousand callbacks with receivers that hang, as a ratio
	$(call say,Benchmarks)
	@$(test_env) export CGO_ENABLED=0; \
	 $(GO) test -run '^$$' -bench AThousand -benchtime 3x -timeout 30m ./controllers/callback/servertest

# gotestsum says once more at the end what failed.
.PHONY: e2e
e2e: install test-browser $(BIN)/gotestsum $(if $(filter local,$(CLUSTER)),test-nameserver) ## The demo's way as Go tests, with assertions, on the cluster
	$(call say,End-to-end tests)
	@set -a && . $(BIN)/demo.env && set +a && \
	 $(BIN)/gotestsum --format standard-verbose --raw-command -- $(GO) test -json -tags e2e -count=1 -timeout 45m $(TESTFLAGS) ./test/e2e/...

# The pictures in the docs, of a phone and a desktop in daylight.
SCREENSHOTS := docs/screenshots

.PHONY: screenshots
screenshots: ## Make the pictures in docs/screenshots again, on the cluster
	@rm -rf $(BIN)/screenshots && install -d $(BIN)/screenshots $(SCREENSHOTS)
	@BROWSER_SHOTS=$(BIN)/screenshots $(MAKE) e2e TESTFLAGS='-run Hallobot'
	@rm -f $(SCREENSHOTS)/*.png && cp $(BIN)/screenshots/*.phone.png $(BIN)/screenshots/*.desktop.png $(SCREENSHOTS)/

.PHONY: test-cluster
test-cluster: check-go ## The local cluster's own tests, as root: it starts, is killed, is repaired, leaves no trace; a running one is lost
	$(call say,Tests of the local cluster on this machine)
	@$(GO) -C hack/localcluster test -tags cluster -count=1 -timeout 40m -v ./test/...

##@ Develop

.PHONY: generate
generate: $(BIN)/controller-gen ## Make again what is made from the code: deep copies, CRDs, roles, the reference
	$(call say,Generating from markers)
	@$(BIN)/controller-gen object applyconfiguration paths=./api/...
	@$(MAKE) manifests docs
	@gofmt -s -w api

.PHONY: docs
docs: $(BIN)/crd-ref-docs ## The reference of all fields, docs/reference.md
	@$(BIN)/crd-ref-docs --source-path=api/v1alpha1 --config=hack/tools/crd-ref-docs.yaml --renderer=markdown --output-path=docs/reference.md --log-level=WARN

.PHONY: manifests
manifests: $(BIN)/controller-gen ## Only the manifests: CRDs and roles, also in the chart
	@$(BIN)/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	@$(call role,manager,./controllers/...;./cmd/manager/...)
	@$(call role,frontend,./internal/frontend/...;./cmd/frontend/...)
	@rm -rf $(CHART_FILES) && install -d $(CHART_FILES)/{crds,rbac,policy,network}
	@cp config/crd/bases/*.yaml $(CHART_FILES)/crds/
	@cp $(filter-out %/kustomization.yaml,$(wildcard config/rbac/*.yaml)) $(CHART_FILES)/rbac/
	@cp $(filter-out %/kustomization.yaml,$(wildcard config/policy/*.yaml)) $(CHART_FILES)/policy/
	@cp config/manager/network_policies.yaml $(CHART_FILES)/network/

# A chart can read no file outside itself, so what it has in common with the kustomization is copied into it.
CHART_FILES := charts/magic-website-factory/files

role = $(BIN)/controller-gen rbac:roleName=$(1),fileName=$(1)_role.yaml paths="$(2)" output:rbac:dir=config/rbac

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## Format all Go code
	@$(foreach module,$(MODULES),cd $(CURDIR)/$(module) && $(BIN)/golangci-lint fmt --config $(CURDIR)/.golangci.yml;)

.PHONY: lint
lint: $(BIN)/golangci-lint ## Lint, and hold the walls between the rooms
	$(call say,Linting)
	@$(BIN)/golangci-lint config verify --config .golangci.yml
	@for module in $(CODE); do \
	   echo "$$module"; packages=$$($(analysed)); (cd "$$module" && $(BIN)/golangci-lint run --config $(CURDIR)/.golangci.yml $$packages); \
	 done

.PHONY: build
build: check-go web ## The four programs, static, into bin/
	$(call say,Building $(COMMANDS))
	@$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN)/ $(COMMANDS:%=./cmd/%)

# What the Indie Site's pages run in the browser. Without it the site is built all the same, and says what is missing.
WEB := internal/indiesite/web
WEB_PACKAGES := $(WEB)/node_modules/.package-lock.json

.PHONY: web
web: $(WEB)/dist/.made ## The Indie Site's scripts, with npm from pinned packages; on Debian, root gets nodejs and npm installed

$(WEB)/dist/.made: $(shell find $(WEB)/src -type f) $(WEB_PACKAGES) $(shell find hack/web -type f) | check-go
	$(call say,Bundling for the browser)
	@$(GO) -C hack/web build -ldflags '-s -w' -o $(BIN)/web .
	@$(BIN)/web $(WEB)

$(WEB_PACKAGES): $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc
	$(call say,Packages for the browser)
	@$(call need_program,npm,nodejs npm,the Indie Site pages are bundled from npm packages)
	@npm --prefix $(WEB) ci --ignore-scripts --loglevel=error
	@touch $@

# need_program PROGRAM,PACKAGES,WHY: installs Debian packages where that is possible.
define need_program
command -v $(1) >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing the Debian packages $(2)"; export DEBIAN_FRONTEND=noninteractive; \
  apt-get -o DPkg::Lock::Timeout=300 update -qq && apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends $(2) >/dev/null; \
else echo "make: $(1) is not in PATH: $(3) (as root on Debian: apt-get install $(2))" >&2; exit 1; fi
endef

.PHONY: images
images: build $(BIN)/image ## Their images, as OCI archives in bin/images
	@$(call make_images,)

.PHONY: images-push
images-push: build $(BIN)/image ## The same, and pushed to IMAGE_PREFIX with the credentials of docker login
	@$(call make_images,-push)

# The way in which the cluster gets its images.
.PHONY: cluster-images
ifeq ($(CLUSTER)-$(PUSH),current-yes)
ifeq ($(IMAGE_PREFIX),magicwebsitefactory.gent)
cluster-images:
	@echo "make: CLUSTER=current needs IMAGE_PREFIX=registry/path, where images are pushed to and the nodes pull from (or PUSH=no)" >&2; exit 1
else
cluster-images: images-push
endif
else
cluster-images: images
endif

# Every archive has its reference in a file beside it.
make_images = mkdir -p $(BIN)/images; for name in $(IMAGES); do \
	$(BIN)/image $(1) -prefix '$(IMAGE_PREFIX)' $(if $(IMAGE_TAG),-tag '$(IMAGE_TAG)') -o $(BIN)/images/$$name.tar $(BIN)/$$name | tee $(BIN)/images/$$name.ref; done

.PHONY: tools
tools: $(BIN)/controller-gen $(BIN)/crd-ref-docs $(BIN)/golangci-lint $(BIN)/gotestsum $(BIN)/helm $(BIN)/kustomize ## The pinned tools, from source, into bin/

.PHONY: clean
clean: ## Remove bin/ and npm's packages; a local cluster goes on running, make cluster-down ends it
	rm -rf $(BIN) $(WEB)/node_modules $(WEB)/dist/.made

##@ Check

.PHONY: verify
verify: verify-tidy verify-format verify-scripts verify-generate verify-config vet lint ## What must hold before a change is taken, except the tests

.PHONY: verify-tidy
verify-tidy: check-go ## go.mod and go.sum of every module say what the code needs
	$(call say,go mod tidy and verify)
	@for module in $(MODULES); do \
	   echo "$$module"; \
	   $(GO) -C "$$module" mod tidy -diff || { echo "verify-tidy: run: go -C $$module mod tidy" >&2; exit 1; }; \
	 done

.PHONY: verify-format
verify-format: check-go ## gofmt has nothing to say
	$(call say,gofmt)
	@files=$$(gofmt -s -l $$(find . -name '*.go' -not -path './bin/*')); \
	 [ -z "$$files" ] || { printf 'verify-format: run make fmt; not formatted:\n%s\n' "$$files" >&2; exit 1; }

.PHONY: verify-scripts
verify-scripts: ## Shell scripts parse
	$(call say,Shell scripts)
	@for script in .ci/run hack/fuzz $$(find hack test -name '*.sh'); do echo "$$script"; bash -n "$$script"; done

# Independent of git: what generate changes is seen from the files themselves.
generated_files = find api config docs/reference.md $(wildcard charts) -type f | LC_ALL=C sort | xargs -r sha256sum

.PHONY: verify-generate
verify-generate: $(BIN)/controller-gen ## What is generated is up to date
	@before=$$(mktemp); trap 'rm -f "$$before"' EXIT; $(generated_files) > "$$before"; \
	 $(MAKE) generate; \
	 $(generated_files) | diff "$$before" - || { echo "verify-generate: these files were out of date and are made anew now; take them into your change" >&2; exit 1; }

.PHONY: verify-config
verify-config: $(BIN)/kustomize $(BIN)/helm ## Every kustomization builds and the chart passes its own lint
	$(call say,Kustomizations and chart)
	@find config -name kustomization.yaml -printf '%h\n' | sort | while read -r dir; do \
	   if grep -q '^kind: Component' "$$dir/kustomization.yaml"; then continue; fi; \
	   echo "$$dir"; $(BIN)/kustomize build "$$dir" > /dev/null; done
	@for chart in charts/*/; do $(BIN)/helm lint --quiet --strict "$$chart"; done

.PHONY: vet
vet: check-go ## go vet in every module
	$(call say,go vet)
	@for module in $(CODE); do \
	   echo "$$module"; packages=$$($(analysed)); $(GO) -C "$$module" vet $$packages; \
	 done
	@$(GO) vet -tags e2e ./test/...

##@ Cluster

.PHONY: cluster-up
ifeq ($(CLUSTER),local)
cluster-up: $(BIN)/localcluster ## Start the local cluster, or find it running (as root; the first time builds Kubernetes)
	$(call say,Local cluster)
	@$(BIN)/localcluster up
else
cluster-up:
	@$(need_kubectl)
	@echo "CLUSTER=$(CLUSTER): using the kubectl context $$(kubectl config current-context)"
endif

.PHONY: cluster-down
ifeq ($(CLUSTER),local)
cluster-down: $(BIN)/localcluster ## Take the local cluster down and leave the machine as it was
	@$(BIN)/localcluster down
else
cluster-down:
	@echo "CLUSTER=$(CLUSTER): that cluster is yours and stays; docs/install.md says how to uninstall the factory"
endif

.PHONY: cluster-status
ifeq ($(CLUSTER),local)
cluster-status: $(BIN)/localcluster ## Say what of the local cluster runs
	@$(BIN)/localcluster status
else
cluster-status:
	@$(need_kubectl)
	@kubectl cluster-info && kubectl get nodes
endif

.PHONY: install
install: build cluster-images cluster-up $(BIN)/kustomize $(BIN)/demo ## The factory's demo overlay on the cluster, without claiming a site; writes bin/demo.env
	@$(BIN)/demo $(DEMO_FLAGS) install

DEMO_FLAGS = -cluster '$(CLUSTER)' -cluster-info '$(CLUSTER_INFO)'

need_kubectl = command -v kubectl >/dev/null || { echo "make: CLUSTER=$(CLUSTER) needs kubectl in PATH" >&2; exit 1; }
ifeq ($(filter $(CLUSTER),local current),)
$(error CLUSTER=$(CLUSTER) is not known: local or current)
endif

# ---------------------------------------------------------------- tools

# With an older Go nothing below says so as plainly.
.PHONY: check-go
check-go:
	@command -v $(GO) >/dev/null || { echo "make: '$(GO)' is not in PATH; Go $(go_needed) or newer is needed: https://go.dev/dl" >&2; exit 1; }
	@$(GO) list -m >/dev/null 2>&1 || { $(GO) list -m || true; \
	   echo "make: Go $(go_needed) or newer is needed, this is $$($(GO) version)" >&2; exit 1; }

go_needed := $(shell sed -n 's/^go //p' go.mod)

$(BIN)/controller-gen: package := sigs.k8s.io/controller-tools/cmd/controller-gen
$(BIN)/crd-ref-docs:   package := github.com/elastic/crd-ref-docs
$(BIN)/gotestsum:      package := gotest.tools/gotestsum
$(BIN)/helm:           package := helm.sh/helm/v3/cmd/helm
$(BIN)/kustomize:      package := sigs.k8s.io/kustomize/kustomize/v5
$(BIN)/golangci-lint:  package := github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Without these two, Helm takes every cluster for a Kubernetes of long ago.
helm_kubernetes = $(foreach place,pkg/chartutil pkg/lint/rules,-X helm.sh/helm/v3/$(place).k8sVersionMajor=1 -X helm.sh/helm/v3/$(place).k8sVersionMinor=$(kubernetes_minor))
kubernetes_minor = $(shell sed -n 's,^\tk8s.io/client-go v0\.\([0-9]*\)\..*,\1,p' hack/tools/go.mod)
$(BIN)/helm: stamps = -X helm.sh/helm/v3/internal/version.version=$(shell sed -n 's,^\thelm.sh/helm/v3 \(v[^ ]*\).*,\1,p' hack/tools/go.mod) $(helm_kubernetes)

$(BIN)/controller-gen $(BIN)/crd-ref-docs $(BIN)/gotestsum $(BIN)/helm $(BIN)/kustomize: hack/tools/go.mod hack/tools/go.sum | check-go
	$(call say,Building $(notdir $@))
	@$(GO) -C hack/tools build -ldflags '-s -w $(stamps)' -o $@ $(package)
	@touch $@

$(BIN)/golangci-lint: hack/tools/golangci-lint/go.mod hack/tools/golangci-lint/go.sum | check-go
	$(call say,Building golangci-lint: about four minutes the first time)
	@$(GO) -C hack/tools/golangci-lint build -ldflags '-s -w' -o $@ $(package)
	@touch $@

# make bin/helm and the like.
bin/%: $(BIN)/% ;

# The programs below are our own: go build knows best whether they changed.
.PHONY: always

$(BIN)/localcluster: always | check-go
	@$(GO) -C hack/localcluster build -ldflags '$(LDFLAGS)' -o $@ ./cmd/localcluster

$(BIN)/image: always | check-go
	@$(GO) -C hack/image build -ldflags '-s -w' -o $@ .

$(BIN)/demo: always | check-go
	@$(GO) build -ldflags '$(LDFLAGS)' -o $@ ./hack/demo

# One API server for the tests of all packages.
$(BIN)/with-apiserver: always | check-go
	@$(GO) build -ldflags '-s -w' -o $@ ./test/apiserver/with

# API server tests run against the components that the local cluster is made of, unless the caller has others.
.PHONY: test-assets
ifdef KUBEBUILDER_ASSETS
test-assets:
else
test-assets: $(BIN)/localcluster
	$(call say,Components for API server tests: Kubernetes is built the first time)
	@$(BIN)/localcluster assets
endif

# Dynamic updates are tested against a real name server, which tests start themselves.
.PHONY: test-nameserver
test-nameserver: $(BIN)/localcluster
	@$(BIN)/localcluster nameserver

# The pages are tested in a real browser. Where it can be had only by hand, the tests themselves say so.
.PHONY: test-browser
test-browser:
	@command -v chromium >/dev/null && command -v certutil >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { $(call need_program,chromium,chromium,); $(call need_program,certutil,libnss3-tools,); }

define test_env
export KUBEBUILDER_ASSETS="$${KUBEBUILDER_ASSETS:-$$($(BIN)/localcluster assets)}"; race=; \
if command -v "$$($(GO) env CC)" >/dev/null; then race=-race; export CGO_ENABLED=1; \
else echo "no C compiler here: testing without the race detector (apt-get install gcc libc6-dev)"; fi;
endef
