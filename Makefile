# Every target sets up what it needs (system packages, a virtual environment in .venv) and is quick when that is done.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
# Where it is set, every start of the command, and every worker of pytest, would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup check test machines demo bench docs proto format clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: .make/packages $(VENV)/.installed ## Install system packages and the virtual environment

.make/packages: lab/install-packages
	@echo '==> system packages'
	@lab/install-packages
	@mkdir -p $(@D) && touch $@

$(VENV)/.installed: pyproject.toml | .make/packages
	@echo '==> virtual environment in $(VENV)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# compat: a plain path, as an installed package has it; setuptools' own import hook would slow every start.
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --config-settings editable_mode=compat --editable '.[dev]'
	@touch $@

check: setup ## Lint, types, import contracts, structure
	@echo '==> ruff'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@echo '==> mypy'
	@$(BIN)/mypy
	@echo '==> import contracts'
	@$(BIN)/lint-imports --no-cache >$(VENV)/contracts.log || { cat $(VENV)/contracts.log; exit 1; }
	@echo '==> structure'
	@$(BIN)/pytest -q tests/tidy

test: setup ## All tests, on real containerd hosts included (root)
	@echo '==> tests that need no host, side by side'
	@$(BIN)/pytest -q --numprocesses logical --dist worksteal -m 'not lab and not machine'
	@echo '==> tests on real hosts, a lab each for two workers'
	@$(BIN)/pytest -q --numprocesses 2 --dist loadfile -m lab

.make/qemu:
	@echo '==> qemu and mmdebstrap, to make machines'
	@apt-get install --quiet --quiet --yes --no-install-recommends qemu-system-x86 mmdebstrap >/dev/null
	@mkdir -p $(@D) && touch $@

machines: setup .make/qemu ## Checks and tests on virtual machines of four releases (root, KVM, an hour or more)
	@$(BIN)/python -m lab.machines test

demo: setup ## The main job, as a story, on three real hosts that it starts itself (root)
	@$(BIN)/python -m lab.demo

.make/podman:
	@echo '==> podman, to measure against'
	@command -v podman catatonit >/dev/null || apt-get install --quiet --quiet --yes --no-install-recommends podman catatonit netavark >/dev/null
	@touch $@

bench: setup .make/podman ## Measure; results in benchmarks/results/ (root)
	@$(BIN)/python -m benchmarks

docs: setup ## Write docs/kubernetes-support.md again, from the schemas and tests/ledger
	@$(BIN)/python -m tests.ledger

proto: setup ## Generate the CRI and events client again
	@$(BIN)/python -m agent.hosts.proto

format: setup ## Format and mend what ruff can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove what the targets made here
	rm -rf $(VENV) .make .mypy_cache .ruff_cache .pytest_cache .hypothesis
