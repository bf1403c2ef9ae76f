# Each target sets up what it needs and asks nothing. `make` alone lists them.

PYTHON ?= python3
SOURCES ?=
SIZES ?= 10000

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
TORCH := $(shell sed -n '/^torch==/p' constraints.txt)

# A question may hold quotes, $, backslashes and apostrophes: it reaches the shell through the
# environment, unexpanded, and Q itself is not exported, for that would expand it.
unexport Q
export QUESTION := $(value Q)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup ask serve test check eval bench soak browser clean question store

help: ## list the targets
	@echo 'Pincite answers questions from your own documents. Try:'
	@echo '  make ask Q="How long does redness last?"'
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12 | sed 's/^/  /'
	@echo
	@echo 'PYTHON=python3.12 picks the Python (3.11 to 3.13) that a new $(VENV) is made with.'

setup: $(READY) ## make .venv and install Pincite in it (nothing to do while that is current)

# torch comes first and by itself: where pip finds a CPU build of the pinned version (2.13.0+cpu
# goes before 2.13.0) that one is taken, and what follows is content with it. Elsewhere on Linux
# pip brings a CUDA build of several GB; `make setup TORCH_INDEX=URL` names another package index
# for torch alone.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	    echo 'Pincite needs Python 3.11, 3.12 or 3.13; name one: make setup PYTHON=python3.12' >&2; \
	    exit 1; }
	@[ -x $(BIN)/pip ] || { echo 'Making $(VENV)'; $(PYTHON) -m venv $(VENV); }
	@echo 'Installing $(TORCH)'
	@$(BIN)/pip install --quiet $(TORCH) $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)')
	@echo 'Installing Pincite and its development tools'
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

ask: question setup store ## answer Q="…" from what was indexed, at first seeds/
	@$(BIN)/pincite ask -- "$$QUESTION" || [ $$? -eq 3 ]  # 3: no answer in the documents

serve: setup store ## start the HTTP service and its page on what was indexed, at first seeds/
	@$(BIN)/pincite serve

# One torch thread each. The third of three workers runs while the others wait: for two cores that is
# a tenth faster than two. Compiled code is kept whatever the environment says: each worker would
# compile all tests anew.
test: setup browser ## run the tests
	@PYTHONDONTWRITEBYTECODE= PYTHONUTF8=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal

check: setup ## lint, check the format and the types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

eval: setup ## ask the gold questions on seeds/ and compare with the run that is kept; 5: worse
	@$(BIN)/pincite index seeds --store .cache/seeds
	@$(BIN)/python -m eval --store .cache/seeds --baseline benchmarks/baselines/seeds.json

bench: $(BENCH_READY) ## time it; DATA=folder of the BEIR layout, SIZES="10000 100000", PEERS=1, FLOAT32=1
	@$(BIN)/python -m benchmarks --sizes $(SIZES) $(if $(DATA),--data '$(DATA)') \
	    $(if $(PEERS),--peers) $(if $(FLOAT32),--float32)

$(BENCH_READY): $(READY)
	@echo 'Installing what benchmarks need'
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

soak: setup browser ## run the tests that take minutes, and print each
	@PYTHONUTF8=1 $(BIN)/python -m pytest -m soak --verbose --durations=0 --durations-min=1

browser: ## see to it that there is a Chromium for the tests of the page
	@for name in chromium chromium-browser google-chrome; do \
	    command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo 'Installing chromium'; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	      apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null && exit 0; \
	fi; \
	echo 'No Chromium: install the package "chromium" for the tests of the page.' >&2

clean: ## remove caches and built files, but neither .venv nor the store
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +

question:
	@: $(if $(strip $(value Q)),,$(error Nothing to answer: make ask Q="your question"))

# Brings the store up to date with the sources it remembers, or with SOURCES="FILE FOLDER …"; where
# nothing was indexed yet, with seeds/. It never takes a user's own documents out: a store that
# cannot be used is an error.
store: setup
	@$(BIN)/pincite index $(or $(SOURCES),--at-first seeds)
