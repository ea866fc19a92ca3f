# make demo   set up and follow the face in the demo clip
# make test   set up and run every test
# make check  style and types      make bench  speed and memory      make hooks  pre-commit
# make test-train   the tests that need torch, too (CPU build)
# make fuzz   a minute of damaged files against the readers
# make packs   the pictures that the shipped models learn from, out of the training data (BAUTA_DATA);
#              the detector composes its scenes while it trains: bauta train recipes/detector.toml
# make packs-small   those made in 3D once more, small, as one file for a borrowed machine
PYTHON ?= python3
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
BIN := .venv/bin

.PHONY: demo test test-train check bench fuzz packs packs-small hooks clean

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bauta needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: .venv/ready
	$(BIN)/bauta demo --force

test: .venv/ready-dev
	$(BIN)/python -m pytest

test-train: .venv/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train]' --extra-index-url $(TORCH_INDEX)
	$(BIN)/python -m pytest

check: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: .venv/ready
	$(BIN)/python benchmarks/tracker_speed.py

fuzz: .venv/ready-dev
	$(BIN)/python -m pytest -m fuzz

packs: .venv/ready-dev
	for set in ytf lfw masks negatives lookalikes; do $(BIN)/bauta data pack $$set -o .packs/own/$$set || exit 1; done
	$(BIN)/bauta synth .packs/profile --kind profile --count 12000 --seed 1
	$(BIN)/bauta synth .packs/rendered --kind rendered --count 25000 --seed 1

packs-small: .venv/ready-dev
	$(BIN)/bauta synth .packs/made/profile --kind profile --count 8000 --seed 1 --small
	$(BIN)/bauta synth .packs/made/rendered --kind rendered --count 7000 --seed 1 --small
	$(BIN)/bauta synth .packs/made/clips --kind clips --count 1800 --seed 1 --small
	cd .packs/made && ../../$(BIN)/python -m zipfile -c ../made.zip profile rendered clips
	ls -l .packs/made.zip

hooks:
	ln -sf ../../.ci/pre-commit .git/hooks/pre-commit

clean:
	rm -rf .venv .pytest_cache .ruff_cache
