#!/bin/sh
# ofx-data-extractor 1.5.0 (npm, Node.js 20): where a line of an OFX file ends decides what it adds up to.
#
# OFX 1 is SGML: a line's end means nothing, and many banks write an aggregate in one line. This
# reader looks at lines. With "<DTASOF>20260131" and "</LEDGERBAL>" in two lines the statement's one
# debit of 12.50 is read; with both in one line the summary says, without any error, that nothing
# was moved, while the list of transactions ends in a SyntaxError about JSON.
#
# Seen: debit 12.5 in one debit, and debit 0 in no debits with a SyntaxError from the list.
# Also seen: a "{" in a payee is dropped ("a {b} c" is read as "a b} c").
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" ofx-data-extractor@1.5.0 >/dev/null
cat >"$folder/read.js" <<'JS'
const assert = require('assert');
const { Ofx } = require('ofx-data-extractor');
const header = ['OFXHEADER:100', 'DATA:OFXSGML', 'VERSION:102', 'SECURITY:NONE', 'ENCODING:USASCII',
  'CHARSET:1252', 'COMPRESSION:NONE', 'OLDFILEUID:NONE', 'NEWFILEUID:NONE', '', ''].join('\n');
const statement = (payee, end) => new Ofx(header + ['<OFX>', '<BANKMSGSRSV1>', '<STMTTRNRS>',
  '<TRNUID>1', '<STMTRS>', '<CURDEF>EUR', '<BANKTRANLIST>', '<DTSTART>20260101',
  '<DTEND>20260131', '<STMTTRN>', '<TRNTYPE>DEBIT', '<DTPOSTED>20260102', '<TRNAMT>-12.50',
  '<FITID>1', `<NAME>${payee}`, '</STMTTRN>', '</BANKTRANLIST>', '<LEDGERBAL>', '<BALAMT>100.00',
  `<DTASOF>20260131${end}</LEDGERBAL>`, '</STMTRS>', '</STMTTRNRS>', '</BANKMSGSRSV1>', '</OFX>',
  ''].join('\n'));

const apart = statement('Tom', '\n').getTransactionsSummary();
const joined = statement('Tom', '').getTransactionsSummary();
const payee = statement('a {b} c', '\n').getBankTransferList()[0].NAME;
console.log('in two lines:', JSON.stringify(apart));
console.log('in one line: ', JSON.stringify(joined));
console.log('a payee with braces:', payee);
assert.deepStrictEqual([apart.debit, apart.amountOfDebits], [12.5, 1]);
assert.deepStrictEqual([joined.debit, joined.amountOfDebits], [0, 0]);
assert.throws(() => statement('Tom', '').getBankTransferList(), SyntaxError);
assert.strictEqual(payee, 'a b} c');
JS
(cd "$folder" && node read.js)
