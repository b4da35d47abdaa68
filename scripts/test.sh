#!/bin/sh
# All tests: style and types, then three runs beside each other, since most tests wait more than they compute: what needs
# neither browsers nor processes, on the embedded Postgres; browsers; processes, and then SQL and booking once more on
# Debian's 15.
set -eu
bin=.venv/bin
echo "== style and types"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
logs=$(mktemp -d)
beside=""
trap 'for run in $beside; do kill "$run" 2>/dev/null || true; done; rm -rf "$logs"' EXIT INT TERM
failed=0

processes() {
    status=0
    $bin/python -m pytest tests/live -p no:cacheprovider || status=1
    TELEMED_TEST_POSTGRES=debian $bin/python -m pytest -q tests/sql/test_schema.py tests/sql/test_scheduling_*.py \
        tests/sql/test_directory_walls.py tests/http/test_scheduling.py -p no:cacheprovider -k "not stateful" \
        || status=1
    return $status
}

$bin/python -m pytest tests/browser -p no:cacheprovider >"$logs/browsers" 2>&1 &
browsers=$!
processes >"$logs/processes" 2>&1 &
processes=$!
beside="$browsers $processes"
echo "== everything else on the embedded PostgreSQL; the output of browsers and processes follows"
$bin/python -m pytest tests/pure tests/sql tests/http || failed=1
echo "== processes; SQL and booking on Debian's PostgreSQL 15"
wait $processes || failed=1
cat "$logs/processes"
echo "== browsers"
wait $browsers || failed=1
cat "$logs/browsers"
beside=""
exit $failed
