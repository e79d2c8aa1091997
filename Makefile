# `make train` and `make test` are all that a newcomer needs; both make .venv first, from constraints.txt.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# Where MNIST lies beside the checkout, it is used from there; elsewhere it is fetched into the user's cache.
ifneq ($(wildcard ../shared/data),)
export TINYDIGITS_DATA ?= $(abspath ../shared/data)
endif

.PHONY: train test lint docs results clean benchmark profile benchmark-reading benchmark-trust detector judge calibrate-reading reading-pictures

train: $(VENV)/.package
	$(BIN)/tinydigits train

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto $(ARGS)

# The documentation site in build/docs; the notebooks that changed since the last time are run.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html $(ARGS) docs build/docs

# README's table, the picture and the pages, from results/evidence.
results: $(VENV)/.package
	$(BIN)/python tools/publish_results.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github action.yml src/tinydigits/templates/workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml src/tinydigits/templates/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

# The table and picture of docs/performance.md: about twelve minutes on two cores that have nothing else to do.
benchmark: $(VENV)/.package
	$(BIN)/python benchmarks/speed.py

# The tables of docs/performance.md.
profile: $(VENV)/.package
	$(BIN)/python benchmarks/where_time_goes.py

# What docs/reading.md shows: error rates by kind of page, calibration and non-digits, and its pictures.
benchmark-reading: $(VENV)/.package
	$(BIN)/python benchmarks/reading.py $(ARGS)

benchmark-trust: $(VENV)/.package
	$(BIN)/python benchmarks/trust.py

reading-pictures: $(VENV)/.package
	$(BIN)/python tools/reading_pictures.py

# What the reader ships, in this order: each learns from, or is measured with, those before it. All go on where they
# were interrupted.
detector: $(VENV)/.package
	$(BIN)/python tools/train_detector.py

judge: $(VENV)/.package
	$(BIN)/python tools/train_judge.py

calibrate-reading: $(VENV)/.package
	$(BIN)/python tools/calibrate_reading.py

# One stamp a set of dependencies; each is made anew when the project's metadata or the pins change.
$(VENV)/.package: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train]'
	@touch $@

$(VENV)/.test: $(VENV)/.package
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/.docs: $(VENV)/.package
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@

$(VENV)/.dev: $(VENV)/.package
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
