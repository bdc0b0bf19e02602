"""Which column is which: by the name somebody gives, else by the names banks use.

English, German, French, Spanish and Dutch; see `NAMES`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from budgets.errors import BadStatement
from budgets.statements.lines import one_line

# Compared without accents, punctuation and currency; a name further left is preferred.
NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(name.strip() for name in names.split(","))
    for role, names in {
        "date": """booking date, posting date, posted date, post date, date posted,
            transaction date, date, completed date, buchungstag, buchungsdatum, datum, buchung,
            date de comptabilisation, date comptable, date operation, date d operation,
            date de l operation, fecha operacion, fecha de operacion, f operacion, fecha contable,
            fecha, boekdatum, boekingsdatum, transactiedatum, datum transactie, value date,
            date de valeur, date valeur, fecha valor, wertstellung, valutadatum, rentedatum,
            valuta""",
        "amount": """amount, transaction amount, betrag, umsatz, montant, montant de l operation,
            importe, monto, cantidad, bedrag, transactiebedrag""",
        "credit": """credit, credit amount, money in, paid in, deposits, deposit, gutschrift,
            haben, eingang, einnahmen, abono, abonos, ingreso, ingresos, haber, bij, bedrag bij,
            bijschrijving""",
        "debit": """debit, debit amount, money out, paid out, withdrawals, withdrawal, belastung,
            soll, lastschrift, ausgang, ausgaben, cargo, cargos, adeudo, gasto, gastos, debe,
            debet, af, bedrag af, afschrijving""",
        "direction": """debit credit, credit debit, dr cr, cr dr, d c, c d, soll haben, s h,
            sens, af bij, bij af, debet credit""",
        "description": """description, transaction description, details, payee, merchant,
            counterparty, narrative, options, reference, payment reference, memo, buchungstext,
            beguenstigter zahlungspflichtiger, begunstigter zahlungspflichtiger,
            auftraggeber empfanger, zahlungsempfanger, empfanger, name zahlungsbeteiligter,
            verwendungszweck, beschreibung, mitteilung, text, libelle, libelle operation,
            nature de l operation, communication, motif, concepto, descripcion, detalle,
            beneficiario, observaciones, naam omschrijving, naam tegenpartij, naam, omschrijving,
            omschrijving 1, omschrijving 2, omschrijving 3, mededelingen, mededeling""",
        "id": """transaction id, id, fitid, transaction number, transaction no, transaktions id,
            transaktionsnummer, buchungsnummer, id transaction, numero de transaction, identifiant,
            id transaccion, id de transaccion, volgnr, volgnummer, transactie id,
            transactiereferentie""",
        "currency": """currency, currency code, wahrung, waehrung, devise, monnaie, moneda, divisa,
            munt, muntsoort""",
        "account": """auftragskonto, iban auftragskonto, konto, account, account number,
            account no, compte, numero de compte, cuenta, numero de cuenta, iban bban, rekening,
            rekeningnummer, eigen rekening""",
    }.items()
}
MONEY = ("amount", "credit", "debit")
_CODE = re.compile(r"(?:\(|\[|\bin )\s*([A-Z]{3})\s*(?:\)|\]|$)")
_SYMBOL = re.compile(r"[(\[]\s*\W\s*[)\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a person may say about a file that does not say it itself; "" leaves it to the file.

    `columns` maps a role (a key of `NAMES`) to a column's name; "description" may be several
    names, and "" keeps a role from being filled. `decimal` is "." or ",", `date_format` a
    strptime form. `account` picks one account of a file, or names the account of a file that
    names none. Raises BadStatement for a hint that makes no sense.
    """

    columns: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    delimiter: str = ""
    decimal: str = ""
    date_format: str = ""
    encoding: str = ""
    account: str = ""

    def __post_init__(self) -> None:
        if unknown := [role for role in self.columns if role not in NAMES]:
            raise BadStatement(f"no such column role: {unknown[0]!r}; there are {', '.join(NAMES)}")
        if self.names("amount") and (self.names("credit") or self.names("debit")):
            raise BadStatement("the amount's column, or those of credit and debit: not both")
        if self.decimal not in ("", ".", ","):
            raise BadStatement(f"--decimal is . or , and not {self.decimal!r}")
        if len(self.delimiter) > 1 or self.delimiter in ("\r", "\n", '"', " "):
            raise BadStatement(f"--delimiter is one character, not {self.delimiter!r}")

    def names(self, role: str) -> tuple[str, ...] | None:
        """The names given for a role; None when nothing was said, () to leave it empty."""
        given = self.columns.get(role)
        if given is None:
            return None
        return tuple(name for name in ([given] if isinstance(given, str) else given) if name)


@dataclass(frozen=True, slots=True)
class Columns:
    """A header line, understood: each role's positions, by the names in `header`."""

    header: tuple[str, ...]
    roles: dict[str, tuple[int, ...]]

    def missing(self) -> str:
        """What a statement cannot do without and this header lacks; "" when it is complete."""
        if "date" not in self.roles:
            return "date"
        return "" if any(role in self.roles for role in MONEY) else "amount"

    def first(self, role: str) -> int | None:
        """Where a role stands, None when nowhere."""
        return self.roles[role][0] if role in self.roles else None

    @property
    def currency(self) -> str:
        """The currency a sum's column has in its name, as in "Amount (EUR)"; "" if none."""
        names = [self.header[self.roles[role][0]] for role in MONEY if role in self.roles]
        codes = map(_CODE.search, names)
        return next((code[1] for code in codes if code), "")


def understood(cells: Sequence[str], hints: Hints) -> Columns:
    """Read `cells` as a header line as well as can be."""
    header = [one_line(cell) for cell in cells]
    while header and not header[-1]:
        header.pop()
    names = [normal(cell) for cell in header]
    roles = {}
    for role in NAMES:
        given = hints.names(role)
        found = _detected(role, names) if given is None else _named(given, header, names)
        if found:
            roles[role] = found
    return Columns(tuple(header), _one_reading(roles, hints))


def _one_reading(roles: dict[str, tuple[int, ...]], hints: Hints) -> dict[str, tuple[int, ...]]:
    """Either signed amounts or money in and out, whichever was asked for, else the first."""
    split = hints.names("credit") or hints.names("debit")
    signed = hints.names("amount") or ("amount" in roles and not split)
    unused = ("credit", "debit") if signed else ("amount",)
    return {role: positions for role, positions in roles.items() if role not in unused}


def _detected(role: str, names: list[str]) -> tuple[int, ...]:
    """Where a role's best-known name stands; for the description, every name it goes by."""
    if role == "description":
        return tuple(at for at, name in enumerate(names) if name in NAMES[role])
    return next(((names.index(name),) for name in NAMES[role] if name in names), ())


def _named(given: tuple[str, ...], header: list[str], names: list[str]) -> tuple[int, ...]:
    """Where the given names stand: as written, else without regard to case and accents."""
    return tuple(
        header.index(name) if name in header else names.index(normal(name))
        for name in given
        if name in header or normal(name) in names
    )


def normal(name: str) -> str:
    """A column's name without accents, case, punctuation and currency."""
    name = _SYMBOL.sub(" ", _CODE.sub(" ", name))
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[a-z0-9]+", kept))
