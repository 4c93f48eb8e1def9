# Every command of the project, in one place; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# Wheels before anything that would have to be compiled. Shown are the large downloads as they come, and errors.
# Modules are compiled when they are first imported, which most never are.
PIP := $(BIN)/python -m pip install --prefer-binary --no-compile --disable-pip-version-check --progress-bar off
LARGE := sed -un -E 's/^ *(Downloading|Using cached) ([A-Za-z0-9_.]+)-[0-9][^ ]*\.whl \(([0-9.]+ [MG]B)\).*/  \2, \3/p; \
	s/^Installing collected packages.*/  unpacking .../p' >&2
# bash counts SECONDS from the start of the recipe's shell.
INSTALLED = echo "Installed in $$SECONDS s; $(VENV)/ takes $$(du -sm $(VENV) | cut -f1) MB." >&2

# FILE and DATA as they were typed, spaces, quotes and `$` and all, relative to where `make` was typed.
export DEMO_FILE := $(value FILE)
export DATA_FILE := $(value DATA)
export CALLER_DIR := $(if $(PWD),$(value PWD),$(CURDIR))

.PHONY: help demo serve shell test lint lock bench eval chaos clean

help: ## List the commands
	@echo "ocrq: OCR as a task queue"
	echo
	sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	echo
	echo "The first of these commands creates the environment in $(VENV)/; it is updated when pyproject.toml changes."

demo: ## Read examples/receipt.jpg, or FILE=any/scan.pdf, through the whole stack
	@file="$${DEMO_FILE:-$(CURDIR)/examples/receipt.jpg}"
	case "$$file" in /*) ;; *) file="$$CALLER_DIR/$$file" ;; esac
	if [ ! -f "$$file" ] || [ ! -r "$$file" ]; then
		echo "make demo: cannot read $$file; name another with FILE=path/to/scan.pdf" >&2
		exit 1
	fi
	$(MAKE) -s $(VENV)/.ready
	echo "Reading $$file: starting Redis, the API and workers for it, and stopping them afterwards." >&2
	$(BIN)/ocrq read -- "$$file"
	echo
	echo "To keep it running: make serve, then http://127.0.0.1:$${PORT:-8000}"

serve: $(VENV)/.ready ## Start the stack and leave it running on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(BIN)/ocrq up

shell: $(VENV)/.ready ## A shell in which `ocrq` is a command; exit ends it
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec "$${SHELL:-/bin/sh}"

# Two at a time, a file at a time: most live tests wait for clocks, leases and signals, and fill each other's gaps.
test: $(VENV)/.ready-dev lint ## Lint, then run every test
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.ready-dev ## Check style, types, import directions, dependencies and spelling
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/codespell

lock: ## Update what the images install: deploy/requirements-*.txt, with hashes
	@python3 -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	export UV_DEFAULT_INDEX="$$($(VENV)-lock/bin/python -m pip config get global.index-url 2>/dev/null || true)"
	[ -n "$$UV_DEFAULT_INDEX" ] || unset UV_DEFAULT_INDEX
	# For the oldest Python of a base image; with what builds the project itself.
	for image in api cpu gpu runpod; do
		printf 'hatchling\neditables\n' | $(VENV)-lock/bin/uv pip compile --quiet --upgrade pyproject.toml - \
			--extra "$$image" --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
			--generate-hashes --no-header --no-annotate --no-emit-package ocrq --output-file "deploy/requirements-$$image.txt"
	done
	rm -rf $(VENV)-lock

bench: $(VENV)/.ready-dev ## The whole stack beside RapidOCR and Tesseract, on examples/, DATA=folder or DATA=manifest.jsonl
	@data="$${DATA_FILE:-$(CURDIR)/examples}"
	case "$$data" in /*) ;; *) data="$$CALLER_DIR/$$data" ;; esac
	$(BIN)/python -m benchmarks.stack "$$data"

eval: $(VENV)/.ready-dev ## Accuracy on DATA=manifest.jsonl: documents with ground truth, the scorer beside it
	@[ -n "$$DATA_FILE" ] || { echo "make eval: name the documents with DATA=path/to/manifest.jsonl" >&2; exit 1; }
	case "$$DATA_FILE" in /*) data="$$DATA_FILE" ;; *) data="$$CALLER_DIR/$$DATA_FILE" ;; esac
	$(BIN)/python -m evaluation.run "$$data"

chaos: $(VENV)/.ready-dev ## Kill, freeze and starve each part, for long; every job must end once
	@OCRQ_CHAOS=1 $(BIN)/python -m pytest tests/live/faults tests/live/fuzz tests/live/runpod -q

clean: ## Remove the environment and every cache
	@rm -rf $(VENV) build dist .ruff_cache .mypy_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: an install that did not end leaves none, so the next run takes it up again.
$(VENV)/.ready: pyproject.toml | $(BIN)/pip
	@echo "Installing the packages that reading needs into $(VENV)/ (first run only): about 250 MB, one to two minutes ..." >&2
	$(PIP) -e '.[api,cpu,embedded]' | $(LARGE)
	$(INSTALLED)
	touch $@

$(VENV)/.ready-dev: pyproject.toml | $(BIN)/pip
	@echo "Installing the packages that the tests need into $(VENV)/ (first run only): a few minutes, most of it for torch ..." >&2
	$(PIP) -e '.[dev]' | $(LARGE)
	$(INSTALLED)
	touch $(VENV)/.ready $@

$(BIN)/pip:
	@rm -rf $(VENV)
	for python in $(PYTHON) python3.11 python3.12 python3 python3.13; do
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
		found="$$python"
		if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
			exec "$$python" -m venv $(VENV)
		elif "$$python" -m virtualenv --version >/dev/null 2>&1; then
			exec "$$python" -m virtualenv -q $(VENV)
		fi
	done
	if [ -n "$${found:-}" ]; then
		echo "make: $$found cannot create a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
	else
		echo "make: no Python 3.11 or newer; on Debian and Ubuntu: apt-get install python3 python3-venv" >&2
	fi
	exit 1
