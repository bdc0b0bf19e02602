# Needs a POSIX shell and a Python >= 3.12; `bootstrap` installs everything else.

PY := .venv/bin/python
MANAGE := $(PY) manage.py
PYTEST := $(PY) -m pytest -n 2 --dist worksteal
COVERAGE := -p tests.monitoring --cov --cov-report=term
UV := uv==0.13.8

.PHONY: help demo serve stop test test-all coverage test-slow test-compose soak check check-types \
	check-rest commands roles statements bench migrate status lock clean bootstrap ready

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done

demo: ready ## import a bank statement into a household's buckets, and audit the ledger
	@$(MANAGE) demo

serve: ready ## serve the admin for a browser
	@$(MANAGE) serve

stop: ## stop the embedded PostgreSQL server and the server of the tests
	@if [ -x $(PY) ]; then $(MANAGE) postgres stop; $(PY) -m tests.server; fi

test: bootstrap ## run all tests except the slow ones; with coverage if CI is set
	@$(PY) -m tests.progress
	@$(PYTEST) -p tests.progress -m "not slow" $(if $(CI),$(COVERAGE))

test-all: bootstrap ## run all tests with coverage, as CI does; a short form of the slow ones if CI is set
	@$(PYTEST) -p tests.progress $(COVERAGE)

coverage: bootstrap ## run all tests except the slow ones with coverage
	@$(PYTEST) -p tests.progress -m "not slow" $(COVERAGE)

test-slow: bootstrap ## run the slow tests; a short form of them if CI is set
	@$(PYTEST) -m slow

test-compose: bootstrap ## run all tests except the slow ones against docker-compose.yml and .env
	docker compose up --detach --wait postgres pgbouncer redis
	@set -a; . ./.env; \
	at="127.0.0.1:$${POSTGRES_PORT:-5433}/sluice"; \
	OWNER_DATABASE_URL="postgresql://owner:$$OWNER_PASSWORD@$$at" \
	DATABASE_URL="postgresql://app:$$APP_PASSWORD@$$at" $(PYTEST) -m "not slow"

check: bootstrap ## check format, lint, types, Django, migrations, and generated docs (docs/schema.md: make test)
	@$(MAKE) --no-print-directory --jobs=2 check-types check-rest

check-types:
	@$(PY) -m mypy

check-rest:
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(MANAGE) check
	@$(PY) scripts/commands.py --check
	@$(PY) scripts/roles.py --check
	@$(PY) scripts/statements.py --check
	@DATABASE_URL= $(PY) -W error -m django makemigrations --check --dry-run --skip-checks \
		--verbosity 0 --settings config.settings # no DATABASE_URL: needs no server

commands: bootstrap ## generate docs/commands.md from the help of the commands
	@$(PY) scripts/commands.py

roles: bootstrap ## generate docs/roles.md from the declarations of models and managers
	@$(PY) scripts/roles.py

statements: bootstrap ## generate the tables of docs/statements.md from the readers of statements
	@$(PY) scripts/statements.py

soak: bootstrap ## compare ten thousand random histories of the ledger with a model; damage statements
	@SOAK_EXAMPLES=10000 $(PY) -m pytest -m slow tests/budgets/test_stateful.py
	@SOAK_EXAMPLES=10000 $(PY) -m pytest tests/budgets/test_witness.py --timeout 3600

bench: bootstrap ## run the benchmarks
	@$(MANAGE) migrate --verbosity 0
	@$(PY) -m bench

migrate: bootstrap ## apply the migrations to the database
	@$(MANAGE) migrate

status: bootstrap ## show the migrations of the database
	@$(MANAGE) showmigrations

lock: bootstrap ## write the newest versions that pyproject.toml allows into the lock files
	@$(PY) -m pip install --quiet --disable-pip-version-check --upgrade --target var/lock $(UV)
	@lock="var/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.12 \
		--generate-hashes --custom-compile-command make\ lock pyproject.toml"; \
	eval "$$lock --output-file requirements.lock --extra server --extra redis --extra tasks" && \
	eval "$$lock --output-file requirements-dev.lock --all-extras --group dev \
		--constraint requirements.lock"

clean: stop ## remove .venv and all caches, but not the data in var
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* var/lock
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap:
	@scripts/bootstrap.sh

ready: bootstrap
	@$(MANAGE) postgres start
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed dev
