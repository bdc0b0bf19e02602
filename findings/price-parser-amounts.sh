#!/bin/sh
# price-parser 0.5.1 (Python 3.11): sums as banks write them lose digits.
#
# A Swiss sum grouped with the typographic apostrophe (U+2019, which CLDR gives for de_CH) is cut at
# the first group; with the ASCII apostrophe it is read whole. A sum of three decimals that begins
# with 0 is taken for thousands: 0,005 (five thousandths) becomes 5.
#
# Seen: 1 for 1(U+2019)234.50 beside 1234.50 for the ASCII form, and 5 for 0,005.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check price-parser==0.5.1
"$folder/venv/bin/python" - <<'PYTHON'
from price_parser import Price

read = {text: str(Price.fromstring(text).amount) for text in ("1\u2019234.50", "1\x27234.50", "0,005")}
print(ascii(read))
assert read == {"1\u2019234.50": "1", "1\x27234.50": "1234.50", "0,005": "5"}, read
PYTHON
