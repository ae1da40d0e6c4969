# Every command sets up what it needs by itself: Python 3.11+, git and make are enough.
# `make` alone lists the commands.

SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	command -v $$p && break; done)
UV ?= $(or $(shell command -v uv 2>/dev/null),.cache/uv/bin/uv)
BIN := .venv/bin
JOBS ?= auto
# Acceptance tests wait for processes most of the time: twice as many workers as cores keep the cores busy, and a
# file stays with one worker, so that its servers are started once.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
ALL := --hypothesis-profile=thorough --cov-branch --cov-report=term:skip-covered
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON := $(PYTHON)
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, every process would compile all its imports again: a
# server would be ready after 3.5 CPU seconds instead of 1.6.
export UV_COMPILE_BYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types imports docs bench reliability kernels serve clean compiled

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/.installed ## make a film from a prompt and say where it lies
	@$(BIN)/python examples/demo.py

test: .venv/.ready ## unit and integration tests; `make check` runs all of them
	$(BIN)/pytest -n $(JOBS) --dist worksteal tests/unit tests/integration
	@echo "Left to 'make check': tests/acceptance (processes, documentation, other clients) and packages/*/tests."

check: lint types imports docs .venv/.ready .cache/node/.ready ## what CI runs: lint, types, imports, docs, tests with coverage
	$(BIN)/coverage erase
	$(BIN)/pytest $(ALL) -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov=filmgate tests
	$(BIN)/pytest $(ALL) -n $(JOBS) --dist worksteal --cov=filmgate_scene --cov-append packages/filmgate-scene/tests

lint: .venv/.ready ## ruff: every rule, and the format; no dead code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/vulture

types: .venv/.ready ## mypy, strict, tests too
	$(BIN)/mypy src packages tests benchmarks reliability examples/demo.py

imports: .venv/.ready ## imports point down only
	$(BIN)/lint-imports

docs: .venv/.ready ## generated pages are up to date
	$(BIN)/python -m docs.generate --check

bench: .venv/.ready ## ratios against a reference in the same run
	$(BIN)/python -m benchmarks

SEED ?= 7
SCALE ?= 1
reliability: .venv/.ready ## every campaign at release size, written to RELIABILITY.md (SEED=…, SCALE=0.1)
	$(BIN)/python -m reliability --seed $(SEED) --scale $(SCALE)

kernels: .venv/.ready ## translate the renderer's kernels, after a change of their sources
	$(BIN)/python packages/filmgate-scene/tools/build_kernels.py

serve: .venv/.installed ## the server on http://127.0.0.1:8000
	@$(BIN)/filmgate serve

clean: ## remove what the commands above made
	rm -rf .venv .cache demo .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.cache/uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Filmgate needs Python 3.11 or newer on the PATH." >&2; exit 1; }
	@echo "Setting up (once): the package installer"
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'

# An SDK of the generation that sent JSON, for the conformance tests, apart from the one that the lock file pins.
.cache/openai-2.26/.ready: | $(filter .cache/%,$(UV))
	@$(UV) venv --quiet --clear .cache/openai-2.26
	@$(UV) pip install --quiet --python .cache/openai-2.26/bin/python openai==2.26.0
	@touch $@

# JavaScript clients for the conformance tests. The tests look the mark up as a program, so it is executable; without npm
# they are left out.
NODE_CLIENTS := tests/acceptance/conformance/clients
.cache/node/.ready: $(NODE_CLIENTS)/package-lock.json
	@! command -v npm >/dev/null || { mkdir -p .cache/node && cp $(NODE_CLIENTS)/package*.json .cache/node && \
		npm ci --prefix .cache/node --silent --ignore-scripts --no-audit --no-fund && install -m 755 /dev/null $@; }

PROJECTS := pyproject.toml $(wildcard packages/*/pyproject.toml)

.venv/.installed: $(PROJECTS) uv.lock | $(filter .cache/%,$(UV))
	@echo "Setting up (once): Filmgate and its libraries"
	@$(UV) sync --quiet --frozen --no-dev --inexact --extra all
	@touch $@

.venv/.ready: .venv/.installed .cache/openai-2.26/.ready
	@echo "Setting up (once): the test tools"
	@$(UV) sync --quiet --frozen
	@touch $@

# Our own sources, each time: 0.2 s where nothing has changed.
demo test check bench reliability serve: compiled
compiled: .venv/.installed
	@$(BIN)/python -m compileall -q src packages benchmarks reliability
