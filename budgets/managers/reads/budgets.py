"""The questions about budgets, as methods of their manager."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, cast

from budgets.cascade.projection import Projection, project
from budgets.errors import BadQuestion
from budgets.managers.posting import require_amount
from budgets.managers.reads import dashboard, moments, months, what_if
from budgets.managers.reads.asked import found
from tenants.local import local

if TYPE_CHECKING:
    from budgets.managers.budgets import BudgetQuerySet
    from budgets.managers.reads.dashboard import Dashboard
    from budgets.managers.reads.moments import Balances
    from budgets.managers.reads.months import CurrencyMonths, Month
    from budgets.managers.reads.what_if import OtherRules, WhatIf
    from budgets.models import Bucket, Budget


class BudgetReads:
    """Mixed into the manager of budgets. Each writes nothing and takes no lock.

    Every method has the same number of statements however much there is to read, and raises
    BadQuestion (figure `field`) for what cannot be asked, UnknownBudget for another tenant's.
    """

    def dashboard(self, budget: "Budget") -> "Dashboard":
        """The budget at a glance: balances, targets, fill, rules and what moved last."""
        return dashboard.dashboard(budget)

    def balances_at(
        self,
        budget: "Budget",
        *,
        effective: datetime | None = None,
        recorded: datetime | None = None,
        seq: int | None = None,
    ) -> "Balances":
        """What every bucket held as of one of three: say which.

        effective   counting what had happened in the world by then, whenever it was entered
        recorded    as the ledger stood then, whatever was entered later
        seq         as the ledger stood after that movement; 0 is before the first
        """
        return moments.balances(budget, effective, recorded, seq)

    def months(
        self,
        budget: "Budget",
        *,
        zone: tzinfo | None = None,
        last: int = 12,
        until: date | None = None,
    ) -> "tuple[Month, ...]":
        """Income, withdrawals and fill of the `last` months, the oldest first.

        Deposits are income; what a reversal takes back is taken off in the month of the
        reversal. The last month is that of `until`, or else the present one, whatever is dated
        ahead; one begins at midnight in `zone` (default: the tenant's). None is from before money
        first moved.
        """
        rows = cast("BudgetQuerySet", self).filter(pk=budget.pk)
        return found(months.by_currency(rows, zone or local().zone, last, until))[0].months

    def months_by_currency(
        self, *, zone: tzinfo | None = None, last: int = 12, until: date | None = None
    ) -> "tuple[CurrencyMonths, ...]":
        """The same for all the tenant's budgets, archived ones too: each currency by itself."""
        rows = cast("BudgetQuerySet", self).all()
        return months.by_currency(rows, zone or local().zone, last, until)

    def what_if(
        self,
        budget: "Budget",
        rules: "Mapping[Bucket, OtherRules]",
        *,
        last: int = 12,
        with_reversed: bool = False,
    ) -> "WhatIf":
        """What the `last` deposits through the cascade would have done under other rules.

        The rules are those of today but for what `rules` changes, on all of the deposits. They
        follow each other from the balances before the first, nothing else moving between; the
        difference is from the rules of today under the same assumption.
        Deposits that were reversed since are passed over, unless `with_reversed`.

        Raises UnknownBucket, BucketClosed, and BadRule for rules no bucket can have.
        """
        return what_if.what_if(budget, rules, last, with_reversed)

    def projection(
        self, budget: "Budget", deposits: Iterable[tuple[date, int]]
    ) -> "Projection[Bucket]":
        """When each envelope fills if `deposits`, days and minor units in order, come in.

        `projection.monthly` makes a stream; an endless one is cut. Raises BadAmount.
        """
        buckets = found(list(budget.buckets.open().order_by("priority")))
        slots = [bucket.slot() for bucket in buckets if bucket.priority is not None]
        try:
            return project(_amounts(deposits), slots)
        except ValueError as error:
            raise BadQuestion(str(error), field="deposits") from error


def _amounts(deposits: Iterable[tuple[date, int]]) -> Iterator[tuple[date, int]]:
    for day, amount in deposits:
        require_amount(amount)
        yield day, amount
