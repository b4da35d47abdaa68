#!/bin/sh
# All tests: style, types, then everything on the embedded Postgres, and SQL and HTTP on Debian's 15 beside it. Most tests
# wait more than they compute, so two runs beside each other take little longer than one; browsers and processes that are
# killed have the machine to themselves.
set -eu
bin=.venv/bin
echo "== style and types"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
echo "== SQL and HTTP on Debian's PostgreSQL 15 (its output follows later), everything but browsers on the embedded one"
log=$(mktemp)
TELEMED_TEST_POSTGRES=debian $bin/python -m pytest tests/sql tests/http -q -p no:cacheprovider \
    --ignore=tests/http/test_openapi.py >"$log" 2>&1 &
debian=$!
trap 'kill $debian 2>/dev/null || true; rm -f "$log"' EXIT INT TERM
ok=0
$bin/python -m pytest tests/pure tests/sql tests/http || ok=1
wait $debian || ok=1
echo "== what Debian's PostgreSQL 15 said"
cat "$log"
[ $ok = 0 ]
echo "== processes and browsers"
$bin/python -m pytest tests/live tests/browser
