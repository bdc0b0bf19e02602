#!/bin/sh
# Make .venv: everything of requirements-dev.lock, on the best Python >= 3.12 of this machine, or
# on that of PYTHON, a path or a name on PATH.
# Does nothing when that is done already. Whatever an earlier run left half-finished, it makes anew.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/.."
unset PYTHONHOME PYTHONPATH
lock=requirements-dev.lock
stamp=.venv/installed # written last: what `signature` said

# The interpreter at work, where it stands, and what was to be installed.
signature() {
    .venv/bin/python -I -c 'import sys; print(sys.version, sys.prefix)' && cat "$lock"
}

# Whether a program will do: "usable", or the last thing it said, which is why not.
verdict() {
    "$1" -I -c '
import sys
if sys.version_info < (3, 12): sys.exit("it is Python %d.%d, older than 3.12" % sys.version_info[:2])
import venv, ensurepip
print("usable")' </dev/null 2>&1 | tail -n 1
}

# Stop, in one line, if somebody chose a Python that will not do.
require_chosen() {
    program=$(command -v "$PYTHON") && [ -f "$program" ] && [ -x "$program" ] ||
        refuse "there is no such program"
    found=$(verdict "$PYTHON")
    case $found in
    usable) ;;
    "it is Python "* | *Error:*) refuse "$found" ;;
    *) refuse "it is no Python 3 that runs${found:+ ($found)}" ;;
    esac
}

refuse() {
    echo "bootstrap: PYTHON=$PYTHON will not do: $1" >&2
    exit 1
}

# The roots of pyenv: as configured, and as the places of its programs on PATH tell.
pyenv_roots() {
    printf '%s\n' "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"
    printf '%s\n' "$PATH" | tr : '\n' | while IFS= read -r folder; do
        case $folder in
        */shims) printf '%s\n' "${folder%/shims}" ;;
        */bin) if [ -x "$folder/pyenv" ]; then printf '%s\n' "${folder%/bin}"; fi ;;
        esac
    done
}

# Folders in which every Python has a folder of its own.
collections() {
    pyenv_roots | while IFS= read -r root; do printf '%s\n' "$root/versions/"; done
    for data in "${XDG_DATA_HOME:-}" "${HOME:-}/.local/share"; do
        printf '%s\n' "$data/uv/python/cpython-"
    done
}

# What may be a Python, the most wanted first. They have to be run: some only look like one.
candidates() {
    printf '%s\n' ${PYTHON:+"$PYTHON"} python3.14 python3.13 python3.12 python3 python
    for version in 3.14 3.13 3.12; do
        collections | while IFS= read -r prefix; do
            printf '%s\n' "$prefix$version"*/bin/python3
        done
        printf '%s\n' /usr/local/bin/python$version /usr/bin/python$version /opt/*/bin/python$version
    done
    printf '%s\n' /opt/*/bin/python3
}

# Prints no shim and no virtual environment, but the interpreter behind it.
find_python() {
    candidates | while IFS= read -r candidate; do
        if [ "$(verdict "$candidate")" = usable ]; then
            "$candidate" -I -c 'import sys; print(sys._base_executable)'
            break
        fi
    done
}

if [ -n "${PYTHON:-}" ]; then
    require_chosen
fi
if signature 2>/dev/null | cmp -s - "$stamp"; then
    exit 0
fi
python=$(find_python)
if [ -z "$python" ]; then
    echo "bootstrap: no Python >= 3.12 with venv here: install one, or set PYTHON to its path" >&2
    exit 1
fi
echo "bootstrap: making .venv with $python (a few seconds)"
rm -rf .venv
"$python" -I -m venv .venv
echo "bootstrap: installing $lock (about 20 seconds, or as long as the download takes)"
if ! .venv/bin/python -I -m pip install --disable-pip-version-check --no-input \
    --only-binary :all: --require-hashes -r "$lock" >.venv/pip.log 2>&1; then
    tail -n 3 .venv/pip.log >&2
    echo "bootstrap: pip could not install $lock (see .venv/pip.log): is there a network?" >&2
    exit 1
fi
signature >"$stamp"
