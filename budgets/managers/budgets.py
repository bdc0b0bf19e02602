"""Budgets: found one, find one."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import connections, models, transaction
from django.db.models import Aggregate, BigIntegerField, Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets import currencies
from budgets.errors import BadRule, UnknownBudget
from budgets.managers.reads.budgets import BudgetReads
from budgets.roles import verb
from tenants.context import current_tenant_id
from tenants.errors import ConstraintBroken
from tenants.managers import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Budget
    from tenants.models import Membership, User

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
    """Filters are adjectives."""

    def open(self) -> Self:
        """Budgets still in use."""
        return self.filter(archived_at=None)

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

    def gapped(self) -> Self:
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
        self, name: str, currency: str, *, owner: "Membership | None" = None
    ) -> "Budget":
        """Found a budget with its one money bucket; its currency is fixed from now on.

        Raises UnknownCurrency, and BadRule when an open budget has the name.
        """
        exponent = currencies.exponent(currency)
        budget = self.model(
            name=named(name), currency=currency.upper(), exponent=exponent, owner=owner
        )
        try:
            with transaction.atomic(using=self.db):  # a refused name leaves the block usable
                budget.save(force_insert=True)
        except ConstraintBroken as error:
            if error.constraint != "budgets_budget_open_name_once":
                raise
            raise BadRule(f"there is an open budget {name!r} already", name=name) from error
        budget.buckets.create_money(budget)
        return budget

    @verb("ledger.write")
    def write_totals(self, budgets: "Collection[Budget]") -> None:
        """Write the totals of budgets that movements were just counted in, in one statement."""
        columns = ("pk", "version", "last_seq", "deposited", "withdrawn", "last_recorded_at")
        values: dict[str, Any] = {
            name: [getattr(budget, name) for budget in budgets] for name in columns
        }
        with connections[self.db].cursor() as cursor:
            cursor.execute(TOTALS, {"tenant": current_tenant_id(), "now": timezone.now(), **values})

    def called(self, name: str) -> "Budget":
        """The open budget of that name, whatever its case, or id. Raises UnknownBudget."""
        rows = self.open()
        found = rows.filter(name__iexact=name).first()
        if found is None and (pk := uuid_of(name)):
            found = rows.filter(pk=pk).first()
        if found is None:
            raise UnknownBudget(f"there is no budget {name!r} here", name=name)
        return found


def named(name: str) -> str:
    """A name fit for a budget or a bucket. Raises BadRule when it is empty or too long."""
    if not 0 < len(name := name.strip()) <= 200:
        raise BadRule("a name has 1 to 200 characters", name=name)
    return name


def _whole(total: Aggregate) -> Coalesce:
    """A total that is 0 where there is nothing to add up."""
    return Coalesce(total, 0, output_field=BigIntegerField())


def uuid_of(text: str) -> UUID | None:
    """The UUID that a text spells; None when it spells none."""
    try:
        return UUID(text)
    except ValueError:
        return None
