# Needs make and Python 3.11 or newer, nothing else: what ctreview uses is installed into .venv from the locks in
# requirements/, with hashes. `make` alone lists what can be made.

PYTHON ?= python3
WORKERS ?= 2
UV := uv==0.13.9
VENV := .venv
ifeq ($(OS),Windows_NT)
  BIN := $(VENV)/Scripts
else
  BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
ENGINES := .venv-engines
ENGINES_PYTHON := $(ENGINES)/$(notdir $(BIN))/python
ENGINES_PIP := $(ENGINES_PYTHON) -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --require-hashes --no-deps
CHECK := $(BIN)/python -m tests
LOCKED := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test test-engines quick prepare lint bench lock docs guide screenshot clean

help:
	@echo "make demo    install into $(VENV) and compare the two series of sample_data/"
	@echo "make test    install and run everything: lint, types, import contracts, tests"
	@echo "make quick   lint, types and unit tests: a minute, for while you work"
	@echo "make prepare install the screen and the browser that tests draw with, or name the line that does"
	@echo "make lint    only ruff, mypy and the import contracts"
	@echo "make test-engines   test the adapters on the real packages, in an environment of their own (10 GB, mostly torch)"
	@echo "make napari-next   test the window against napari's pre-release, in an environment of its own"
	@echo "make bench   measure each stage beside its peers; writes tests/benchmarks/RESULTS.md (MODULES=\"reading …\" for some)"
	@echo "make docs    write docs/commands.md and checks.md, the keys in docs/guide.md and the picture in docs/architecture.md again"
	@echo "make guide   take the pictures of docs/guide.md again, from the window"
	@echo "make screenshot   take docs/images/report.png of the demo again"
	@echo "make lock    resolve requirements/*.txt again"
	@echo "make clean   remove $(VENV) and everything that was built"
	@echo "PYTHON=/path/to/python3.12 make demo   uses another Python"

# An interpreter that is too old is named before anything is made of it.
$(VENV)/pyvenv.cfg:
	@command -v "$(PYTHON)" > /dev/null || { echo "No '$(PYTHON)' found. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 …" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { "$(PYTHON)" -c 'import sys; print("%s is Python %d.%d; ctreview needs 3.11 or newer. Name one: make PYTHON=python3.12 …" % ((sys.executable,) + sys.version_info[:2]))' >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' || { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "Making $(VENV) …"
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what ctreview uses, as locked in requirements/ (a minute or two the first time) …"
	@$(INSTALL) -r requirements/build.txt -r requirements/run.txt
	@touch $@

$(VENV)/test.stamp: requirements/test.txt $(VENV)/run.stamp
	@echo "Installing what the tests use …"
	@$(INSTALL) -r requirements/test.txt
	@touch $@

# Editable, so that what is tested is what stands here; the wheel has tests of its own.
$(VENV)/ctreview.stamp: pyproject.toml $(VENV)/run.stamp
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: $(VENV)/ctreview.stamp
	@$(BIN)/ctreview demo --out demo-report --overwrite

lint: $(VENV)/test.stamp $(VENV)/ctreview.stamp
	@$(CHECK) lint

test: prepare
	@$(CHECK) lint pytest --workers $(WORKERS)

quick: $(VENV)/test.stamp $(VENV)/ctreview.stamp
	@$(CHECK) lint unit --workers $(WORKERS)

# What the tests need of the system: a screen and a browser, installed where that may be done, else named.
prepare: $(VENV)/test.stamp $(VENV)/ctreview.stamp
	@$(BIN)/python -m tests.system_packages

# Real packages of third parties, with weights that stand in. Not locked: torch alone is several GB.
$(ENGINES)/installed.stamp: requirements/test.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@"$(PYTHON)" -m venv $(ENGINES)
	@$(ENGINES_PIP) install --quiet -r requirements/build.txt -r requirements/test.txt
	@$(ENGINES_PIP) install --quiet "lungmask>=0.2.20" "TotalSegmentator>=2.12"
	@$(ENGINES_PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

test-engines: $(ENGINES)/installed.stamp
	@CTREVIEW_ENGINES=1 $(ENGINES_PYTHON) -m pytest -q tests/engines

# The window by napari's next version, which pyproject.toml does not admit yet: what has changed below is known before.
napari-next: prepare
	@$(BIN)/python -m tests.napari_next

bench: $(VENV)/test.stamp $(VENV)/ctreview.stamp
	@$(BIN)/python -m tests.benchmarks $(MODULES)

docs: $(VENV)/test.stamp $(VENV)/ctreview.stamp
	@$(BIN)/python -m docs.generate

guide: docs prepare
	@$(BIN)/python -m docs.guide_pictures

screenshot: demo prepare
	@$(BIN)/python -m docs.screenshot demo-report/report.html

lock: | $(VENV)/pyvenv.cfg
	@$(PIP) install --quiet "$(UV)"
	$(LOCKED) pyproject.toml --upgrade -c requirements/constraints.in --group test -o requirements/test.txt
	$(LOCKED) pyproject.toml --upgrade -c requirements/test.txt -o requirements/run.txt
	$(LOCKED) --upgrade -c requirements/test.txt --group build -o requirements/build.txt

clean:
	rm -rf $(VENV) $(ENGINES) build dist demo-report .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
