"""What the ledger says about balances and totals, where they say otherwise."""

from collections.abc import Iterator
from typing import Any

from django.db.models import BigIntegerField, Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from budgets.models import Bucket, Budget


def repair(*, apply: bool) -> Iterator[dict[str, Any]]:
    """Yield each column that is not what the entries say, of the tenant in force; write it.

    Budgets are locked first. Run as owner, who may repair what role app could not have broken.
    """
    for budget in Budget.objects.order_by("pk"):
        budget.acquire()
    yield from _repaired(Bucket.objects.annotate(**_of_buckets()), _of_buckets(), apply)
    yield from _repaired(Budget.objects.annotate(**_of_budgets()), _of_budgets(), apply)


def _repaired(
    rows: QuerySet[Any, Any], says: dict[str, Any], apply: bool
) -> Iterator[dict[str, Any]]:
    """`says` maps `ledger_COLUMN` to an expression for what COLUMN ought to be."""
    wrong = Q()
    for name in says:
        wrong |= ~Q(**{name.removeprefix("ledger_"): F(name)})
    for row in rows.filter(wrong).order_by("pk"):
        ought = {name.removeprefix("ledger_"): getattr(row, name) for name in says}
        for column, value in ought.items():
            if (was := getattr(row, column)) != value:
                yield {
                    "row": f"{row._meta.verbose_name} {row.pk}",
                    "column": column,
                    "was": was,
                    "says": value,
                }
        if apply:
            type(row).objects.filter(pk=row.pk).update(**ought)


def _sum(path: str, **only: Any) -> Coalesce:
    total = Sum(path, filter=Q(**only)) if only else Sum(path)
    return Coalesce(total, 0, output_field=BigIntegerField())


def _of_buckets() -> dict[str, Any]:
    return {"ledger_balance": _sum("entries__amount"), "ledger_last_seq": Count("entries")}


def _of_budgets() -> dict[str, Any]:
    return {
        "ledger_last_seq": Coalesce(Max("movements__seq"), 0, output_field=BigIntegerField()),
        "ledger_deposited": _sum("movements__external", movements__external__gt=0),
        "ledger_withdrawn": -_sum("movements__external", movements__external__lt=0),
    }
