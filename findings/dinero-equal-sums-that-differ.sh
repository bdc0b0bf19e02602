#!/bin/sh
# dinero 0.4.0 (Python 3.11): two sums of money that are equal, doubled, are not.
#
# A Dinero keeps the decimals it was made from and rounds what it shows and what it compares.
# 1.155 EUR shows as 1.16 and equals 1.16, but added to itself it is 2.31, where 1.16 makes 2.32.
# So a column of sums does not add up to the total under it, and == says nothing about what may
# follow. The cents to book depend on when one rounds, and nothing in the types tells.
#
# Seen: 1.155 is shown as 1.16 and equals it; the doubles are 2.31 and 2.32 and differ.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dinero==0.4.0
"$folder/venv/bin/python" - <<'PYTHON'
from dinero import Dinero
from dinero.currencies import EUR

share, shown = Dinero("1.155", EUR), Dinero("1.16", EUR)
print(share.format(), shown.format(), share == shown)
print((share + share).format(), (shown + shown).format(), share + share == shown + shown)
assert (share.format(), share == shown) == ("1.16", True)
assert (share + share).format() == "2.31" and (shown + shown).format() == "2.32"
assert share + share != shown + shown
PYTHON
