"""Bank statements, read: OFX, QFX and CSV files to lines. No database.

    file = read(path)
    surveyed = survey(file.lines(decimals=2))
    for line in surveyed.lines():
        ...

A file is opened and read once: into memory, or into a temporary file when it is long. All later
passes read that copy, so a file that changes or disappears meanwhile changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from budgets.errors import BadStatement
from budgets.statements.column_roles import Hints
from budgets.statements.csvfile import CsvFile
from budgets.statements.lines import Account, Line, numbered
from budgets.statements.ofx import OfxFile, looks_like_ofx
from budgets.statements.source import inspect
from budgets.statements.survey import Survey, survey

__all__ = [
    "Account",
    "Hints",
    "Line",
    "StatementFile",
    "Survey",
    "read",
    "survey",
]

_NO_HINTS = Hints()


type _File = OfxFile | CsvFile


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file that was read once and recognised; `sha256` is of all its bytes.

    `format` is "ofx" or "csv". `accounts` are those of the file, or the one that was picked:
    `account`, which is "" for all of them.
    """

    path: Path
    sha256: str
    format: str
    accounts: tuple[Account, ...]
    account: str
    _file: _File

    @property
    def currency(self) -> str:
        """The currency of its accounts, "" when they name none."""
        return self.accounts[0].currency

    def lines(self, decimals: int) -> Iterator[Line]:
        """Parse the lines, in the file's order; a unit of its currency has `decimals` decimals.

        Each call parses anew what was read once. Raises BadStatement at the first bad line, so a
        file is valid after a complete pass.
        """
        return numbered(self._picked(decimals))

    def _picked(self, decimals: int) -> Iterator[Line]:
        names = {account.id for account in self._file.accounts}
        for line in self._file.lines(decimals):
            if not self.account or line.account == self.account:
                yield line
            elif names == {""}:
                yield replace(line, account=self.account)


def read(path: Path | str, *, hints: Hints = _NO_HINTS) -> StatementFile:
    """Open and read a file, and recognise its format, its accounts and their currency.

    Raises BadStatement, also for accounts in several currencies unless `hints.account`
    picks one.
    """
    source = inspect(Path(path), hints.encoding)
    file: _File = OfxFile(source) if looks_like_ofx(source) else CsvFile(source, hints)
    accounts = _selected(file.accounts, hints.account)
    return StatementFile(source.path, source.sha256, file.format, accounts, hints.account, file)


def _selected(accounts: tuple[Account, ...], wanted: str) -> tuple[Account, ...]:
    """The wanted account, or all. Raises BadStatement for a stranger, and for two currencies."""
    if wanted and {account.id for account in accounts} == {""}:
        accounts = tuple(replace(account, id=wanted) for account in accounts)
    chosen = tuple(account for account in accounts if wanted in ("", account.id))
    if not chosen:
        there = ", ".join(account.id for account in accounts)
        raise BadStatement(f"no account {wanted!r}; the file has: {there}")
    if len({account.currency for account in chosen}) > 1:
        there = ", ".join(
            f"{account.id or 'unnamed'} ({account.currency or 'no currency'})" for account in chosen
        )
        raise BadStatement(f"the file mixes currencies: {there}; say --account")
    return chosen
