"""The flags `--key`, `--memo`, `--at`, `--by`, `--dry-run`, and the request they make."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from django.db import transaction

from budgets.errors import Refused
from budgets.management.base import parse_amount, parse_time
from budgets.management.ledger_tables import amount_text
from budgets.managers.requests import RequestOptions
from budgets.models import Bucket, Budget
from tenants.local import local
from tenants.management.declarations import argument, flag

KEY = argument("--key", "idempotency key: makes a repeat safe")
DRY_RUN = flag("--dry-run", "show the result and write nothing")
ACTOR_FLAGS = (
    argument("--by", "the member who acts, with their role (default: the system)", "EMAIL"),
    DRY_RUN,
)
REQUEST_FLAGS = (
    KEY,
    argument("--memo", "a note for people", default=""),
    argument("--at", "when it happened, such as 2026-03-31T12:00 (default: now)", "TIME"),
    *ACTOR_FLAGS,
)


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """A budget, and the options of a verb on it."""

    budget: Budget
    options: RequestOptions

    @classmethod
    def from_flags(
        cls, budget: Budget, *, key: str | None, memo: str, at: str | None, **_: Any
    ) -> Self:
        """Read the REQUEST_FLAGS. Raises BadQuestion for an unreadable time."""
        when = parse_time(at, local().zone)
        return cls(budget, RequestOptions(key=key, memo=memo, effective_at=when))

    def bucket(self, name: str) -> Bucket:
        """The bucket with that name or id. Raises UnknownBucket and BucketClosed."""
        return Bucket.objects.meant(self.budget, name, key=self.options["key"])

    def amount(self, text: str) -> int:
        """Minor units of an amount in the tenant's locale. Raises BadAmount and WrongCurrency."""
        return parse_amount(self.budget, text)


@contextmanager
def rollback_if(dry_run: bool) -> Iterator[None]:
    """Run the block in a savepoint; with `dry_run` roll it back at the end."""
    with transaction.atomic():
        yield
        if dry_run:
            transaction.set_rollback(True)


@contextmanager
def amounts_in_errors(budget: Budget) -> Iterator[None]:
    """Add the available and the requested amount to a refusal for lack of money or space."""
    try:
        yield
    except Refused as error:
        available = error.figures.get("available", error.figures.get("space"))
        if available is None or "asked" not in error.figures:
            raise
        amounts = (amount_text(budget, each) for each in (available, error.figures["asked"]))
        message = "{}: {} available, {} requested".format(error, *amounts)
        raise type(error)(message, **error.figures) from error
