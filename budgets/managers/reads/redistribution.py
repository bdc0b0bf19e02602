"""What went from the money bucket to envelopes by redistribution, and when last.

All of it is read from the ledger. What was reversed since is not counted.
"""

from collections import defaultdict
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import BigIntegerField, Case, DateField, Max, OuterRef, Subquery, Sum, When
from django.db.models.functions import Coalesce, TruncMonth

from budgets.managers.kinds import REDISTRIBUTIONS

if TYPE_CHECKING:
    from budgets.managers.budgets import BudgetQuerySet


def columns_of_buckets() -> dict[str, Case]:
    """For rows of buckets: `redistributed` (minor units) and `last_redistributed_at`.

    PostgreSQL looks for the money bucket alone; all others have none.
    """
    entries = apps.get_model("budgets.Entry").objects.filter(
        bucket=OuterRef("pk"),
        movement__budget=OuterRef("budget"),  # by its kind, in the index of movements
        movement__kind__in=REDISTRIBUTIONS,
        movement__reversals=None,
    )
    total = entries.order_by().values("bucket").annotate(gave=-Sum("amount")).values("gave")
    newest = entries.order_by("-movement__seq").values("movement__effective_at")[:1]
    return {
        "redistributed": _of_money(Coalesce(Subquery(total), 0, output_field=BigIntegerField())),
        "last_redistributed_at": _of_money(Subquery(newest)),
    }


def _of_money(expression: Any) -> Case:
    return Case(When(kind="money", then=expression))


type Redistributed = tuple[int, datetime | None]
"""What money buckets gave less what came back, and when the last that stands was given."""


def by_month(
    budgets: "BudgetQuerySet", zone: tzinfo
) -> dict[tuple[str, int], dict[date, Redistributed]]:
    """That of each month by currency and exponent; one statement, led by the kind of movements.

    What a reversal takes back is taken off in the month of the reversal.
    """
    movements = apps.get_model("budgets.Movement").objects.filter(
        budget__in=budgets, kind__in=REDISTRIBUTIONS, entries__bucket__kind="money"
    )
    months = (_month_of(moment, zone) for moment in ("effective_at", "reversals__effective_at"))
    rows = movements.values_list("budget__currency", "budget__exponent", *months)
    given: dict[tuple[str, int], dict[date, Redistributed]] = defaultdict(
        lambda: defaultdict(_nothing)
    )
    for currency, exponent, month, undone, gave, last in rows.annotate(
        gave=-Sum("entries__amount"), last=Max("effective_at")
    ):
        months_of = given[currency, exponent]
        before, latest = months_of[month]
        if undone is not None:
            months_of[month] = before + gave, latest
            back, latest = months_of[undone]
            months_of[undone] = back - gave, latest
        else:
            months_of[month] = before + gave, last
    return given


def _nothing() -> Redistributed:
    return 0, None


def _month_of(moment: str, zone: tzinfo) -> TruncMonth:
    return TruncMonth(moment, output_field=DateField(), tzinfo=zone)
