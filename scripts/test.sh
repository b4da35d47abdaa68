#!/bin/sh
# All tests, three groups at a time, since most tests wait more than they compute; the longest first, and never two with
# calls in them, which go first where two want the machine. What a group says comes once all are done. A test that a busy
# machine made late is played once more by itself, and named. Not those of SQL: what fails there once in a hundred runs is
# a race.
set -eu
bin=.venv/bin
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'kill 0' INT TERM

group() { # its name, where its log goes, and what more pytest is told
    pytest="$bin/python -m pytest --tb=short -o cache_dir=$2/$1.cache ${3:-}"
    browser=tests/browser
    calls="$browser/test_call_*.py $browser/test_call.py $browser/test_talk*.py $browser/test_check.py
        $browser/test_firefox.py $browser/test_gateway.py $browser/test_lobby.py $browser/test_outlives.py
        $browser/test_three_people.py $browser/test_visit.py $browser/test_whole_way.py"
    case $1 in
        style) $bin/ruff check . && $bin/ruff format --check . && $bin/mypy ;;
        calls) $pytest $calls ;;
        pages) $pytest $browser $(printf -- '--ignore=%s ' $calls) ;;
        processes) $pytest tests/live ;;
        http) $pytest tests/http ;;
        sql) $pytest tests/pure tests/sql ;;
        debian) # SQL and booking once more, on Debian's PostgreSQL 15
            TELEMED_TEST_POSTGRES=debian $pytest -q tests/sql/test_schema.py tests/sql/test_scheduling_*.py \
                tests/sql/test_directory_walls.py tests/http/test_scheduling.py -k "not stateful" ;;
    esac
}

if [ $# -gt 0 ]; then
    case $1 in
        calls | processes) ;;
        *) renice -n 4 -p $$ >/dev/null ;;
    esac
    group "$1" "$2" >"$2/$1" 2>&1 || { echo "$1: failed"; touch "$2/$1.failed"; exit; }
    echo "$1: passed"
    exit
fi
groups="calls processes http pages sql style debian"
late=""
failed=0
echo $groups | xargs -n 1 | xargs -P 3 -I {} sh "$0" {} "$logs"
for one in $groups; do
    echo "== $one"
    cat "$logs/$one"
    if [ -e "$logs/$one.failed" ]; then
        case $one in
            sql | style | debian) failed=1 ;;
            *) late="$late $one" ;;
        esac
    fi
done
for one in $late; do
    echo "== $one: what failed, once more and by itself"
    group "$one" "$logs" "--last-failed --last-failed-no-failures=none -v" || failed=1
done
exit $failed
