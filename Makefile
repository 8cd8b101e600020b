# Each target does its own set-up first: a virtual environment in .venv, the package with what the job needs, then the job.
# Set-up is done once and again when pyproject.toml changes.  Use another interpreter with `make test PYTHON3=python3.12`.

PYTHON3 ?= python3
VENV    := .venv
PYTHON  := $(VENV)/bin/python
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test blas bounds lint format bench docs wheel clean warm warm-bounds

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: $(VENV)/.installed-plot ## train on a real table of flights, compare with scikit-learn, save a plot
	$(PYTHON) examples/plot_mixed_table.py

test: warm ## compile the kernels, then run the tests, the documentation's code included
	$(PYTHON) -m pytest --numprocesses 2 $(PYTEST_ARGS)

blas: $(VENV)/.installed-test ## run the tests of networks with other kernels of BLAS than the processor's own
	for kernels in Nehalem $$(grep -qs avx2 /proc/cpuinfo && echo Haswell); do OPENBLAS_CORETYPE=$$kernels $(PYTHON) -m pytest tests/test_neighbours.py \
	  tests/generative/networks/test_matrix_product.py \
	  tests/generative/networks/test_networks.py tests/generative/fields/test_mlp_field.py || exit 1; done

bounds: export NUMBA_BOUNDSCHECK = 1
bounds: export NUMBA_CACHE_DIR = $(CURDIR)/build/bounds_cache
bounds: warm-bounds ## run the tests of the rooms that have kernels, and of files from strangers, with a check of every index
	$(PYTHON) -m pytest --numprocesses 2 tests/tree tests/explanation tests/ensemble \
	  $(addprefix tests/generative/,evaluation fields flows networks) \
	  tests/imported tests/serving tests/model_files/test_damaged_files.py $(PYTEST_ARGS)

lint: $(VENV)/.installed-test ## check style and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: $(VENV)/.installed-test ## mend style and format, write the files that repeat tables of names and parameters
	$(PYTHON) -m tests.front_door_files
	$(PYTHON) -m tests.map_of_files
	$(PYTHON) -m tests.signatures
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

warm warm-bounds: $(VENV)/.installed-test
	$(PYTHON) -m skensemble warmup

warm-bounds: export NUMBA_BOUNDSCHECK = 1
warm-bounds: export NUMBA_CACHE_DIR = $(CURDIR)/build/bounds_cache

bench: $(VENV)/.installed-bench ## compare speed, memory and quality with other libraries; write the tables of the README
	$(PYTHON) benchmarks/run.py $(BENCH_ARGS)
	$(PYTHON) benchmarks/readme.py

docs: $(VENV)/.installed-docs ## build the documentation into docs/_build/html, and open each page in Chromium if it is installed
	$(PYTHON) -m sphinx -W --keep-going -b html docs docs/_build/html
	$(PYTHON) -m tests.pages_in_browser docs/_build/html

wheel: export NUMBA_CACHE_DIR =
wheel: export NUMBA_CPU_FEATURES =
wheel: $(VENV)/.installed-test ## build a wheel with kernels compiled for every recent processor of this platform
	rm -rf build/wheel && mkdir -p build/wheel
	cp -R skensemble pyproject.toml hatch_build.py README.md LICENSE build/wheel
	find build/wheel -name __pycache__ -type d -prune -exec rm -rf {} +
	cd build/wheel && NUMBA_CPU_NAME=$$($(CURDIR)/$(PYTHON) -c "from skensemble._shipped_kernels import *; print(baseline_processor())") \
	  $(CURDIR)/$(PYTHON) -m skensemble warmup
	SKENSEMBLE_COMPILED_WHEEL=1 $(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist build/wheel

clean: ## remove the environment, what was built, and compiled kernels
	rm -rf $(VENV) docs/_build docs/generated docs/gallery docs/sg_execution_times.rst build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed-%: pyproject.toml $(VENV)/.created
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(VENV)/.created:
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "skensemble needs Python 3.10 or newer as '$(PYTHON3)'; name another one with: make PYTHON3=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON3)' cannot make virtual environments: its venv module is missing. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON3) -m venv --clear $(VENV)
	@touch $@
