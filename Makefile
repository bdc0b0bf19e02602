# Needs a POSIX shell and some Python >= 3.12; the rest comes with `bootstrap`.

PY := .venv/bin/python
MANAGE := $(PY) manage.py
PYTEST := $(PY) -m pytest -n 2
COVERAGE := $(if $(CI),--cov --cov-report=term)
UV := uv==0.13.8

.PHONY: help demo serve stop test coverage test-slow test-compose soak check commands bench migrate status lock clean \
	bootstrap ready

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done

demo: ready ## a bank statement cascades through a household's buckets, and is audited
	@$(MANAGE) demo

serve: ready ## the admin, in a browser
	@$(MANAGE) serve

stop: ## stop the embedded PostgreSQL server, and that of the tests
	@if [ -x $(PY) ]; then $(MANAGE) postgres stop; $(PY) -m tests.server; fi

test: bootstrap ## all tests but the slow ones; with their coverage where CI is set
	@$(PY) -m tests.progress
	@$(PYTEST) -p tests.progress -m "not slow" $(COVERAGE)

coverage: bootstrap ## the same tests with their coverage, which takes half as long again
	@$(PYTEST) -p tests.progress -m "not slow" --cov --cov-report=term

test-slow: bootstrap ## the slow tests; their short form where CI is set
	@$(PYTEST) -m slow

test-compose: bootstrap ## all tests but the slow ones, against docker-compose.yml and .env
	docker compose up --detach --wait postgres pgbouncer redis
	@set -a; . ./.env; \
	at="127.0.0.1:$${POSTGRES_PORT:-5433}/sluice"; \
	OWNER_DATABASE_URL="postgresql://owner:$$OWNER_PASSWORD@$$at" \
	DATABASE_URL="postgresql://app:$$APP_PASSWORD@$$at" $(PYTEST) -m "not slow"

check: bootstrap ## formatting, lint, types, Django's checks, missing migrations, docs/commands.md (docs/schema.md: make test)
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(MANAGE) check
	@$(PY) scripts/commands.py --check
	@DATABASE_URL= $(PY) -W error -m django makemigrations --check --dry-run --skip-checks \
		--verbosity 0 --settings config.settings # no DATABASE_URL: needs no server

commands: bootstrap ## docs/commands.md, from what the commands say with --help
	@$(PY) scripts/commands.py

soak: bootstrap ## ten thousand random histories of the ledger against a model of it
	@SOAK_EXAMPLES=10000 $(PY) -m pytest -m slow tests/budgets/test_stateful.py

bench: bootstrap ## the benchmarks
	@$(MANAGE) migrate --verbosity 0
	@$(PY) -m bench

migrate: bootstrap ## bring the database up to the newest migration
	@$(MANAGE) migrate

status: bootstrap ## which migrations the database has
	@$(MANAGE) showmigrations

lock: bootstrap ## newest versions that pyproject.toml allows, into the lock files
	@$(PY) -m pip install --quiet --disable-pip-version-check --upgrade --target var/lock $(UV)
	@lock="var/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.12 \
		--generate-hashes --custom-compile-command make\ lock pyproject.toml"; \
	eval "$$lock --output-file requirements.lock --extra server --extra redis --extra tasks" && \
	eval "$$lock --output-file requirements-dev.lock --all-extras --group dev \
		--constraint requirements.lock"

clean: stop ## remove .venv and all caches; var, with the data, stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* var/lock
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap:
	@scripts/bootstrap.sh

ready: bootstrap
	@$(MANAGE) postgres start
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed dev
