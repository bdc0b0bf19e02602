#!/bin/sh
# node-ofx-parser 0.5.1 (npm, Node.js 20): an escaped "&" in an OFX file is escaped again, twice.
#
# OFX writes the sign & in a text as &amp;, as SGML and XML do. A reader of OFX hands on "&". This
# one turns each & of the file into &amp; before it parses, which is meant for files that forgot to
# escape, and does so once more on the way, so a file that did it right comes out as "&amp;amp;amp;".
# A program that recognises payees by name then knows the same shop under two names, one per bank.
#
# Seen: the payee "Tom &amp; Co" of the file is read as "Tom &amp;amp;amp; Co".
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" node-ofx-parser@0.5.1 >/dev/null
cat >"$folder/read.js" <<'JS'
const assert = require('assert');
const file = `OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>EUR
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260102<TRNAMT>-12.50<FITID>1<NAME>Tom &amp; Co</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`;
const read = require('node-ofx-parser').parse(file);
const entry = read.OFX.BANKMSGSRSV1.STMTTRNRS.STMTRS.BANKTRANLIST.STMTTRN;
console.log('payee:', entry.NAME);
assert.strictEqual(entry.NAME, 'Tom &amp;amp;amp; Co');
JS
(cd "$folder" && node read.js)
