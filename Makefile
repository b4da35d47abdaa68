# make demo      a whole installation with an invented region, on http://localhost:8080
# make test      everything the tests need, then all tests
# The rest is for those who work on it.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo demo-reset demo-call test quick lint types bench screenshots lock schema packages clean

demo:
	@$(PYTHON) scripts/bootstrap.py requirements.lock
	@exec $(BIN)/telemed demo

demo-reset:
	@$(PYTHON) scripts/bootstrap.py requirements.lock
	@exec $(BIN)/telemed demo --reset

demo-call:
	@$(PYTHON) scripts/bootstrap.py requirements.lock
	@exec $(BIN)/telemed demo --call

test: packages
	@$(PYTHON) scripts/bootstrap.py requirements-dev.lock
	@sh scripts/test.sh

# The tests that need no browser.
quick:
	@$(PYTHON) scripts/bootstrap.py requirements-dev.lock
	@$(BIN)/python -m pytest tests/pure tests/sql tests/http tests/live -q

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

bench:
	@$(PYTHON) scripts/bootstrap.py requirements-dev.lock
	@$(BIN)/python -m tests.bench

# Every page at 360 and 1280 px into docs/pages, to be looked at.
screenshots:
	@$(BIN)/python -m scripts.screenshots

lock:
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

# The golden schema, after a new migration.
schema:
	@$(BIN)/python -m scripts.schema

packages:
	@sh scripts/packages.sh

clean:
	@rm -rf .venv .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
