"""What the ledger says about balances and totals, where they say otherwise."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from budgets.models import Bucket, Budget

_SAYS = "ledger_"


def repair(*, apply: bool) -> Iterator[dict[str, Any]]:
    """Yield each column that is not what the entries say, of the tenant in force; write it.

    Budgets are locked first. Run as owner, who may repair what role app could not have broken.
    """
    for budget in Budget.objects.in_lock_order():
        budget.acquire()
    for row in chain(Bucket.objects.balance_mismatch(), Budget.objects.misstated()):
        said = {name: value for name, value in vars(row).items() if name.startswith(_SAYS)}
        ought = {name.removeprefix(_SAYS): value for name, value in said.items()}
        for column, value in ought.items():
            if (was := getattr(row, column)) != value:
                subject = f"{row._meta.verbose_name} {row.pk}"
                yield {"row": subject, "column": column, "was": was, "says": value}
            setattr(row, column, value)
        if apply:
            row.save(update_fields=list(ought))
