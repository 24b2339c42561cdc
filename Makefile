# One word per task; everything is made in .venv and made again only when what it is made from has changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run dev test check check-python check-web test-fast bench chaos generate locks clean chromium pgbouncer proxies redis web

BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --no-input
LAYERS := unit properties contracts protocol scenarios chaos e2e
NAME ?=

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: .venv/.installed web ## set everything up in .venv, with the command .venv/bin/seriatim

run: install ## set everything up and serve on http://localhost:8000
	$(BIN)/seriatim serve

dev: install .venv/.developing ## serve, and start again when a file changes
	@$(BIN)/python scripts/dev.py

test: check chromium pgbouncer proxies redis ## check, then test every layer
	@scripts/test $(LAYERS)

check: install .venv/.developing ## format, lint, types, imports, structure
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-python check-web

check-python:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q tests/unit/test_structure.py

check-web:
	$(BIN)/python hatch_build.py npm run check
	$(BIN)/python hatch_build.py npm test

test-fast: install .venv/.developing ## unit tests, small properties, one scenario
	$(BIN)/pytest -q --hypothesis-profile=fast tests/unit tests/properties tests/scenarios/test_migrations.py

chaos: install .venv/.developing pgbouncer ## the long chaos: every mechanism removed once, 20 kills at each hop, 100,000 messages; 1,000 histories (about 40 minutes)
	$(BIN)/pytest -q -m long tests/chaos tests/contracts
	$(BIN)/pytest -q --hypothesis-profile=search tests/properties/test_snapshot.py tests/properties/test_unread.py

bench: install ## measure, with its yardstick: make bench NAME=send
	@test -n "$(NAME)" || { echo "name one: make bench NAME=send (fanout, idle, resume, history, presence, scale, xmpp)"; exit 2; }
	$(BIN)/seriatim bench $(NAME)

generate: install ## write what is generated from the code: TypeScript types, tables of docs/
	$(BIN)/python scripts/generate.py

locks: ## choose the newest versions within pyproject.toml's ranges and write both lock files (needs uv)
	@scripts/lock

clean: ## remove all that make has made, but no data
	rm -rf .venv src/seriatim/static web/node_modules

web: .venv/.packages
	@$(BIN)/python hatch_build.py node > /dev/null || $(PIP) install -q --require-hashes --no-deps -r requirements-node.lock
	@$(BIN)/python hatch_build.py build

chromium:
	@scripts/chromium

pgbouncer:
	@scripts/pgbouncer

proxies:
	@scripts/proxies

redis:
	@scripts/redis

.venv/.packages: requirements.lock
	@scripts/venv
	$(PIP) install -q --require-hashes --no-deps --no-compile -r requirements.lock
	@touch $@

.venv/.developing: requirements-dev.lock .venv/.packages
	$(PIP) install -q --require-hashes --no-deps --no-compile -r requirements-dev.lock
	@touch $@

.venv/.installed: pyproject.toml hatch_build.py .venv/.packages | web
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@
