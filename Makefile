# Two commands from a bare machine: `make demo` (served demo map) and `make test` (the whole suite).
# Everything they need is installed by tools/setup.sh; the second run finds it there and is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test coverage lint bench lock docs clean

PY := .venv/bin/python
SERVE ?= 1
PORT ?= 8000
OUT ?= products/demo
SIZE ?= default

help:        ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/  -/'

setup:       ## system packages, .venv, front-end libraries (what running needs)
	@tools/setup.sh run

setup-test:  ## the same and what the tests need (Chromium, GDAL tools)
	@tools/setup.sh test

demo: setup  ## bare machine to the served demo map; SERVE=0 stops after the products
	@$(PY) -m gisrisk.cli demo --out $(OUT) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,)

test: setup-test  ## bare machine to the whole test suite, linters included
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest $(PYTEST_ARGS)

coverage: setup-test  ## the suite with branch coverage; the report is in htmlcov/
	@$(PY) -m pytest -q --cov --cov-report=term:skip-covered --cov-report=html $(PYTEST_ARGS)

lint: setup-test  ## ruff and mypy only
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

bench: setup-test  ## one benchmark beside its peers: make bench ID=W1 [SIZE=small]
	@$(PY) -m benchmarks $(ID) --size $(SIZE)

lock:        ## renew requirements.lock from pyproject.toml (maintainers; no registry address is written)
	@$(PY) -m piptools --version >/dev/null 2>&1 || $(PY) -m pip install -q pip-tools
	@CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m piptools compile -q --all-extras --generate-hashes --allow-unsafe \
	  --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml

docs:        ## regenerate the documentation that is made from layers/ and the settings table
	@$(PY) -m gisrisk.catalog.documentation

clean:       ## remove what make made here (not the data folder of the store)
	rm -rf .venv node_modules web/static/vendor products .pytest_cache .mypy_cache .ruff_cache .hypothesis
