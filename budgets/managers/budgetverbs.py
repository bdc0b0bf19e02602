"""The verbs that make and keep budgets, shared by PostgreSQL and ledgers in memory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction

from budgets.errors import BadRule, UnknownCurrency
from budgets.managers.cleaning import clean_name
from budgets.managers.writer import LedgerVerbs
from budgets.money import currencies
from budgets.roles import verb
from tenants.managers.verbs import refused_as

if TYPE_CHECKING:
    from budgets.models import Budget
    from tenants.models import Membership


class BudgetVerbs(LedgerVerbs):
    """Creates budgets, renames them and puts them away."""

    @verb("budgets.create")
    def create_budget(
        self, name: str, currency: str | None = None, *, owner: "Membership | None" = None
    ) -> "Budget":
        """Create a budget with its one money bucket; its currency is fixed from now on.

        Without a currency it has the one that the tenant has set. Raises UnknownCurrency,
        QuotaReached, and BadRule when an open budget has the name.

        >>> trip = Budget.objects.create_budget("Trip", "EUR", owner=ana_member)
        >>> trip.version, trip.buckets.money().balance
        (1, 0)
        """
        if currency is None and (currency := self._tenant_currency()) is None:
            raise UnknownCurrency("say a currency, such as EUR: the tenant has not set one")
        budget: Budget = self._writer.make(
            "Budget",
            exponent=currencies.exponent(currency),
            name=clean_name(name),
            currency=currency.upper(),
            owner=owner,
        )
        self._writer.require_quota("budgets")
        self._save(budget)
        self._writer.add_money_bucket(budget)
        return budget

    @verb("budgets.rename")
    def rename(self, budget: "Budget", name: str) -> "Budget":
        """Give it another name. Raises BadRule when an open budget has it.

        >>> Budget.objects.rename(household, "Family").name
        'Family'
        """
        return self._change(budget, name=clean_name(name))

    @verb("budgets.archive")
    def archive(self, budget: "Budget") -> "Budget":
        """Put it away: no money comes in, its schedules rest, its name is free again.

        What it holds may still move and go. An archived one stays as it is.

        >>> archived = Budget.objects.archive(household)
        >>> Movement.objects.deposit(archived, 5_00)
        Traceback (most recent call last):
        budgets.errors.BudgetArchived: ...
        """
        return self._change(budget, archived_at=self._writer.now())

    @verb("budgets.archive")
    def unarchive(self, budget: "Budget") -> "Budget":
        """Take it into use again.

        Raises QuotaReached, and BadRule when an open budget has got its name.

        >>> archived = Budget.objects.archive(household)
        >>> Budget.objects.unarchive(archived).archived_at is None
        True
        """
        self._writer.lock(budget)
        if budget.archived_at:
            self._writer.require_quota("budgets")
        return self._change(budget, archived_at=None)

    def _change(self, budget: "Budget", **values: Any) -> "Budget":
        """Write what is new of a budget under its lock; a version more, if anything is."""
        self._writer.lock(budget)
        if budget.archived_at and values.get("archived_at"):
            return budget
        if all(getattr(budget, name) == value for name, value in values.items()):
            return budget
        for name, value in (values | {"version": budget.version + 1}).items():
            setattr(budget, name, value)
        self._save(budget, [*values, "version"])
        return budget

    def _tenant_currency(self) -> str | None:
        """The currency that the tenant has set, if any."""
        settings = apps.get_model("tenants.TenantSettings").objects.current()
        currency: str | None = settings.values.currency
        return currency

    def _save(self, budget: "Budget", columns: Sequence[str] = ()) -> None:
        """Insert a budget, or update columns. Raises BadRule when an open budget has the name."""
        refusals = {"budgets_budget_open_name_once": name_taken(budget)}
        with refused_as(refusals), transaction.atomic(self.db):
            budget.save(force_insert=not columns, update_fields=columns or None)


def name_taken(budget: "Budget") -> BadRule:
    """The refusal of a name that another open budget has."""
    name = budget.name
    return BadRule(f"there is an open budget {name!r} already", name=name)
