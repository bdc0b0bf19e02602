"""One entry of MT940: field 61, read by mt-940 and checked against the file, and field 86."""

import logging
import re
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from mt940.options import Options
from mt940.parser import parse_statements
from mt940.tags import StatementGLS, Tag

from budgets.statements.lines import one_line
from budgets.statements.mt940_text import described, tidy
from budgets.statements.raw import RawLine
from budgets.statements.swift import day, decimal_text

_ENTRY = re.compile(
    r"(?P<value>[0-9]{6})(?P<booked>[0-9]{4}|\s{4})?(?P<mark>[RE]?[CD])(?P<funds>[A-Z])?"
    r"[\n ]?(?P<amount>[0-9.,]+)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_AMOUNT = 15  # characters, by the standard and for mt-940
_LONGEST_REFERENCE = 16
_NO_REFERENCE = frozenset(
    {"", "NONREF", "NOREF", "NOTPROVIDED", "EREF", "MARF", "PREF", "KREF", "MREF", "-"}
)
_NEAR = timedelta(days=180)  # no other year is nearer
_OPTIONS = Options.all()
_TAGS: dict[int | str, Tag] = {
    61: StatementGLS()
}  # a reference before "//" may be longer than the standard allows
logging.getLogger("mt940").setLevel(logging.CRITICAL)  # what it cannot read is refused here


def entry(statement: str, details: str, page: int, currency: str, decimal: str) -> RawLine:
    """Read the texts of fields 61 and 86. What cannot be read is the entry's complaint."""
    posted = amount = text = external_id = not_booked = complaint = ""
    try:
        found = _ENTRY.fullmatch(statement)
        if not found:
            raise ValueError(f"{statement[:60]!r} is not an entry of MT940")
        posted = _booked(found).isoformat()
        amount = _amount(found, decimal)
        not_booked = "expected" if found["mark"][0] in "Ee" else ""
        line, dropped = tidy(details)
        read = _read(found, amount, line)
        text = described(line, read, dropped) if details else ""
        text = text or one_line(f"{read.get('extra_details') or ''}") or read.get("id") or ""
        external_id = _identity(read)
    except ValueError as error:
        complaint = str(error)
    return RawLine(page, posted, amount, currency, text, external_id, not_booked, complaint)


def _booked(found: re.Match[str]) -> date:
    """The entry date, in the year that brings it nearest to the value date, else the value date."""
    value = _day(found["value"])
    month_and_day = (found["booked"] or "").strip()
    if not month_and_day:
        return value
    days = []
    for year in (value.year, value.year - 1, value.year + 1):
        try:
            days.append(day(f"{year % 100:02}{month_and_day}"))
        except ValueError:
            continue
        if abs(days[0] - value) < _NEAR:
            return days[0]
    if not days:
        raise ValueError(f"entry date {month_and_day!r} is not a date")
    return min(days, key=lambda each: abs(each - value))


def _day(text: str) -> date:
    try:
        return day(text)
    except ValueError:
        raise ValueError(f"value date {text!r} is not a date") from None


def _amount(found: re.Match[str], decimal: str) -> str:
    """The signed sum: D and RC, the reversal of a credit, take money out of the account."""
    try:
        size = decimal_text(found["amount"], decimal)
    except ValueError as error:
        raise ValueError(f"{found['amount'][:60]!r} {error}") from None
    if len(size) > _LONGEST_AMOUNT:
        raise ValueError(f"{found['amount'][:60]!r} is too large an amount")
    return f"-{size}" if found["mark"].upper() in ("D", "RC", "ED") else size


def _read(found: re.Match[str], amount: str, details: str) -> dict[str, Any]:
    """What mt-940 reads. Raises ValueError unless that is one entry of the same day and sum.

    It is given one entry at a time: of two without a type of transaction it would keep one.
    """
    first, *more = found["rest"].split("\n")
    size = amount.lstrip("-").replace(".", ",")
    mark = found["mark"].upper().lstrip("E") + (found["funds"] or "")
    rest = "\n".join([first, one_line(" ".join(more))]).rstrip()
    field = f"{found['value']}{found['booked'] or ''}{mark}{size}{rest}"
    text = f":20:1\n:61:{field}\n" + (f":86:{details}\n" if details else "")
    try:
        statements = parse_statements(StringIO(text), tags=_TAGS, options=_OPTIONS)
    except (RuntimeError, ValueError, ArithmeticError, LookupError, TypeError):
        raise ValueError(f"{found[0][:60]!r} is not an entry of MT940") from None
    entries = [each.data for statement in statements for each in statement]
    if len(entries) != 1 or entries[0]["amount"].amount != Decimal(amount):
        raise ValueError(f"{found[0][:60]!r} can be read in two ways")
    if entries[0]["date"] != day(found["value"]):
        raise ValueError(f"value date {found['value']!r} can be read in two ways")
    return dict(entries[0])


def _identity(read: dict[str, Any]) -> str:
    """The bank's reference, else that of the customer, else that of the payer."""
    own = str(read.get("customer_reference") or "").partition("\n")[0]
    payer = read.get("end_to_end_reference")
    for found in (read.get("bank_reference"), own[:_LONGEST_REFERENCE], payer):
        text = one_line(str(found or ""))
        if text.upper() not in _NO_REFERENCE and text.strip("0"):
            return text
    return ""
