#!/bin/sh
# ofxparse 0.21 (Python 3.11): the currency of a line and the correction of an earlier one are dropped.
#
# OFX lets a line be in another currency than its account (an aggregate CURRENCY with CURSYM) and
# lets a bank replace an earlier line (CORRECTFITID, CORRECTACTION). ofxparse reads both lines as
# plain ones: -5.00 USD cannot be told from -5.00 EUR, and the corrected line is there beside the
# one that it replaces, so the money counts twice.
#
# Seen: three transactions; no attribute names USD or the corrected id.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ofxparse==0.21
"$folder/venv/bin/python" - <<'PYTHON'
import io, warnings

warnings.simplefilter("ignore")
import ofxparse

HEADER = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

"""
BODY = """<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260131
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1
<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>1<ACCTID>2<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260105<TRNAMT>-5.00<FITID>a
<CURRENCY><CURRATE>0.9<CURSYM>USD</CURRENCY></STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260106<TRNAMT>70.00<FITID>b</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260106<TRNAMT>7.00<FITID>c
<CORRECTFITID>b<CORRECTACTION>REPLACE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>100.00<DTASOF>20260131</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
read = ofxparse.OfxParser.parse(io.BytesIO((HEADER + BODY).encode()))
lines = [vars(line) for line in read.account.statement.transactions]
for line in lines:
    print(line)
assert [str(line["amount"]) for line in lines] == ["-5.00", "70.00", "7.00"]
assert "usd" not in str(lines).lower() and "REPLACE" not in str(lines)
PYTHON
