#!/bin/sh
# Install the Debian packages that some tests need, in CI only. On other machines these tests are
# skipped with a reason.
set -eu

[ -n "${CI:-}" ] || exit 0
command -v redis-server >/dev/null && exit 0
command -v apt-get >/dev/null || {
    echo "debian-packages: apt-get is missing; install redis-server in another way" >&2
    exit 0
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# RUNLEVEL=1 keeps the package from starting its server.
if ! {
    as_root apt-get update -qq &&
        as_root env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server
} >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
