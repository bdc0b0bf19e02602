#!/bin/sh
# csb43 1.1.0 (Python 3.11): an OFX file made from a Norma 43 statement misleads who imports it.
#
# Norma 43 (AEB 43) is how Spanish banks export statements; the library converts it to OFX.
# 1. LEDGERBAL holds the final balance, dated with the statement's first day. Whoever compares
#    balances of two files by date compares wrong ones.
# 2. FITID, the bank's id of a booking, by which importers know what they have, is the place of the
#    booking within its day in this file. Two exports that meet on one day give one id to two
#    different bookings: the first loses the second, or takes a known one as new.
# 3. TRNTYPE comes from the kind of operation alone, so money going out may be a CREDIT.
#
# Seen: balance 105 as of 20260130 for a statement that ends on 20260131; id ...20260131-0 for -5
# (SHOP) in one file and for -2.5 (LATE) in the next; CREDIT beside -5.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check csb43==1.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import re

from csb43.aeb43 import read_batch
from csb43.ofx.converter import convert_from_aeb43

ACCOUNT = "0001" + "0002" + "0000000003"


def statement(first, last, opening, closing, lines):
    """Records of 80 characters: account, a line each, totals, end of file."""
    rows = ["11" + ACCOUNT + first + last + f"2{opening:014d}9783" + "EXAMPLE".ljust(29)]
    for day, amount, reference in lines:
        mark = "2" if amount > 0 else "1"
        kind = "22    0002" + day + day + "02" + "000" + mark
        rows.append(kind + f"{abs(amount):014d}" + "0" * 22 + reference.ljust(16))
    out = [amount for _, amount, _ in lines if amount < 0]
    came = [amount for _, amount, _ in lines if amount > 0]
    totals = f"{len(out):05d}{-sum(out):014d}{len(came):05d}{sum(came):014d}"
    rows.append("33" + ACCOUNT + totals + f"2{closing:014d}978    ")
    rows.append("88" + "9" * 18 + f"{len(rows):06d}" + " " * 54)
    assert {len(row) for row in rows} == {80}
    return "\n".join(rows).encode() + b"\n"


def read(*parts):
    ofx = str(convert_from_aeb43(read_batch(io.BytesIO(statement(*parts)))))
    balance = re.search("<BALAMT>(.*?)</BALAMT><DTASOF>(.*?)<", ofx).groups()
    fields = "<TRNTYPE>(.*?)<.*?<TRNAMT>(.*?)<.*?<FITID>(.*?)<.*?<REFNUM>(.*?)<"
    return balance, re.findall(fields, ofx)


january = [("260130", 1000, "RENT"), ("260131", -500, "SHOP")]
balance, entries = read("260130", "260131", 10000, 10500, january)
_, later = read("260131", "260131", 11000, 10250, [("260131", -250, "LATE"), january[1]])
print("balance:", balance, *entries, "the next file:", *later, sep="\n  ")
assert balance == ("105", "20260130"), balance
assert entries[1][:2] == ("CREDIT", "-5")
assert entries[1][2] == later[0][2] and (entries[1][3], later[0][3]) == ("SHOP", "LATE")
PYTHON
