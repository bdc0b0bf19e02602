"""The accounts and currencies that the rows of a CSV name."""

import re
from dataclasses import dataclass, field

from budgets.errors import BadStatement
from budgets.statements.amounts import written_currency
from budgets.statements.cells import bare
from budgets.statements.clues import place, row_refusal
from budgets.statements.column_roles import MONEY, Columns
from budgets.statements.lines import Account
from budgets.statements.records import currency_code

_CODE = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class RowAccounts:
    """The accounts that rows name, with their currencies; see `found`."""

    columns: Columns
    _seen: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def see(self, number: int, at: int, cells: list[str]) -> None:
        """Take a row into account. Raises BadStatement for what is no currency."""
        account, currency = (
            "" if (where := self.columns.first(role)) is None else bare(cells[where])
            for role in ("account", "currency")
        )
        currency = self._beside_sum(number, at, cells, currency)
        if (account, currency) in self._seen:
            return
        self._seen[account, currency] = (number, at)
        if currency and not _CODE.fullmatch(currency_code(currency)):
            name = self.columns.name("currency")
            raise BadStatement(
                f"{place(number, at)}: column {name!r} {currency[:60]!r} is not a currency code; "
                "say --currency-column '' to ignore the column"
            )

    def _beside_sum(self, number: int, at: int, cells: list[str], named: str) -> str:
        """The currency in the cell of a sum, or `named`. Raises BadStatement if they differ."""
        for role in MONEY:
            where = self.columns.first(role)
            text = "" if where is None else bare(cells[where])
            written = written_currency(text)
            if written and named and currency_code(named) != written:
                raise row_refusal(number, at, [f"the sum {text[:60]!r} is not in {named[:60]!r}"])
            named = written or named
        return named

    @property
    def currency(self) -> str:
        """That of rows which name none. Raises BadStatement if it can be one of several."""
        named = {currency_code(currency) for _, currency in self._seen if currency}
        blank = next((where for (_, currency), where in self._seen.items() if not currency), None)
        if blank and len(named | {self.columns.currency or next(iter(named), "")}) > 1:
            there = " and ".join(sorted(named))
            column = self.columns.name("currency")
            empty = f"column {column!r} is empty" if column else "no currency is named"
            raise row_refusal(*blank, [f"{empty}, and other lines are in {there}"])
        return named.pop() if len(named) == 1 else self.columns.currency

    def found(self) -> tuple[Account, ...]:
        """Each account with each of its currencies, one of "" for a file that names none."""
        default = self.currency
        pairs = {
            Account(account, currency_code(currency) or default): None
            for account, currency in self._seen
        }
        return tuple(pairs) or (Account("", default),)
