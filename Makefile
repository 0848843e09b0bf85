# Every target sets up what it needs; a second call finds it done.
#   make run    serve the meetings backend and the console on port 5000
#   make demo   in a second terminal: send it real requests that fail in every way
#   make test   all tests but the slow suites
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
PORT ?= 5000
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install

export PORT

.PHONY: help install run demo test test-faults test-browser check format bench docs screenshots lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-13s %s\n", $$1, $$2}'

install: $(VENV)/.dev ## create .venv with everything

# The run environment alone starts the backend; tests and linters come on top.
$(VENV)/.run: requirements/run.txt pyproject.toml meetings/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "failwell needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Choose another: make PYTHON=python3.12 ...")'
	@echo "· setting up $(VENV) (once; about half a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation -e . -e meetings
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "· adding the tools for tests and checks (once; about half a minute)"
	@$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

run: $(VENV)/.run ## serve meetings and the console; PORT=5000
	@$(BIN)/python -m meetings serve

demo: $(VENV)/.run ## in a second terminal: a few hundred requests that succeed and fail
	@$(BIN)/python -m meetings demo

test: $(VENV)/.dev ## the tests, under three minutes
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not faults and not browser"

test-faults: $(VENV)/.dev ## processes killed, disks full, stores away
	@$(BIN)/python -m pytest -q -m faults

test-browser: $(VENV)/.dev ## the console in an installed Chromium
	@$(BIN)/python -m pytest -q -m browser

check: $(VENV)/.dev ## format, lint, types, import contracts, sizes, docs
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy src meetings/src tests/typing benchmarks wsgi.py
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/interrogate --quiet src meetings/src tests meetings/tests benchmarks
	@$(BIN)/codespell src meetings tests benchmarks docs examples *.md Makefile
	@$(BIN)/python -m pytest -q tests/architecture

format: $(VENV)/.dev ## format and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

$(VENV)-peers/.done: requirements/peers.txt pyproject.toml
	@echo "· setting up $(VENV)-peers for the comparison (once)"
	@$(PYTHON) -m venv $(VENV)-peers
	@$(VENV)-peers/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --only-binary :all: -r requirements/peers.txt
	@$(VENV)-peers/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation -e .
	@touch $@

bench: $(VENV)-peers/.done ## what it costs, side by side with the peers
	@$(VENV)-peers/bin/python benchmarks/run.py

docs: $(VENV)/.dev ## check that every link and name in docs/ holds
	@$(BIN)/python -m pytest -q tests/docs

screenshots: $(VENV)/.dev ## take the pictures of the README from the running program
	@$(BIN)/python docs/screenshots.py

lock: $(VENV)/.dev ## compile requirements/*.in into locks
	@for set in run dev peers; do \
	  (cd requirements && ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	    $$set.in -o $$set.txt) || exit 1; \
	done

clean: ## remove the environments and caches, keep instance/
	@rm -rf $(VENV) $(VENV)-peers dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
