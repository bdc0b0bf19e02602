"""Readers of bank statements: OFX, QFX, QIF, camt.053, MT940 and CSV files to lines. No database.

    file = read(path)
    surveyed = survey(file, decimals=2)
    for line in surveyed.lines():
        ...

A file is opened and read once: into memory, or into a temporary file when it is long. All later
passes read that copy, so a file that changes or disappears meanwhile changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import ClassVar, Protocol

from budgets.errors import BadStatement
from budgets.statements.camt import CamtFile
from budgets.statements.column_roles import Hints
from budgets.statements.csvfile import CsvFile
from budgets.statements.formats import StatementFormat
from budgets.statements.heads import first_rows
from budgets.statements.lines import Account, Finding, Line, PageBalances, numbered
from budgets.statements.misfits import Misfit
from budgets.statements.mt940 import Mt940File
from budgets.statements.ofx import OfxFile
from budgets.statements.qif import QifFile
from budgets.statements.source import Source, inspect
from budgets.statements.survey import Survey, survey
from budgets.statements.unread import HEAD, READ, refuse_unread

__all__ = [
    "READ",
    "Account",
    "Finding",
    "Hints",
    "Line",
    "Misfit",
    "PageBalances",
    "StatementFile",
    "StatementFormat",
    "Survey",
    "header_rows",
    "inspect",
    "read",
    "recognise",
    "survey",
]

_NO_HINTS = Hints()


class Reader(Protocol):
    """A file of one format. The constructor raises BadStatement for one that cannot be read.

    `accounts` are those of the file, one of "" when it names none. `lines` and `balances` read the
    file anew at each call; a unit of its currency has `decimals` decimals.
    """

    format: ClassVar[str]
    accounts: tuple[Account, ...]

    def __init__(self, source: Source, hints: Hints) -> None: ...

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Whether the content looks like this format."""
        ...

    def lines(self, decimals: int) -> Iterator[Line]:
        """The lines in the file's order. Raises BadStatement at the first bad one."""
        ...

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """What the file says of balances before and after its lines. Raises BadStatement."""
        ...

    def findings(self) -> Iterator[Finding]:
        """How the file was understood, for a person."""
        ...


READERS: tuple[type[Reader], ...] = (
    CamtFile,
    Mt940File,
    OfxFile,
    QifFile,
    CsvFile,
)
"""In the order of asking; the last takes whatever is left."""


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file that was read once and recognised; `sha256` is of all its bytes.

    `format` is a value of `StatementFormat`. `accounts` are those of the file, or the one that was
    picked: `account`, which is "" for all of them.
    """

    path: Path
    sha256: str
    format: str
    accounts: tuple[Account, ...]
    account: str
    _file: Reader

    @property
    def header(self) -> tuple[str, ...]:
        """The names of a table's columns, () in other formats."""
        return self._file.header if isinstance(self._file, CsvFile) else ()

    @property
    def currency(self) -> str:
        """The currency of its accounts, "" when they name none; the first of several."""
        return self.accounts[0].currency

    def lines(self, decimals: int) -> Iterator[Line]:
        """Parse the lines, in the file's order; a unit of its currency has `decimals` decimals.

        Each call parses anew what was read once. Raises BadStatement at the first bad line, so a
        file is valid after a complete pass.
        """
        return numbered(self._picked(decimals))

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """What the file says of the balances of its accounts, for the lines' `page`."""
        for balances in self._file.balances(decimals):
            if self.account in ("", balances.account):
                yield balances
            elif self._names_no_account:
                yield replace(balances, account=self.account)

    def findings(self) -> Iterator[Finding]:
        """How each part of the file was understood, and why."""
        return self._file.findings()

    @property
    def names_account(self) -> bool:
        """Whether the file itself says of which accounts it is."""
        return not self._names_no_account

    def _picked(self, decimals: int) -> Iterator[Line]:
        unnamed = self._names_no_account
        for line in self._file.lines(decimals):
            if not self.account or line.account == self.account:
                yield line
            elif unnamed:
                yield line._replace(account=self.account)

    @property
    def _names_no_account(self) -> bool:
        return {account.id for account in self._file.accounts} == {""}


def read(path: Path | str, *, hints: Hints = _NO_HINTS) -> StatementFile:
    """Open and read a file, and recognise its format, its accounts and their currency.

    Raises BadStatement, also for accounts in several currencies unless `hints.account`
    picks one.
    """
    return recognise(inspect(Path(path), hints.encoding), hints)


def recognise(source: Source, hints: Hints) -> StatementFile:
    """The statement in a file that was read; the rest of `read`. Raises BadStatement."""
    refuse_unread(source.head(HEAD))
    file = _reader(source)(source, hints)
    accounts = _selected(file.accounts, hints.account)
    return StatementFile(source.path, source.sha256, file.format, accounts, hints.account, file)


def header_rows(source: Source, delimiters: str = "") -> frozenset[tuple[str, ...]]:
    """The rows one of which may be the header of a table, () alone in other formats.

    `delimiters` are more than the usual ones.
    """
    if _reader(source) is not CsvFile:
        return frozenset([()])
    return first_rows(source, delimiters)


def _reader(source: Source) -> type[Reader]:
    return next(reader for reader in READERS if reader.recognises(source))


def _selected(accounts: tuple[Account, ...], wanted: str) -> tuple[Account, ...]:
    """The wanted account, or all. Raises BadStatement for a stranger, and for two currencies."""
    if wanted and {account.id for account in accounts} == {""}:
        accounts = tuple(replace(account, id=wanted) for account in accounts)
    chosen = tuple(account for account in accounts if wanted in ("", account.id))
    if not chosen:
        there = " or ".join(quote(account.id) for account in accounts)
        raise BadStatement(f"no account {wanted!r} in the file: say --account {there}")
    if len({account.currency for account in chosen}) > 1 < len({each.id for each in chosen}):
        there = ", ".join(
            f"{account.id or 'unnamed'} ({account.currency or 'no currency'})" for account in chosen
        )
        names = " or ".join(quote(account.id) for account in chosen if account.id) or "NAME"
        raise BadStatement(f"the file mixes currencies: {there}; say --account {names}")
    return chosen
