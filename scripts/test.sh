#!/bin/sh
# All tests: style, types, then everything on the embedded Postgres, then SQL and HTTP once more on Debian's 15.
set -eu
bin=.venv/bin
echo "== style and types"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
echo "== SQL and HTTP on Debian's PostgreSQL 15"
TELEMED_TEST_POSTGRES=debian $bin/python -m pytest tests/sql tests/http -q
echo "== everything on the embedded PostgreSQL"
$bin/python -m pytest
