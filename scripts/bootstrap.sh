#!/bin/sh
# Make .venv with the packages of requirements-dev.lock, on the newest Python >= 3.12 of this machine,
# or on the one in PYTHON, a path or a name on PATH.
# Does nothing if .venv is up to date. An incomplete .venv of an earlier run is made again.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/.."
unset PYTHONHOME PYTHONPATH
lock=requirements-dev.lock
stamp=.venv/installed # the output of `signature`, written last

# The version and the path of the interpreter, and the lock file.
signature() {
    .venv/bin/python -I -c 'import sys; print(sys.version, sys.prefix)' && cat "$lock"
}

# Test whether a program is a suitable Python: prints "usable", or the last line of its output.
check_python() {
    "$1" -I -c '
import sys
if sys.version_info < (3, 12): sys.exit("it is Python %d.%d, older than 3.12" % sys.version_info[:2])
import venv, ensurepip
print("usable")' </dev/null 2>&1 | tail -n 1
}

# Stop, with one line, if the Python in PYTHON is not suitable.
require_python_variable() {
    program=$(command -v "$PYTHON") && [ -f "$program" ] && [ -x "$program" ] ||
        refuse "there is no such program"
    result=$(check_python "$PYTHON")
    case $result in
    usable) ;;
    "it is Python "* | *Error:*) refuse "$result" ;;
    *) refuse "it is not a working Python 3${result:+ ($result)}" ;;
    esac
}

refuse() {
    echo "bootstrap: PYTHON=$PYTHON cannot be used: $1" >&2
    exit 1
}

# The roots of pyenv: from its variables, and from the folders of its programs on PATH.
pyenv_roots() {
    printf '%s\n' "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"
    printf '%s\n' "$PATH" | tr : '\n' | while IFS= read -r folder; do
        case $folder in
        */shims) printf '%s\n' "${folder%/shims}" ;;
        */bin) if [ -x "$folder/pyenv" ]; then printf '%s\n' "${folder%/bin}"; fi ;;
        esac
    done
}

# Path prefixes of version managers; the version number of a Python follows the prefix.
collections() {
    pyenv_roots | while IFS= read -r root; do printf '%s\n' "$root/versions/"; done
    for data in "${XDG_DATA_HOME:-}" "${HOME:-}/.local/share"; do
        printf '%s\n' "$data/uv/python/cpython-"
    done
}

# Possible Pythons, the preferred ones first. Some of them may not work, so each must be tested.
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

# Prints the real interpreter, not a shim or one of a virtual environment.
find_python() {
    candidates | while IFS= read -r candidate; do
        if [ "$(check_python "$candidate")" = usable ]; then
            "$candidate" -I -c 'import sys; print(sys._base_executable)'
            break
        fi
    done
}

if [ -n "${PYTHON:-}" ]; then
    require_python_variable
fi
if signature 2>/dev/null | cmp -s - "$stamp"; then
    exit 0
fi
python=$(find_python)
if [ -z "$python" ]; then
    echo "bootstrap: found no Python >= 3.12 with venv: install one, or set PYTHON to its path" >&2
    exit 1
fi
echo "bootstrap: making .venv with $python (a few seconds)"
rm -rf .venv
"$python" -I -m venv .venv
echo "bootstrap: installing $lock (about 20 seconds, or as long as the download takes)"
if ! .venv/bin/python -I -m pip install --disable-pip-version-check --no-input \
    --only-binary :all: --require-hashes -r "$lock" >.venv/pip.log 2>&1; then
    tail -n 3 .venv/pip.log >&2
    echo "bootstrap: pip could not install $lock: check the network, and see .venv/pip.log" >&2
    exit 1
fi
signature >"$stamp"
