"""What commands on one budget share."""

import argparse
from collections.abc import Callable
from typing import override

from budgets import money
from budgets.cascade import Claim
from budgets.errors import BadAmount
from budgets.models import Budget
from tenants.context import run_for
from tenants.management.base import Command
from tenants.models import Tenant


class BudgetCommand(Command):
    """A command with `--tenant` and `--budget`."""

    @override
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="whose budget")
        parser.add_argument("--budget", required=True, metavar="NAME", help="its name, or its id")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def on_budget[T](self, slug: str, name: str, work: Callable[[Budget], T]) -> T:
        """Do `work` on the named budget, in one transaction that is retried as a whole.

        Raises UnknownTenant and UnknownBudget.
        """
        tenant_id = Tenant.objects.id_of(slug)
        return run_for(tenant_id, lambda: work(Budget.objects.called(name)))


def locale_named(name: str) -> str:
    """The name of a locale there is. Raises BadAmount."""
    return money.locale_named(name).name


def claim(budget: Budget, text: str) -> Claim:
    """A percentage, or a sum in the budget's currency. Raises BadRule and BadAmount."""
    if text.endswith("%"):
        return Claim(share=money.percent(text[:-1].strip()))
    return Claim(flat=rule_sum(budget, text))


def rule_sum(budget: Budget, text: str) -> int:
    """A sum of nothing or more: a filter of 0 and a target of 0 are rules. Raises BadAmount."""
    minor = money.parse(text, budget.currency, signed=True, exponent=budget.exponent)
    if minor < 0:
        raise BadAmount(f"a rule's sum is not less than zero: {text!r}")
    return minor
