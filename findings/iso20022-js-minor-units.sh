#!/bin/sh
# iso20022.js 0.0.15 (npm, Node.js 20): amounts of camt.053 "in minor units" are no whole numbers.
#
# The reader gives an amount as a count of minor units, which one takes for an integer. It is the
# decimal times 100 in floating point, whatever the currency: 1.15 EUR is 114.99999999999999 cents,
# 500 JPY, which has no minor unit, is 50000, and 1.234 KWD, which has 1000 fils, is 123.4. Cut to
# an integer, 1.15 EUR loses a cent; as yen, the sum is a hundred times too high.
#
# A pending entry (Sts PDNG) and a booked one come out alike: the status is not handed on, so the
# entries of a statement with a pending one do not add up to its balances.
#
# Seen: 114.99999999999999, 50000 and 123.4; no key of the pending entry tells that it is pending.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" iso20022.js@0.0.15 >/dev/null
cat >"$folder/read.mjs" <<'JS'
import assert from 'node:assert';
import { CashManagementEndOfDayReport } from 'iso20022.js';

const entry = (amount, currency, status) => `<Ntry><Amt Ccy="${currency}">${amount}</Amt>
  <CdtDbtInd>CRDT</CdtDbtInd><Sts>${status}</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
  <BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>`;
const balance = (code) => `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>
  <Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>`;
const statement = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-01-31T12:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S</Id><CreDtTm>2026-01-31T12:00:00</CreDtTm>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy>
<Svcr><FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId></Svcr></Acct>
${balance('OPBD')}${balance('CLBD')}
${entry('1.15', 'EUR', 'BOOK')}${entry('1.15', 'EUR', 'PDNG')}
${entry('500', 'JPY', 'BOOK')}${entry('1.234', 'KWD', 'BOOK')}
</Stmt></BkToCstmrStmt></Document>`;
const [booked, pending, yen, dinar] =
  CashManagementEndOfDayReport.fromXML(statement).statements[0].entries;
console.log('EUR 1.15:', booked.amount, 'JPY 500:', yen.amount, 'KWD 1.234:', dinar.amount);
console.log('pending is told apart:', JSON.stringify(booked) !== JSON.stringify(pending));
assert.deepStrictEqual([booked.amount, yen.amount, dinar.amount], [114.99999999999999, 50000, 123.4]);
assert.deepStrictEqual(booked, pending);
JS
(cd "$folder" && node read.mjs)
