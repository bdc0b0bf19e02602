#!/bin/sh
# bankstatementparser 0.0.29 (Python 3.11): a pending entry of camt.053 looks like a booked one.
#
# ISO 20022 gives every entry a status: BOOK for booked, PDNG for expected. CamtParser.parse() lists
# both alike and has no column for the status, so whoever adds the amounts up counts money that has
# not arrived.
#
# Seen: one row each, the same columns and the same values, none of them the status.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check bankstatementparser==0.0.29
"$folder/venv/bin/python" - <<'PYTHON'
import pathlib, tempfile
from bankstatementparser import CamtParser

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-01-31T00:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><CreDtTm>2026-01-31T00:00:00</CreDtTm>
<Acct><Id><Othr><Id>EXAMPLE</Id></Othr></Id></Acct>
<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>%s</Sts>
<BookgDt><Dt>2026-01-05</Dt></BookgDt><ValDt><Dt>2026-01-05</Dt></ValDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
path = pathlib.Path(tempfile.mkdtemp()) / "example.xml"
rows = {}
for status in ("BOOK", "PDNG"):
    path.write_text(DOCUMENT % status)
    rows[status] = CamtParser(str(path)).parse().to_dict("records")
print(rows)
assert str(rows["BOOK"]) == str(rows["PDNG"]) and len(rows["BOOK"]) == 1
assert not {"PDNG", "BOOK"} & set(map(str, rows["PDNG"][0].values()))
path.unlink()
path.parent.rmdir()
PYTHON
