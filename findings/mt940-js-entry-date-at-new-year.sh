#!/bin/sh
# mt940-js 1.0.0 (npm, Node.js 20): an entry booked in January for a value in December is a year early.
#
# Field 61 of an MT940 statement has a value date with its year and a booking date (entry date) of
# month and day alone. Whoever reads it must take the year in which the two lie near each other.
# This reader takes the value date's year: value 2025-12-31 booked on 2 January is booked on
# 2025-01-02, 363 days before its own value. A report by booking date loses it. (The Python library
# mt-940 5.1.1 answers 2026-01-02.) The package also needs tslib and does not say so.
#
# Also seen: isExpense is true for money that comes in, so only isCredit can be used.
#
# Seen: value 2025-12-31, entry 2025-01-02; isCredit true beside isExpense true.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" mt940-js@1.0.0 tslib@2.8.1 >/dev/null
cat >"$folder/read.js" <<'JS'
const assert = require('assert');
const statement = [':20:EXAMPLE', ':25:12345678/0123456789', ':28C:1/1', ':60F:C251231EUR1000,00',
  ':61:2512310102C100,00NTRFFIRST', ':86:PAY', ':62F:C260131EUR1100,00', '-', ''].join('\n');
require('mt940-js').read(Buffer.from(statement)).then(([read]) => {
  const [entry] = read.transactions;
  console.log('value:', entry.valueDate, 'entry:', entry.entryDate,
    'credit:', entry.isCredit, 'expense:', entry.isExpense);
  assert.deepStrictEqual([entry.valueDate, entry.entryDate], ['2025-12-31', '2025-01-02']);
  assert.deepStrictEqual([entry.isCredit, entry.isExpense], [true, true]);
}).catch((error) => { console.error(error); process.exitCode = 1; });
JS
(cd "$folder" && node read.js)
