"""The flags `--key`, `--memo`, `--at`, `--by`, `--dry-run`, and the request they make."""

import argparse
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


def add_request_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--key`, `--memo`, `--at`, `--by` and `--dry-run`."""
    parser.add_argument("--key", help="idempotency key: makes a repeat safe")
    parser.add_argument("--memo", default="", help="a note for people")
    parser.add_argument(
        "--at", metavar="TIME", help="when it happened, such as 2026-03-31T12:00 (default: now)"
    )
    add_actor_flags(parser)


def add_actor_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--by` and `--dry-run`."""
    parser.add_argument(
        "--by", metavar="EMAIL", help="the member who acts, with their role (default: the system)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the result and write nothing")


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """A budget, and the options of a verb on it."""

    budget: Budget
    options: RequestOptions

    @classmethod
    def from_flags(
        cls, budget: Budget, *, key: str | None, memo: str, at: str | None, **_: Any
    ) -> Self:
        """Read the flags of `add_request_flags`. Raises BadQuestion for an unreadable time."""
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
