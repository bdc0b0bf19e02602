#!/bin/sh
# ofxparse 0.21 and ofxtools 0.9.5: the day of an evening booking changes, and not alike in both.
#
# OFX writes a time with its zone: 20260131233000[-5:EST] is the evening of 31 January at the bank.
# Both libraries give the time in UTC, so the booking is one of February. ofxparse gives it without
# a zone, like times that have none; and it does so only for a zone with a name: the same time with
# "[-5]" stays on 31 January, where ofxtools moves it. An offset of 5.30 is 5 hours 18 minutes in
# ofxparse and 5 hours 30 minutes in ofxtools.
#
# Seen: the table below. Who needs the day that the bank wrote must take it from the text.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ofxparse==0.21 ofxtools==0.9.5
"$folder/venv/bin/python" - <<'PYTHON'
import io
import warnings

warnings.simplefilter("ignore")
import ofxparse
from ofxtools.Parser import OFXTree

EXPECTED = {  # DTPOSTED: (ofxparse, ofxtools)
    "20260131233000": ("2026-01-31 23:30", "2026-01-31 23:30+0000"),
    "20260131233000[-5:EST]": ("2026-02-01 04:30", "2026-02-01 04:30+0000"),
    "20260131233000.000[-5]": ("2026-01-31 23:30", "2026-02-01 04:30+0000"),
    "20260201003000[+1:CET]": ("2026-01-31 23:30", "2026-01-31 23:30+0000"),
    "20260131233000[+5.30:IST]": ("2026-01-31 18:12", "2026-01-31 18:00+0000"),
}
FILE = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260131
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>1<ACCTID>2<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{}<TRNAMT>-5.00<FITID>1<NAME>A</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>100.00<DTASOF>20260131</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def by_ofxparse(file):
    read = ofxparse.OfxParser.parse(io.BytesIO(file))
    return read.account.statement.transactions[0].date


def by_ofxtools(file):
    tree = OFXTree()
    tree.parse(io.BytesIO(file))
    return tree.convert().statements[0].transactions[0].dtposted


def shown(read, file):
    return read(file).strftime("%Y-%m-%d %H:%M%z")


found = {}
for written in EXPECTED:
    file = FILE.format(written).encode()
    found[written] = shown(by_ofxparse, file), shown(by_ofxtools, file)
    print(f"{written:27} {found[written][0]:17} {found[written][1]}")
assert found == EXPECTED, found
PYTHON
