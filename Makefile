# make demo   set up and follow the face in the demo clip (no torch)
# make test   set up and run every test
# make check  style and types      make bench  speed and memory
PYTHON ?= python3
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
VENV := .venv
DEMO_VENV := .venv-demo

.PHONY: demo test check bench clean hooks

$(DEMO_VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bauta needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bauta needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(DEMO_VENV)/ready
	$(DEMO_VENV)/bin/bauta demo --force

test: $(VENV)/ready
	$(VENV)/bin/python -m pytest

check: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright

bench: $(VENV)/ready
	$(VENV)/bin/python benchmarks/tracker_speed.py

hooks:
	ln -sf ../../.ci/pre-commit .git/hooks/pre-commit

clean:
	rm -rf $(VENV) $(DEMO_VENV) .pytest_cache .ruff_cache
