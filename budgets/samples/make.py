"""Write the sample statements: `python -m budgets.samples.make` always writes the same bytes.

All people, firms and account numbers are invented.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import count
from pathlib import Path
from random import Random

YEAR = 2025
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of a statement: day, signed cents, counterparty, purpose."""

    day: date
    amount: int
    who: str
    what: str = ""


class Chance:
    """A random source with equal results in every Python version, which only `random()` has."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random  # noqa: S311  # reproducible on purpose

    def between(self, low: int, high: int, step: int = 1) -> int:
        """`low` plus a multiple of `step`, below `high`."""
        return low + int(self._random() * ((high - low) // step)) * step

    def of[T](self, choices: list[T]) -> T:
        """A random element of `choices`."""
        return choices[self.between(0, len(choices))]


def workday(month: int, day: int) -> date:
    """That day of the month, or the Friday before if it is on a weekend."""
    nominal = date(YEAR, month, day)
    return nominal - timedelta(days=max(0, nominal.weekday() - 4))


def last_workday(month: int) -> date:
    """The last working day of a month."""
    following = date(YEAR + month // 12, month % 12 + 1, 1)
    before = following - timedelta(days=1)
    return workday(before.month, before.day)


def weekly(weekday: int) -> Iterator[date]:
    """Every such weekday of the year; Monday is 0."""
    first = date(YEAR, 1, 1)
    first += timedelta(days=(weekday - first.weekday()) % 7)
    return (first + timedelta(weeks=week) for week in range(52))


SHOPS = [
    ("Quay Street Grocers", 38_00, 112_00),
    ("Murtagh's Butchers", 14_00, 46_00),
    ("The Copper Kettle Café", 6_50, 24_00),
    ("Ballinlough Pharmacy", 5_00, 39_00),
    ("Ó Súilleabháin Books", 9_00, 45_00),
    ("Lee Cycle Works", 12_00, 85_00),
    ("Shandon Hardware & Paint", 8_00, 95_00),
    ("Harbour Cinema", 22_00, 48_00),
]


def household() -> list[Booking]:
    """A year of Aoife Tierney and Matteo Brandl, in euro cents, oldest first."""
    chance = Chance(41)
    bookings = [
        Booking(date(YEAR, 1, 2), 3_250_00, "A Tierney & M Brandl", "Transfer from old account")
    ]
    for month in range(1, 13):
        bookings += _month(month, chance)
    for friday in weekly(4):
        shop, low, high = SHOPS[0]
        bookings.append(Booking(friday, -chance.between(low, high), shop, "Card payment"))
    bookings += _extras()
    return sorted(bookings, key=lambda booking: booking.day)


def _month(month: int, chance: Chance) -> Iterator[Booking]:
    pay = last_workday(month)
    yield Booking(pay, 2_914_36, "Northgate Veterinary Clinic", "Salary A Tierney")
    yield Booking(workday(month, 25), 2_378_90, "Lee Valley College", "Salary M Brandl")
    yield Booking(workday(month, 3), -1_450_00, "N Ní Chonaill", "Rent 14 Wellington Tce")
    yield Booking(workday(month, 8), -620_00, "Little Otters Crèche", "Standing order")
    yield Booking(workday(month, 12), -54_99, "Fastnet Broadband", "Direct debit")
    yield Booking(workday(month, 15), -300_00, "Credit Union", "Savings")
    if month % 2 == 0:
        bill = chance.between(118_00, 236_00)
        yield Booking(workday(month, 18), -bill, "Munster Power & Gas", "Direct debit")
    for _ in range(4):
        shop, low, high = chance.of(SHOPS[1:])
        day = date(YEAR, month, chance.between(4, 29))
        yield Booking(day, -chance.between(low, high), shop, "Card payment")


def _extras() -> Iterator[Booking]:
    """Lines that are not monthly: refunds, a bonus, interest, and two equal coffees."""
    yield Booking(date(YEAR, 2, 19), 48_75, "Lee Cycle Works", "Refund brake set")
    yield Booking(date(YEAR, 4, 17), 1_200_00, "Northgate Veterinary Clinic", "Bonus A Tierney")
    yield Booking(date(YEAR, 5, 22), 612_40, "Revenue Commissioners", "Income tax refund 2024")
    yield Booking(date(YEAR, 7, 9), -1_184_00, "Ferry to Roscoff", "Family fare, August")
    yield Booking(date(YEAR, 7, 30), 96_00, "Ferry to Roscoff", "Refund cabin")
    yield Booking(date(YEAR, 9, 11), 35_00, "Quay Street Grocers", "Refund deposit")
    yield Booking(date(YEAR, 10, 3), 140_00, "Little Otters Crèche", "Refund October week")
    yield Booking(date(YEAR, 11, 14), -4_60, "The Copper Kettle Café", "Card payment")
    yield Booking(date(YEAR, 11, 14), -4_60, "The Copper Kettle Café", "Card payment")
    for month, interest in ((3, 3_12), (6, 3_47), (9, 2_95), (12, 3_88)):
        yield Booking(last_workday(month), interest, "Interest", "Credit interest")


OFX_HEADER = """\
OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>
<DTSERVER>20260105083000[0:GMT]<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS>
<STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>990417<ACCTID>40217765<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20250101<DTEND>20251231
"""
OFX_FOOTER = """\
</BANKTRANLIST>
<LEDGERBAL><BALAMT>{balance}<DTASOF>20251231</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def ofx(bookings: list[Booking]) -> bytes:
    """The bookings as OFX 1.0.2 in Windows-1252."""
    numbers = count(1)
    body = "".join(_transaction(booking, next(numbers)) for booking in bookings)
    balance = euros(sum(booking.amount for booking in bookings))
    return (OFX_HEADER + body + OFX_FOOTER.format(balance=balance)).encode("cp1252")


