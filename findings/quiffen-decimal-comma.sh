#!/bin/sh
# quiffen 4.0.1 (Python 3.11): a QIF amount with a decimal comma is read as another sum, silently.
#
# QIF has no mark for its number format; programs outside English-speaking countries write
# T-1.234,56. quiffen removes every comma and keeps the point, so 1,234.56 units of money become
# 1.23456, and 12,50 becomes 1250. There is no warning and no option to say otherwise.
#
# Seen: ['-1.23456', '-1250'] for -1.234,56 and -12,50.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check quiffen==4.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import pathlib, tempfile
from quiffen import Qif

path = pathlib.Path(tempfile.mkdtemp()) / "example.qif"
path.write_text("!Type:Bank\nD13/01/2026\nT-1.234,56\nPOne\n^\nD14/01/2026\nT-12,50\nPTwo\n^\n")
read = Qif.parse(path, day_first=True)
[account] = read.accounts.values()
[transactions] = account.transactions.values()
amounts = [str(each.amount) for each in transactions]
print("amounts:", amounts)
assert amounts == ["-1.23456", "-1250"], amounts
path.unlink()
path.parent.rmdir()
PYTHON
