# The two that a newcomer needs: `make demo` and `make test`. Every target makes its own environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
SECONDS ?= 60

.PHONY: demo demo-cluster test check format tools interop cluster fuzz fuzz-long bench docs clean

demo: $(VENV)/.runtime ## the main job on a small real repository, no cluster
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/demo/demo.sh

demo-cluster: $(VENV)/.dev ## the story goes on in a real cluster on loopback (after `make tools`)
	@$(BIN)/python docs/demo/demo_cluster.py

test: $(VENV)/.dev ## every test that needs no program beside git
	$(BIN)/pytest -n $(JOBS) --ignore=tests/interop/live --ignore=tests/fuzz --ignore=tests/cluster

check: $(VENV)/.dev ## format, lint, types, floors, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tools: ## the real sops, age, kubeseal and gitleaks (needs Go), and an AWS for tests, once into a cache folder
	$(PYTHON) tests/tools/build.py

interop: $(VENV)/.dev ## against the real programs
	$(BIN)/pytest -n $(JOBS) tests/interop

cluster: $(VENV)/.dev ## against a real etcd and kube-apiserver; in one process, for two would start two clusters
	$(BIN)/pytest tests/cluster

fuzz: $(VENV)/.dev ## every parser, `open` and merge: they end well or with our error
	$(BIN)/pytest -n $(JOBS) tests/fuzz

fuzz-long: $(VENV)/.dev ## the same, guided by coverage, SECONDS (60) for each of some 35 targets
	$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python tests/fuzz/coverage_guided.py $(SECONDS)

bench: $(VENV)/.dev ## beside the real peers and a bare loop of the same calls, as ratios
	$(BIN)/python tests/bench/run.py

docs: $(VENV)/.dev ## write the generated reference pages
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.runtime: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "secrets-gitops needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	@touch $@
