# Desa Sadar: `make run` shows it, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := libs/common libs/embedded libs/demo services/registry services/eligibility services/notifications
EDITABLE := $(foreach package,$(PACKAGES),-e ./$(package))

.PHONY: help run reconcile areas test simulate test-long test-faults test-breaks check format lint types imports bench contracts contracts-release token clean-data clean lock setup advance licences audit env compose-test test-containers

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

# What running needs, and what developing needs: each installed once per lock file.
.venv/.runtime: requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.13"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing the packages of requirements.lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "Installing the tools of requirements-dev.lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/.dev ## install everything for developing

run: .venv/.runtime ## start Kafka, Postgres, mail and the services, and play the story
	@exec $(BIN)/python -m demo run

token: .venv/.runtime ## a demo token, such as: make token SERVICE=registry SCOPE=registry:read
	@$(BIN)/python -m demo token --service $(or $(SERVICE),registry) $(foreach scope,$(or $(SCOPE),$(or $(SERVICE),registry):read),--scope $(scope))

advance: .venv/.runtime ## move the demo's time to the next due moment, or: DAYS=30, UNTIL=2027-03-01
	@$(BIN)/python -m demo advance --days="$(DAYS)" --until="$(UNTIL)"

areas: .venv/.runtime ## a newer edition of the areas, shown before it is published: FILE=folder CHANGES=csv YES=1
	@$(BIN)/python -m demo areas --file "$(or $(FILE),$(error FILE=folder is missing: docs/runbook.md, A newer edition of the areas))" $(if $(CHANGES),--changes $(CHANGES)) $(if $(YES),--yes)

reconcile: .venv/.runtime ## compare what the demo has recorded, published and had its effect
	@$(BIN)/python -m demo reconcile

clean-data: .venv/.runtime ## forget what the demo has stored
	@$(BIN)/python -m demo clean-data

test: .venv/.dev ## every test, on a real Kafka and a real Postgres
	@$(BIN)/python -m pytest tests -n 2 --dist loadfile -m "not faults and not long and not compose"
	@$(BIN)/python -m pytest tests -m "faults and not long and not compose"

test-long: .venv/.dev ## the long ones: 20 rounds of kill -9 of the embedded parts, in all orders
	@$(BIN)/python -m pytest tests -m long --ignore=tests/faults/test_long_storm.py

test-faults: .venv/.dev ## half an hour of weather: STORM_MINUTES, STORM_SEED, STORM_LOG
	@mkdir -p var
	@STORM_LOG=$${STORM_LOG:-$(CURDIR)/var/storm.log} $(BIN)/python -m pytest tests/faults/test_long_storm.py

simulate: .venv/.dev ## the whole road in virtual time under seeds of faults: SEEDS=10000, or SEED=52 again
	@SIMULATION_SEEDS=$(SEEDS) SIMULATION_SEED=$(SEED) $(BIN)/python -m pytest -s \
	  tests/simulation/test_simulation.py tests/simulation/test_simulation_odd.py

test-breaks: .venv/.dev ## break the code in one place after the other: is each caught? ONLY="07 12"
	@PYTHONPATH=tests $(BIN)/python -m support.breaks $(ONLY)

check: lint types imports ## static checks, unit and contract tests; before each commit
	@SIMULATION_SEEDS=40 $(BIN)/python -m pytest tests -m "not stack and not faults and not long and not compose" -q

lint: .venv/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: .venv/.dev
	@$(BIN)/mypy

imports: .venv/.dev
	@$(BIN)/lint-imports --no-cache | tail -n 20

format: .venv/.dev ## format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.dev ## the figures, each beside its bare loop in the same run
	@$(BIN)/python benchmarks/run.py

contracts: .venv/.dev ## write contracts/ anew from the code
	@$(BIN)/python -m contracts.generator

contracts-release: .venv/.dev ## keep today's contracts as the released ones: VERSION=0.2.0
	@$(BIN)/python -m contracts.generator release $(VERSION)

lock: .venv/.dev ## resolve the requirements anew, hashed and without host names
	@for name in requirements-services requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	    --no-emit-index-url --no-emit-find-links $$name.in -o $$name.lock; done

env: ## write .env for docker compose, with secrets made on the spot
	@$(PYTHON) deploy/make_env.py

compose-test: .venv/.dev ## docker compose for real: up, the story, kills, recovery, down
	@$(BIN)/python -m pytest tests/compose -m compose

test-containers: .venv/.dev ## the tests of outbox, inbox and services on containers of Kafka and Postgres
	@TEST_PROVIDER=containers $(BIN)/python -m pytest tests/common tests/registry tests/eligibility \
	  tests/notifications -n 2 --dist loadfile -m "stack and not faults and not long"

licences: .venv/.dev ## list the licences of all that is installed for running
	@$(BIN)/pip-licenses --python=$(BIN)/python --from=mixed --order=name --format=markdown --packages \
	  $$(sed -n 's/^\([a-zA-Z0-9._-]*\)==.*/\1/p' requirements.lock) > docs/licences.table.md

audit: .venv/.dev ## known weaknesses of what the locks name (asks the package index)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock -r requirements-dev.lock \
	  || { echo "Either a weakness is named above, or it could not be asked: then nothing is known."; exit 1; }

clean: ## remove the virtual environment and what tools have left
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
