# One recipe for each action, the same for people and CI.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: test lint format types imports check benchmarks site

test:
	$(BIN)pytest

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

check: lint types imports test

benchmarks:
	$(PYTHON) benchmarks/reading.py

# Into site/: reference pages from the code, a strict build, then links, anchors and requests to other hosts are checked.
site:
	$(PYTHON) -m tools.docs_site
