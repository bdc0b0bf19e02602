#!/bin/sh
# py-moneyed 3.0 (Python 3.11): the number of sub-units drops what is below one, without a word.
#
# Money.get_amount_in_sub_unit() is what a payment or a ledger in cents asks for. For 1.239 EUR it
# answers 123: the part of a cent is cut off, not rounded and not refused, so three such sums of a
# split 3.717 EUR come to 369 cents where the whole, converted once, has 371.
#
# Seen: 123 for 1.239 EUR, 369 for the parts and 371 for the whole.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check py-moneyed==3.0
"$folder/venv/bin/python" - <<'PYTHON'
from moneyed import Money

part = Money("1.239", "EUR")
parts, whole = 3 * part.get_amount_in_sub_unit(), (3 * part).get_amount_in_sub_unit()
print("one:", part.get_amount_in_sub_unit(), "parts:", parts, "whole:", whole)
assert (part.get_amount_in_sub_unit(), parts, whole) == (123, 369, 371)
PYTHON
