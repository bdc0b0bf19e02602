"""The closing balances of statements that follow one another. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from budgets.statements import PageBalances, Survey
from budgets.statements.misfits import plain

_DAY = timedelta(days=1)


def stored_balances(balances: PageBalances) -> dict[str, Any]:
    """The JSON object that a Statement stores for balances; amounts are in minor units."""
    return {
        "account": balances.account,
        "currency": balances.currency,
        "opening": balances.opening,
        "closing": balances.closing,
        "first": balances.first and balances.first.isoformat(),
        "last": balances.last and balances.last.isoformat(),
    }


def balance_gaps(
    later: Iterable[PageBalances],
    earlier: Sequence[Mapping[str, Any]],
    surveyed: Survey,
    decimals: int,
) -> list[str]:
    """A sentence for each closing balance that does not follow from the last one before it."""
    return [
        f"account {each.account or '(not named)'}: the closing balance of {each.last} should be "
        f"{plain(expected, decimals)} after that of {previous['last']} and the lines since, and is "
        f"{plain(closing, decimals)}"
        for each in later
        if (closing := each.closing) is not None
        if (previous := _previous(each, earlier))
        if (expected := _expected(each, previous, surveyed)) != closing
    ]


def _previous(
    balances: PageBalances, earlier: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The stored balances of the account whose period touches this one and ends last before it."""
    touching = [stored for stored in earlier if _touches(balances, stored)]
    return max(touching, key=lambda stored: str(stored["last"]), default=None)


def _touches(balances: PageBalances, stored: Mapping[str, Any]) -> bool:
    if stored["closing"] is None or stored["last"] is None:
        return False
    if balances.first is None or balances.last is None:
        return False
    same = (stored["account"], stored["currency"]) == (balances.account, balances.currency)
    end = date.fromisoformat(stored["last"])
    return same and balances.first - _DAY <= end < balances.last


def _expected(balances: PageBalances, stored: Mapping[str, Any], surveyed: Survey) -> int:
    since = date.fromisoformat(stored["last"])
    closing: int = stored["closing"]
    return closing + sum(_amounts(balances, surveyed, since))


def _amounts(balances: PageBalances, surveyed: Survey, since: date) -> Iterator[int]:
    for line in surveyed.lines():
        if line.page == balances.page and line.posted > since and not line.not_booked:
            yield line.amount
