"""Bank statements, read: OFX, QFX and CSV files to lines. No database.

    statement = read(path, currency="EUR")
    for line in statement.lines():
        ...

A file is read as often as it takes and never held whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from budgets.errors import BadStatement
from budgets.money import currencies
from budgets.statements.columns import Hints
from budgets.statements.csvfile import CsvFile
from budgets.statements.lines import Account, Line, numbered
from budgets.statements.ofx import OfxFile, looks_like_ofx
from budgets.statements.source import Source, inspect
from budgets.statements.survey import Survey, survey

__all__ = [
    "Account",
    "Header",
    "Hints",
    "Line",
    "Statement",
    "Survey",
    "read",
    "sniff",
    "survey",
]

_NO_HINTS = Hints()


class _File(Protocol):
    """What the formats have in common."""

    @property
    def format(self) -> str: ...
    @property
    def accounts(self) -> tuple[Account, ...]: ...
    def lines(self, decimals: int) -> Iterator[Line]: ...


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself. `format` is "ofx" or "csv"; `accounts` are those picked."""

    format: str
    accounts: tuple[Account, ...]

    @property
    def currency(self) -> str:
        """The currency of its accounts, "" when they name none."""
        return self.accounts[0].currency


@dataclass(frozen=True, slots=True)
class Statement(Header):
    """A file to take lines from, as often as wanted; `sha256` is of all its bytes."""

    path: Path
    sha256: str
    decimals: int
    _file: _File
    _account: str

    @property
    def account(self) -> str:
        """The one account that was asked for, "" for all of them."""
        return self._account

    def lines(self) -> Iterator[Line]:
        """The lines, in the file's order, read anew by each call.

        Raises BadStatement at the first bad one, so a file is good once a whole pass was.
        """
        return numbered(self._chosen())

    def _chosen(self) -> Iterator[Line]:
        names = {account.id for account in self._file.accounts}
        for line in self._file.lines(self.decimals):
            if not self._account or line.account == self._account:
                yield line
            elif names == {""}:
                yield replace(line, account=self._account)


def sniff(path: Path | str, *, hints: Hints = _NO_HINTS) -> Header:
    """Learn the format, the accounts and the currency, before there is a currency to read in.

    Raises BadStatement, also for accounts in several currencies unless `hints.account`
    picks one.
    """
    file = _opened(inspect(Path(path), hints.encoding), hints)
    return Header(file.format, _selected(file.accounts, hints.account))


def read(
    path: Path | str, *, currency: str, exponent: int | None = None, hints: Hints = _NO_HINTS
) -> Statement:
    """Open a statement whose sums are to become minor units of `currency`.

    The caller compares `currency` with the statement's own. An `exponent` somebody kept
    goes before the currency's. Raises BadStatement as `sniff` does; UnknownCurrency.
    """
    decimals = currencies.exponent(currency) if exponent is None else exponent
    source = inspect(Path(path), hints.encoding)
    file = _opened(source, hints)
    accounts = _selected(file.accounts, hints.account)
    return Statement(
        file.format, accounts, source.path, source.sha256, decimals, file, hints.account
    )


def _opened(source: Source, hints: Hints) -> _File:
    return OfxFile(source) if looks_like_ofx(source) else CsvFile(source, hints)


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
