# Everything starts here; `make help` lists the targets. Needs Python 3.11 or 3.12 and make, nothing else.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3,11),(3,12)))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
UV_VERSION := 0.13.8

.PHONY: help demo test lint up down bench constraints clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.installed  ## from nothing to the report of a proctored (synthetic) exam
	@$(BIN)/proctor demo

test: .venv/.installed  ## every layer: unit, golden, pipeline, faults
	@$(BIN)/python -m deploy.stack prepare
	@$(BIN)/pytest

lint: .venv/.installed  ## ruff, format, mypy --strict, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

up: .venv/.installed  ## start the local stack and leave it running
	@$(BIN)/proctor up

down: .venv/.installed  ## stop the local stack
	@$(BIN)/proctor down

bench: .venv/.installed  ## measure every published figure beside its baseline
	@$(BIN)/proctor bench

constraints:  ## pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--no-header --no-annotate --upgrade --quiet -o deploy/constraints.txt

clean:  ## stop the stack; remove the environment, state, caches and reports
	@-[ ! -x $(BIN)/proctor ] || $(BIN)/proctor down
	@rm -rf .venv .state reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.installed: pyproject.toml deploy/constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11 or 3.12 found. Install one (Debian: apt-get install python3 python3-venv) \
	or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "[1/2] making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { echo "Could not make .venv: Debian keeps venv apart, apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "[2/2] installing pinned packages (2.7 GB on disk, one to five minutes)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c deploy/constraints.txt -e '.[dev]' \
		|| { echo "Installing failed: see the lines above; check the network and free disk space, then run make again." >&2; exit 1; }
	@touch $@
