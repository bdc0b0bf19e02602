"""Budgets: their filters, how they are found and read, and the verbs of `BudgetVerbs`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Aggregate, BigIntegerField, Count, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from budgets.cascade.projection import Projection, project
from budgets.errors import BadQuestion, UnknownBudget
from budgets.managers.budgetverbs import BudgetVerbs
from budgets.managers.cleaning import require_amount
from budgets.managers.kinds import CLOSINGS
from budgets.managers.reads import dashboard, moments, months, what_if
from budgets.managers.reads.validation import require_rows
from tenants.local import local
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import MOST, did_you_mean, uuid_of
from tenants.schema.expressions import Comparison, RowValue

if TYPE_CHECKING:
    from budgets.managers.reads.dashboard import Dashboard
    from budgets.managers.reads.moments import Balances
    from budgets.managers.reads.months import CurrencyMonths, Month
    from budgets.managers.reads.what_if import OtherRules, WhatIf
    from budgets.models import Bucket, Budget
    from tenants.models import User


class BudgetQuerySet(TenantQuerySet["Budget"]):
    """Filters on budgets."""

    def open(self) -> Self:
        """Budgets still in use."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        """Budgets no longer in use."""
        return self.exclude(archived_at=None)

    def of(self, user: "User | UUID") -> Self:
        """Budgets that this user owns as a member of the tenant, archived ones too."""
        return self.filter(owner__user__in=[user])  # of None: none, not those without an owner

    def by_name(self) -> Self:
        """In the order of their names."""
        return self.order_by("name")

    def in_lock_order(self) -> Self:
        """As everybody who locks several takes them, so that nobody waits in a circle."""
        return self.order_by("pk")

    def unbalanced(self) -> Self:
        """Budgets whose buckets hold something else than came in less what went out (I2)."""
        net = F("deposited") - F("withdrawn")
        return self.annotate(held=Sum("buckets__balance")).exclude(held=net)

    def misstated(self) -> Self:
        """Budgets whose totals, last number or last time their movements do not have (I2); by id.

        Each with the values of the movements: `ledger_last_movement_seq`, `_deposited`,
        `_withdrawn`, `_last_recorded_at`.
        """
        moved = F("movements__net_amount")
        totals = {
            "last_movement_seq": _whole(Max("movements__seq")),
            "deposited": _whole(Sum(moved, filter=Q(movements__net_amount__gt=0))),
            "withdrawn": -_whole(Sum(moved, filter=Q(movements__net_amount__lt=0))),
            "last_recorded_at": Max("movements__recorded_at"),
        }
        counted = self.annotate(**{f"ledger_{name}": total for name, total in totals.items()})
        differs = Q()
        for name in totals:
            differs |= Q(Comparison(F(name), "IS DISTINCT FROM", F(f"ledger_{name}")))
        return counted.filter(differs).order_by("pk")

    def understated(self) -> Self:
        """Budgets whose version is less than the number of their changes.

        Each movement is one, and each request that changed rules: its versions of buckets share
        the hash, the seq and the time. The movement of a closing bucket counts with its version.
        """
        request = RowValue("from_seq", "effective_at", "request_hash")
        moved = self._count_of("Movement", Count("pk"), ~Q(kind__in=CLOSINGS))
        ruled = self._count_of("BucketVersion", Count(request, distinct=True), Q())
        return self.filter(version__lt=moved + ruled)

    def _count_of(self, model: str, count: Count, condition: Q) -> Coalesce:
        """How many rows of a model a budget has."""
        rows = apps.get_model("budgets", model).objects.filter(condition, budget=OuterRef("pk"))
        counted = rows.order_by().values("budget").annotate(n=count).values("n")
        return Coalesce(Subquery(counted), 0, output_field=BigIntegerField())

    def sequence_gaps(self) -> Self:
        """Budgets whose movements are not numbered 1, 2, 3 to the last (I10)."""
        numbered = self.annotate(
            n=Count("movements"),
            numbers=Count("movements__seq", distinct=True),
            last=Coalesce(Max("movements__seq"), 0),
        )
        last = F("last_movement_seq")
        return numbered.exclude(n=last, numbers=last, last=last)

    def without_one_money_bucket(self) -> Self:
        """Budgets with no money bucket, or several (I12)."""
        money = Count("buckets", filter=Q(buckets__kind="money"))
        return self.annotate(money=money).exclude(money=1)


_Manager = models.Manager.from_queryset(BudgetQuerySet)


class BudgetManager(BudgetVerbs, _Manager["Budget"], TenantManager["Budget"]):
    """The budgets of the tenant in force.

    A read writes nothing and takes no lock. It has the same number of statements however much
    there is to read, and raises BadQuestion (figure `field`) for what cannot be asked, and
    UnknownBudget for a budget of another tenant.
    """

    def get_by_name(self, name: str, *, archived: bool = False) -> "Budget":
        """The open budget of that name, whatever its case, or id.

        With `archived`, one that is archived too, if no open one is called so.
        Raises UnknownBudget, which suggests the nearest names.

        >>> Budget.objects.get_by_name("household") == household
        True
        """
        found = self._called(self.open(), name)
        if found is None and archived:
            found = self._called(self.archived(), name)
        if found is None:
            names = self.open().by_name().values_list("name", flat=True)[:MOST]
            near = did_you_mean(name, names)
            raise UnknownBudget(f"there is no budget {name!r} here{near}", name=name)
        return found

    def _called(self, rows: BudgetQuerySet, name: str) -> "Budget | None":
        """The one of the rows that is called so. Raises UnknownBudget for several."""
        same = list(rows.filter(name__iexact=name)[:2])
        if len(same) > 1:
            raise UnknownBudget(f"several archived budgets are called {name!r}: say the id")
        if not same and (pk := uuid_of(name)):
            same = list(rows.filter(pk=pk))
        return same[0] if same else None

    def dashboard(self, budget: "Budget") -> "Dashboard":
        """The budget at a glance: balances, targets, fill, rules and what moved last.

        >>> seen = Budget.objects.dashboard(household)
        >>> [(bucket.name, bucket.balance, bucket.space) for bucket in seen.buckets]
        [('Rent', 72500, 17500), ('Fun', 2750, None), ('Money', 24750, None)]
        """
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

        >>> then = Budget.objects.balances_at(household, seq=1)
        >>> [bucket.balance for bucket in then.buckets]
        [72500, 2750, 24750]
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

        >>> [month.income for month in Budget.objects.months(household)]
        [100000]
        """
        rows = self.filter(pk=budget.pk)
        return require_rows(months.by_currency(rows, zone or local().zone, last, until))[0].months

    def months_by_currency(
        self, *, zone: tzinfo | None = None, last: int = 12, until: date | None = None
    ) -> "tuple[CurrencyMonths, ...]":
        """The same for all the tenant's budgets, archived ones too: each currency by itself.

        >>> [(each.currency, len(each.months)) for each in Budget.objects.months_by_currency()]
        [('EUR', 1)]
        """
        rows = self.all()
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

        >>> rerun = Budget.objects.what_if(household, {fun: {"filter": Claim(share=500_000)}})
        >>> [(seen.bucket.name, seen.today, seen.would_keep) for seen in rerun.outcomes]
        [('Rent', 72500, 72500), ('Fun', 2750, 13750), ('Money', 24750, 13750)]
        """
        return what_if.what_if(budget, rules, last, with_reversed)

    def projection(
        self, budget: "Budget", deposits: Iterable[tuple[date, int]]
    ) -> "Projection[Bucket]":
        """When each envelope fills if `deposits`, days and minor units in order, come in.

        `projection.monthly` makes a stream; an endless one is cut. Raises BadAmount.

        >>> stream = [(date(2027, 1, 1), 100_00), (date(2027, 2, 1), 100_00)]
        >>> rent_then, fun_then = Budget.objects.projection(household, stream).forecasts
        >>> str(rent_then.day), rent_then.balance, fun_then.day
        ('2027-02-01', 90000, None)
        """
        buckets = require_rows(list(budget.buckets.open().order_by("priority")))
        slots = [bucket.slot() for bucket in buckets if bucket.priority is not None]
        try:
            return project(_amounts(deposits), slots)
        except ValueError as error:
            raise BadQuestion(str(error), field="deposits") from error


def _amounts(deposits: Iterable[tuple[date, int]]) -> Iterator[tuple[date, int]]:
    for day, amount in deposits:
        require_amount(amount)
        yield day, amount


def _whole(total: Aggregate) -> Coalesce:
    """A total that is 0 where there is nothing to add up."""
    return Coalesce(total, 0, output_field=BigIntegerField())
