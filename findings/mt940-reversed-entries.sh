#!/bin/sh
# mt-940 5.1.1 (Python 3.11): a reversed credit in an MT940 statement is read as money in.
#
# The debit/credit mark of field 61 may be RC, the reversal of a credit, which takes money out of
# the account, or RD, the reversal of a debit, which brings it back. The library negates amounts
# marked D alone: RC 100.00 comes out as +100.00. A program that adds the amounts up misses the
# statement's own closing balance by twice the sum.
#
# Seen: amounts ['100.00', '-100.00', '100.00'] for C, D and RC, beside a closing balance that says
# the third entry is -100.00. RD comes out as it should, with a plus.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mt-940==5.1.1
"$folder/venv/bin/python" - <<'PYTHON'
import mt940

STATEMENT = """:20:EXAMPLE
:25:12345678/0123456789
:28C:1/1
:60F:C260101EUR1000,00
:61:2601020102C100,00NTRFFIRST
:61:2601030103D100,00NTRFSECOND
:61:2601040104RC100,00NTRFTHIRD
:62F:C260131EUR900,00
-
"""
read = mt940.parse(STATEMENT)
amounts = [str(entry.data["amount"].amount) for entry in read.transactions]
opening = read.data["final_opening_balance"].amount.amount
closing = read.data["final_closing_balance"].amount.amount
total = sum(entry.data["amount"].amount for entry in read.transactions)
print("amounts:", amounts, "sum:", total, "balances say:", closing - opening)
assert amounts == ["100.00", "-100.00", "100.00"], amounts
assert (total, closing - opening) == (100, -100)
PYTHON
