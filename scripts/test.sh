#!/bin/sh
# All tests: style and types, then everything on the embedded Postgres, browsers beside the rest; then SQL and booking
# once more on Debian's 15, without the longest. Most tests wait more than they compute, so two runs beside each other
# take little longer than the longer one.
set -eu
bin=.venv/bin
echo "== style and types"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
log=$(mktemp)
beside=""
trap '[ -z "$beside" ] || kill $beside 2>/dev/null || true; rm -f "$log"' EXIT INT TERM
failed=0
echo "== everything on the embedded PostgreSQL; processes and browsers, whose output follows later"
$bin/python -m pytest tests/browser tests/live -p no:cacheprovider >"$log" 2>&1 &
beside=$!
$bin/python -m pytest tests/pure tests/sql tests/http || failed=1
echo "== SQL and booking on Debian's PostgreSQL 15"
TELEMED_TEST_POSTGRES=debian $bin/python -m pytest -q tests/sql tests/http/test_scheduling.py tests/http/test_replays.py \
    -k "not storm and not stateful and not slots_model and not oracle and not thousand" || failed=1
echo "== processes and browsers"
wait $beside || failed=1
beside=""
cat "$log"
exit $failed