def _transaction(booking: Booking, number: int) -> str:
    kind = "CREDIT" if booking.amount > 0 else "DEBIT"
    return (
        f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{booking.day:%Y%m%d}120000[0:GMT]"
        f"<TRNAMT>{euros(booking.amount)}<FITID>{booking.day:%Y%m%d}{number:04}\n"
        f"<NAME>{escape(booking.who, quote=False)}<MEMO>{escape(booking.what, quote=False)}"
        "</STMTTRN>\n"
    )


def euros(cents: int) -> str:
    """Cents with a decimal point: -450 to "-4.50"."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


CUSTOMERS = [
    ("Hôtel du Lac, Nidau", 9, 780_00, 1_460_00),
    ("Kita Löwenzahn", 14, 165_00, 240_00),
    ("Café Chez Ödön", 21, 420_00, 905_00),
    ("Altersheim Büttenberg", 27, 610_00, 1_120_00),
]
SUPPLIERS = [
    ("Mühle Grünfeld AG", "Mehl und Schrot", 5, 1_350_00, 2_240_00),
    ("Käserei & Molkerei Rüegsau", "Butter, Rahm, Milch", 11, 540_00, 980_00),
    ("Hefe-Vertrieb Süess GmbH", "Hefe; Backmittel", 19, 95_00, 180_00),
    ("Imkerei Frédéric Aeby", "Honig", 23, 60_00, 145_00),
]


def bakery() -> list[Booking]:
    """A year of the Bäckerei Morgenrot in Biel, in rappen, oldest first."""
    chance = Chance(7)
    bookings = [Booking(date(YEAR, 1, 3), 9_500_00, "Réjane Stähli", "Einlage Inhaberin")]
    for monday in weekly(0):
        takings = chance.between(2_900_00, 4_700_00, 5)
        bookings.append(Booking(monday, takings, "Kartenzahlungen", "Gutschrift Vorwoche"))
    for month in range(1, 13):
        bookings += _invoices(month, chance)
        bookings += _fixed(month, chance)
    return sorted(bookings, key=lambda booking: booking.day)


def _invoices(month: int, chance: Chance) -> Iterator[Booking]:
    for number, (customer, day, low, high) in enumerate(CUSTOMERS, 1):
        invoice = f"Rechnung {YEAR}-{month:02}{number}"
        yield Booking(workday(month, day), chance.between(low, high, 5), customer, invoice)
    for supplier, goods, day, low, high in SUPPLIERS:
        yield Booking(workday(month, day), -chance.between(low, high, 5), supplier, goods)


def _fixed(month: int, chance: Chance) -> Iterator[Booking]:
    """Rent, wages, power and tax; before the feasts two equal lines for flour on one day."""
    yield Booking(workday(month, 4), -2_850_00, "Liegenschaften Seevorstadt", "Miete Backstube")
    for baker, wage in (("Noël Wüthrich", 4_620_00), ("Anaïs Çelik", 3_985_00)):
        yield Booking(workday(month, 25), -wage, baker, "Lohn")
    if month % 3 == 0:
        yield Booking(
            workday(month, 28), -chance.between(890_00, 1_340_00, 5), "Stadtwerke", "Strom"
        )
        yield Booking(workday(month, 20), -1_475_00, "Steuerverwaltung", "MWST Quartal")
    if month in (4, 12):
        for _ in range(2):
            yield Booking(
                workday(month, 16), -410_00, "Mühle Grünfeld AG", "Zopfmehl, Zusatzlieferung"
            )


CSV_HEADER = ["Konto", "Buchungsdatum", "Valuta", "Auftraggeber / Empfänger"]
CSV_HEADER += ["Verwendungszweck", "Betrag", "Währung", "Saldo"]


def table(bookings: Iterable[Booking]) -> bytes:
    """The bookings as the CSV of a Swiss bank in Windows-1252, after three lines of preamble."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Kontoauszug", "Bäckerei Morgenrot, Réjane Stähli, Biel/Bienne"])
    writer.writerow(["Zeitraum", f"01.01.{YEAR} - 31.12.{YEAR}"])
    writer.writerow([])
    writer.writerow(CSV_HEADER)
    balance = 0
    for booking in bookings:
        balance += booking.amount
        day = f"{booking.day:%d.%m.%Y}"
        row = ["16-234567-8", day, day, booking.who, booking.what]
        writer.writerow([*row, francs(booking.amount), "CHF", francs(balance)])
    return text.getvalue().encode("cp1252")


def francs(rappen: int) -> str:
    """Rappen with a decimal comma and dots: -123450 to "-1.234,50"."""
    whole, rest = divmod(abs(rappen), 100)
    return f"{'-' if rappen < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02}"


def main() -> None:
    """Write both files beside this one."""
    (HERE / "household.ofx").write_bytes(ofx(household()))
    (HERE / "bakery.csv").write_bytes(table(bakery()))


if __name__ == "__main__":
    main()
