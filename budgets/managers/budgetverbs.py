"""The verbs that make and keep budgets, shared by PostgreSQL and ledgers in memory."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from budgets.errors import UnknownCurrency
from budgets.managers.cleaning import clean_name
from budgets.managers.writer import LedgerWriter
from budgets.money import currencies
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Budget
    from tenants.models import Membership


class BudgetVerbs:
    """Creates budgets, renames them and puts them away."""

    @property
    @abstractmethod
    def _writer(self) -> LedgerWriter: ...

    @abstractmethod
    def _tenant_currency(self) -> str | None:
        """The currency that the tenant has set, if any."""

    @abstractmethod
    def _require_room(self) -> None:
        """Raise QuotaReached when the tenant has all the budgets that it may have."""

    @abstractmethod
    def _save(self, budget: "Budget", columns: Sequence[str] = ()) -> None:
        """Insert a budget, or update columns. Raises BadRule when an open budget has the name."""

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
        self._require_room()
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
            self._require_room()
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
