#!/bin/sh
# Install the Debian packages that some tests need: in CI only, and only what is not there yet.
# On your own machine such a test is skipped, and says why.
set -eu

[ -n "${CI:-}" ] || exit 0
command -v redis-server >/dev/null && exit 0
command -v apt-get >/dev/null || {
    echo "debian-packages: no apt-get here; install redis-server by other means" >&2
    exit 0
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A package that starts its server here would only be in the way.
if ! {
    as_root apt-get update -qq &&
        as_root env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server
} >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
