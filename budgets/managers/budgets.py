"""Budgets: found one, find one."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError

from budgets import money
from budgets.errors import BadRule, UnknownBudget
from tenants.errors import ConstraintBroken
from tenants.managers import TenantManager

if TYPE_CHECKING:
    from budgets.models import Budget
    from tenants.models import Membership


class BudgetManager(TenantManager["Budget"]):
    """The budgets of the tenant in force."""

    def create_budget(
        self, name: str, currency: str, *, owner: "Membership | None" = None
    ) -> "Budget":
        """Found a budget with its one money bucket; its currency is fixed from now on.

        Raises UnknownCurrency, and BadRule when an open budget has the name.
        """
        exponent = money.exponent(currency)
        budget = self.model(
            name=named(name), currency=currency.upper(), exponent=exponent, owner=owner
        )
        try:
            budget.save(force_insert=True)
        except ConstraintBroken as error:
            if error.constraint != "budgets_budget_open_name_once":
                raise
            raise BadRule(f"there is an open budget {name!r} already", name=name) from error
        budget.buckets.create_money(budget)
        return budget

    def called(self, name: str) -> "Budget":
        """The open budget of that name, whatever its case, or id. Raises UnknownBudget."""
        rows = self.filter(archived_at=None)
        try:
            found = rows.filter(name__iexact=name).first() or rows.filter(pk=UUID(name)).first()
        except (ValueError, ValidationError):
            found = None
        if found is None:
            raise UnknownBudget(f"there is no budget {name!r} here", name=name)
        return found


def named(name: str) -> str:
    """A name fit for a budget or a bucket. Raises BadRule when it is empty or too long."""
    if not 0 < len(name := name.strip()) <= 200:
        raise BadRule("a name has 1 to 200 characters", name=name)
    return name
