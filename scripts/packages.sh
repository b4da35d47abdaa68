#!/bin/sh
# The system packages that the tests use, from Debian, when we may install them; otherwise the one command to run.
set -eu
wanted="python3-venv chromium chromium-headless-shell firefox-esr coturn nats-server postgresql-15"
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    echo "Installing$missing"
    log=$(mktemp)
    # policy-rc.d would be cleaner, but belongs to the machine; Debian's own servers do not start in a container.
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 15 "$log"
        exit 1
    fi
    rm -f "$log"
else
    echo "The tests need a few system packages. Please run:"
    echo "    sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
