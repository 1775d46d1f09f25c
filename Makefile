# One recipe for each action, the same for people and CI.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))
ROUNDS ?= 7

.PHONY: test lint format types imports web check base notebooks site benchmarks

test:
	$(PYTHON) -m pytest -q -n auto

lint:
	$(BIN)ruff check .
	$(BIN)ruff format --check .

format:
	$(BIN)ruff check --fix .
	$(BIN)ruff format .

types:
	$(BIN)mypy

imports:
	$(BIN)lint-imports

# The web app: types, format and unit tests.
web:
	npm --prefix web run --silent check

check: lint types imports web test

# The base install in a fresh environment, without extras.
base:
	$(PYTHON) .ci/base_install.py

# The example notebooks, executed.
notebooks:
	$(PYTHON) -m pytest -q -m notebooks tests/examples

# Into site/: reference pages from the code, a strict build, then links, anchors and requests to other hosts are checked.
site:
	$(PYTHON) -m tools.docs_site

# The ratios of reading images; the other benchmarks are run by `python -m benchmarks.NAME`.
benchmarks:
	$(PYTHON) -m benchmarks.reading --rounds $(ROUNDS)
