"""QIF, the interchange format of Quicken (see `qif_records`). The whole file decides how it writes.

It is read twice: once to learn how it writes dates and amounts, once for its lines. It names no
currency.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar

from budgets.errors import BadStatement
from budgets.statements.amounts import Marks, minor, written_currency
from budgets.statements.clues import shape
from budgets.statements.column_roles import Hints
from budgets.statements.dates import Dates
from budgets.statements.lines import LEFT_OUT, Account, Finding, Line, PageBalances, one_line
from budgets.statements.pending import is_marked_pending
from budgets.statements.qif_records import Record, records
from budgets.statements.source import Source
from budgets.statements.words import is_payment_of_a_card, summary

_START = 1 << 14  # characters
_HEADER = re.compile(r"[\s\ufeff]*!(?:type|account|option|clear)\b", re.IGNORECASE)
_BARE = re.compile(r"[\s\ufeff]*[DTUCNPMALSE][^\r\n,;\t]*[\r\n]")
_END = re.compile(r"^\^[ \t]*\r?$", re.MULTILINE)
_DAY = re.compile(r"^D[ \t]*[0-9]", re.MULTILINE)
_SUM = re.compile(r"^[TU][ \t]*[-+0-9.,(]", re.MULTILINE)
_NUMERIC = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})([/.'-])([0-9]{4}|[0-9]{2})")
_PIVOT = 70  # of a year in two digits that has no apostrophe


class QifFile:
    """A statement in QIF. `accounts` are those of its bookings; one of "" when it names none.

    Raises BadStatement for a file without bookings, and for dates that leave day and month open.
    """

    format: ClassVar[str] = "qif"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._marks = Marks(hints.decimal)
        self._dates = Dates(hints.date_format)
        self._unread: Counter[str] = Counter()
        self._paid: dict[bool, str] = {}
        accounts: dict[Account, int] = {}
        for number, account, record in self._bookings(self._unread):
            accounts.setdefault(Account(account, ""), number)
            if number not in hints.skip_lines:
                self._learn(number, record)
        if not accounts:
            raise BadStatement(
                f"the QIF file has no bookings{self._others}: export the register of a bank "
                "account or a card"
            )
        self.accounts = tuple(accounts)
        self._dates.decide()
        self._require_signs()

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Whether it begins with a header of QIF, or with the fields of a booking that "^" ends."""
        head = source.head(_START)
        fields = _BARE.match(head) and _DAY.search(head) and _SUM.search(head)
        return bool(_HEADER.match(head) or (fields and _END.search(head)))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The bookings, read anew; a unit has `decimals` decimals.

        Raises BadStatement at the first bad one, or when the decimal mark stays open.
        """
        mark = self._marks.mark(decimals)
        factor = -1 if self._hints.sign == "reversed" else 1
        before = date(1970, 1, 1)
        for number, account, record in self._bookings(Counter()):
            booking = _Booking(number, record)
            posted = booking.read("D", self._day)
            amount = booking.amount(mark, decimals)
            not_booked = "a balance" if is_opening(record) else ""
            if any(is_marked_pending(record.fields.get(letter, "")) for letter in "PM"):
                not_booked = "pending"
            if booking.broken and number in self._hints.skip_lines:
                not_booked = LEFT_OUT
            else:
                booking.require_whole()
            before = posted or before
            yield Line(
                number,
                account,
                before,
                (amount or 0) * factor,
                written_currency(record.fields.get("T", "")),
                description(record),
                "",
                not_booked=not_booked,
            )

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """None: QIF has balances of accounts only in lists, without saying of which lines."""
        yield from ()

    def findings(self) -> Iterator[Finding]:
        """How dates and amounts were read, and what was not read."""
        yield Finding("text", self._source.encoding, "it fits all bytes of the file")
        for account in self.accounts:
            name = account.id or "not named"
            yield Finding("account", name, "!Account, or the opening balance")
        yield Finding("dates", self._dates.form, "it fits all dates of the file")
        if self._hints.sign == "reversed":
            yield Finding("signs", "a minus is money in", "--sign reversed")
        for what, count in self._unread.items():
            yield Finding(what, f"{count} not read", "no bookings of a bank account")

    @property
    def _others(self) -> str:
        there = ", ".join(f"{count} {what}" for what, count in self._unread.items())
        return f", only {there}" if there else ""

    def _bookings(self, unread: Counter[str]) -> Iterator[tuple[int, str, Record]]:
        """Each booking with its number and account; others are counted in `unread`.

        An opening balance that is a transfer from its own account names the account.
        """
        number, named, section = 0, "", ("", "")
        with self._source.text() as file:
            for record in records(file):
                if record.is_list or record.is_investment:
                    unread["investments" if record.is_investment else "entries of lists"] += 1
                    continue
                number += 1
                if section != (record.account, record.kind):
                    section, named = (record.account, record.kind), record.account
                if not named and is_opening(record):
                    named = one_line(record.fields.get("L", "").strip("[]"))
                yield number, one_line(named), record

    def _learn(self, number: int, record: Record) -> None:
        if text := record.fields.get("D"):
            try:
                self._dates.see(self._written(text), record.at)
            except ValueError as error:
                raise _refused(number, record, f"D {text[:60]!r} {error}") from None
        for text in (record.fields.get("T"), record.fields.get("U")):
            if text:
                self._marks.see(text, record.at)

        if is_payment_of_a_card("\n".join(record.fields.get(letter, "") for letter in "PM")):
            text = record.fields.get("T", "")
            shown = f"line {number} (row {record.at} of the file): {text[:60]!r} with the text"
            self._paid.setdefault(shape(text) == "-", f"{shown} {description(record)[:60]!r}")

    def _require_signs(self) -> None:
        """Raise BadStatement for a card whose payments have a minus: some write them so."""
        if True in self._paid and False not in self._paid and not self._hints.sign:
            raise BadStatement(
                f"{self._paid[True]}: did this money come in or go out? say --sign reversed if it "
                "came in, --sign as-is if it went out"
            )

    def _day(self, text: str) -> date:
        return self._dates.day(self._written(text))

    def _written(self, text: str) -> str:
        """The date in four digits of the year, unless somebody gave a form with two."""
        given = self._hints.date_format
        return "".join(text.split()) if "%y" in given or "'" in given else normal_date(text)


class _Booking:
    """A record that is read, and what is wrong with it."""

    def __init__(self, number: int, record: Record) -> None:
        self._number = number
        self._record = record
        self._complaints = [
            f"{letter} is given twice" for letter in sorted(record.twice & set("DTU"))
        ]

    def read[T](self, letter: str, convert: Callable[[str], T]) -> T | None:
        """The converted field, or None and a complaint."""
        text = self._record.fields.get(letter, "")
        try:
            if text:
                return convert(text)
            self._complaints.append(f"{letter} is missing")
        except ValueError as error:
            self._complaints.append(f"{letter} {text[:60]!r} {error}")
        return None

    def amount(self, mark: str, decimals: int) -> int | None:
        """The amount, which U repeats and the amounts of splits add up to."""

        def convert(text: str) -> int:
            return minor(text, decimal=mark, exponent=decimals)

        fields = self._record.fields
        found = self.read("T" if "T" in fields or "U" not in fields else "U", convert)
        if found is not None and "U" in fields and self.read("U", convert) not in (None, found):
            self._complaints.append(f"U {fields['U'][:60]!r} is not T {fields['T'][:60]!r}")
        self._check_splits(found, convert)
        return found

    @property
    def broken(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self._complaints)

    def require_whole(self) -> None:
        """Raises BadStatement for a record with complaints."""
        if self._complaints:
            raise _refused(self._number, self._record, "; ".join(self._complaints))

    def _check_splits(self, amount: int | None, convert: Callable[[str], int]) -> None:
        parts = [split.amount for split in self._record.splits]
        if amount is None or not parts or not all(parts):
            return
        try:
            total = sum(map(convert, parts))
        except ValueError as error:
            self._complaints.append(f"an amount of a split {error}")
            return
        if total != amount:
            shown = " + ".join(parts[:5]) + (" ..." if len(parts) > 5 else "")
            self._complaints.append(f"the splits {shown[:80]} do not add up to T")


def _refused(number: int, record: Record, complaint: str) -> BadStatement:
    return BadStatement(
        f"line {number} (row {record.at} of the file): {complaint}; to leave it out: "
        f"--skip-line {number}"
    )


def is_opening(record: Record) -> bool:
    """Whether it states the balance with which the account begins."""
    fields = record.fields
    payee, memo = (one_line(fields.get(letter, "")) for letter in "PM")
    transfer = fields.get("L", "").startswith("[")
    texts = [payee or memo] if transfer or not memo else [payee or memo, memo]
    return all(text and summary([text]) == "a balance" for text in texts)


def description(record: Record) -> str:
    """Payee and memo, number, category or transfer, and the splits, each thing once."""
    fields = record.fields
    payee = one_line(fields.get("P") or ", ".join(filter(None, record.address)))
    memo = one_line(fields.get("M", ""))
    texts = [memo] if payee in memo else [payee] if memo in payee else [f"{payee}: {memo}"]
    splits = [
        " ".join(filter(None, map(one_line, (split.category, split.memo, split.amount))))
        for split in record.splits
    ]
    if splits:
        texts.append(f"({'; '.join(splits)})")
    elif category := one_line(fields.get("L", "")):
        texts.append(f"({category})")
    return " ".join(filter(None, texts))


def normal_date(text: str) -> str:
    """A date without spaces, with a year of four digits; an apostrophe is before 2000 and later.

    >>> [normal_date(text) for text in ("12/31'25", " 1/ 5' 7", "31.12.25", "12-31-95")]
    ['12/31/2025', '1/5/2007', '31.12.2025', '12-31-1995']
    """
    bare = "".join(text.split())
    if bare[-2:-1] == "'":
        bare = f"{bare[:-1]}0{bare[-1]}"
    found = _NUMERIC.fullmatch(bare)
    if not found:
        return one_line(text)
    first, mark, second, apart, year = found.groups()
    if len(year) == 2:
        later = apart == "'" or int(year) < _PIVOT
        year = f"{20 if later else 19}{year}"
    return f"{first}{mark}{second}{mark}{year}"
