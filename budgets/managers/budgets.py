"""The manager of budgets: it creates, finds, renames and archives them."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.apps import apps
from django.db import connections, models, transaction
from django.db.models import Aggregate, BigIntegerField, Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets.errors import BadRule, UnknownBudget, UnknownCurrency
from budgets.managers.reads.budgets import BudgetReads
from budgets.money import currencies
from budgets.roles import verb
from tenants.access import quotas
from tenants.context import current_tenant_id
from tenants.errors import ConstraintBroken
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import MOST, did_you_mean, uuid_of

if TYPE_CHECKING:
    from budgets.models import Budget
    from tenants.models import Membership, User

CONTROL = re.compile(r"[\x01-\x1f\x7f-\x9f]")
LONGEST_NAME = 255
"""Characters in the name of a budget, a bucket or a schedule."""
UNSAID = "say a currency, such as EUR: the tenant has not set one"

TOTALS = """
UPDATE budgets_budget AS b
SET version = t.version, last_seq = t.last_seq, deposited = t.deposited,
    withdrawn = t.withdrawn, last_recorded_at = t.last_recorded_at, updated_at = %(now)s
FROM unnest(%(pk)s::uuid[], %(version)s::bigint[], %(last_seq)s::bigint[], %(deposited)s::bigint[],
    %(withdrawn)s::bigint[], %(last_recorded_at)s::timestamptz[])
    AS t (id, version, last_seq, deposited, withdrawn, last_recorded_at)
WHERE b.tenant_id = %(tenant)s AND b.id = t.id
"""


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

    def miscounted(self) -> Self:
        """Budgets whose totals are not those of their movements (I2)."""
        moved = _whole(Sum("movements__external"))
        net = F("deposited") - F("withdrawn")
        return self.annotate(moved=moved).exclude(moved=net)

    def misstated(self) -> Self:
        """Budgets whose totals, or whose last number, their movements do not have; by id.

        Each with what the movements say: `ledger_last_seq`, `_deposited`, `_withdrawn`.
        """
        moved = F("movements__external")
        says = {
            "last_seq": _whole(Max("movements__seq")),
            "deposited": _whole(Sum(moved, filter=Q(movements__external__gt=0))),
            "withdrawn": -_whole(Sum(moved, filter=Q(movements__external__lt=0))),
        }
        told = self.annotate(**{f"ledger_{name}": said for name, said in says.items()})
        return told.exclude(**{name: F(f"ledger_{name}") for name in says}).order_by("pk")

    def sequence_gaps(self) -> Self:
        """Budgets whose movements are not numbered 1, 2, 3 to the last (I10)."""
        numbered = self.annotate(
            n=Count("movements"),
            numbers=Count("movements__seq", distinct=True),
            last=Coalesce(Max("movements__seq"), 0),
        )
        last = F("last_seq")
        return numbered.exclude(n=last, numbers=last, last=last)

    def without_one_money_bucket(self) -> Self:
        """Budgets with no money bucket, or several (I12)."""
        money = Count("buckets", filter=Q(buckets__kind="money"))
        return self.annotate(money=money).exclude(money=1)


_Manager = models.Manager.from_queryset(BudgetQuerySet)


class BudgetManager(BudgetReads, _Manager["Budget"], TenantManager["Budget"]):
    """The budgets of the tenant in force."""

    @verb("budgets.create")
    def create_budget(
        self, name: str, currency: str | None = None, *, owner: "Membership | None" = None
    ) -> "Budget":
        """Found a budget with its one money bucket; its currency is fixed from now on.

        Without a currency it has the one that the tenant has set. Raises UnknownCurrency,
        QuotaReached, and BadRule when an open budget has the name.
        """
        if currency is None:
            currency = _default_currency()
        exponent = currencies.exponent(currency)
        budget = self.model(
            name=clean_name(name), currency=currency.upper(), exponent=exponent, owner=owner
        )
        quotas.require("budgets")
        with self._naming(name):
            budget.save(force_insert=True)
        budget.buckets.create_money(budget)
        return budget

    @verb("budgets.rename")
    def rename(self, budget: "Budget", name: str) -> "Budget":
        """Give it another name. Raises BadRule when an open budget has it."""
        return self._change(budget, name=clean_name(name))

    @verb("budgets.archive")
    def archive(self, budget: "Budget") -> "Budget":
        """Put it away: no money comes in, its schedules rest, its name is free again.

        What it holds may still move and go. An archived one stays as it is.
        """
        return self._change(budget, archived_at=timezone.now())

    @verb("budgets.archive")
    def unarchive(self, budget: "Budget") -> "Budget":
        """Take it into use again.

        Raises QuotaReached, and BadRule when an open budget has got its name.
        """
        budget.acquire()
        if budget.archived_at:
            quotas.require("budgets")
        return self._change(budget, archived_at=None)

    def _change(self, budget: "Budget", **columns: Any) -> "Budget":
        """Write what is new of a budget under its lock; a version more, if anything is."""
        budget.acquire()
        if budget.archived_at and columns.get("archived_at"):
            return budget
        if all(getattr(budget, name) == value for name, value in columns.items()):
            return budget
        for name, value in (columns | {"version": budget.version + 1}).items():
            setattr(budget, name, value)
        with self._naming(budget.name):
            budget.save(update_fields=[*columns, "version"])
        return budget

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Raise BadRule for a name that another open budget has; the block stays usable."""
        try:
            with transaction.atomic(using=self.db):
                yield
        except ConstraintBroken as error:
            if error.constraint != "budgets_budget_open_name_once":
                raise
            raise BadRule(f"there is an open budget {name!r} already", name=name) from error

    @verb("ledger.write")
    def write_totals(self, budgets: "Collection[Budget]") -> None:
        """Write the totals of budgets that movements were just counted in, in one statement."""
        columns = ("pk", "version", "last_seq", "deposited", "withdrawn", "last_recorded_at")
        values: dict[str, Any] = {
            name: [getattr(budget, name) for budget in budgets] for name in columns
        }
        with connections[self.db].cursor() as cursor:
            cursor.execute(TOTALS, {"tenant": current_tenant_id(), "now": timezone.now(), **values})

    def get_by_name(self, name: str, *, archived: bool = False) -> "Budget":
        """The open budget of that name, whatever its case, or id.

        With `archived`, one that is archived too, if no open one is called so.
        Raises UnknownBudget, which suggests the nearest names.
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


def _default_currency() -> str:
    """The one that the tenant in force has set. Raises UnknownCurrency when it has set none."""
    settings = apps.get_model("tenants.TenantSettings").objects.current()
    if (currency := settings.values.currency) is None:
        raise UnknownCurrency(UNSAID)
    return str(currency)


def clean_name(name: str) -> str:
    """A name fit for a budget, a bucket or a schedule.

    Raises BadRule when it is empty, too long, or has a control character: a terminal obeys those.
    """
    if not 0 < len(name := name.strip()) <= LONGEST_NAME:
        raise BadRule(f"a name has 1 to {LONGEST_NAME} characters", name=name)
    if CONTROL.search(name):
        raise BadRule(f"a name has no control characters: {name!a}", name=name)
    return name


def _whole(total: Aggregate) -> Coalesce:
    """A total that is 0 where there is nothing to add up."""
    return Coalesce(total, 0, output_field=BigIntegerField())
