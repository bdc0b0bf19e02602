#!/bin/sh
# mt-940 5.1.1 (Python 3.12): an entry booked in January for a value in November is a year early.
#
# Field 61 of an MT940 statement has a value date with its year and an entry date of month and day
# alone. Whoever reads it must take the year in which the two lie near each other. The library takes
# the value date's year unless the two are then 330 days or more apart. A correction booked on
# 15 January 2026 for a value of 25 November 2025 is booked on 2025-01-15, 314 days before its
# value, though 2026-01-15 is 51 days behind it. Reports by booking date lose it.
#
# Seen: entry date 2025-01-15 for value 2025-11-25 on a statement of January 2026.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mt-940==5.1.1
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import mt940

STATEMENT = """:20:EXAMPLE
:25:12345678/0123456789
:28C:1/1
:60F:C260114EUR1000,00
:61:2511250115C100,00NTRFCORRECTION
:62F:C260115EUR1100,00
-
"""
(entry,) = mt940.parse(STATEMENT, options=mt940.Options.all())
value, booked = entry.data["date"], entry.data["entry_date"]
print("value:", value, "entry:", booked, "days apart:", abs((booked - value).days))
assert (value, booked) == (date(2025, 11, 25), date(2025, 1, 15)), (value, booked)
PYTHON
