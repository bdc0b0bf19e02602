#!/bin/sh
# django-environ 0.14.0 (Python 3.11): a password or name of digits in a DSN's query changes.
#
# A PostgreSQL URI may carry any connection parameter in its query, the password too (PostgreSQL
# manual, section on connection URIs). Env.db_url_config() turns values of digits into ints, so
# password=0042 arrives as 42 and the log-in fails; application_name=007 is logged as 7.
#
# Seen: {'application_name': 7, 'password': 42}, beside the password before the @, which stays text.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check django-environ==0.14.0
"$folder/venv/bin/python" - <<'PYTHON'
from environ import Env

options = Env.db_url_config("postgresql://app@db.example/x?application_name=007&password=0042")["OPTIONS"]
before = Env.db_url_config("postgresql://app:0042@db.example/x")["PASSWORD"]
print(options, repr(before))
assert options == {"application_name": 7, "password": 42} and before == "0042"
PYTHON
