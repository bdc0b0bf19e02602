"""What commands on one budget ask of it: by whom, when, under which key, for real or not."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from django.db import transaction

from budgets.errors import Refused
from budgets.management.base import moment, typed
from budgets.management.tables import shown
from budgets.managers.requests import RequestOptions
from budgets.models import Bucket, Budget
from tenants.local import local


def add_request(parser: argparse.ArgumentParser) -> None:
    """The flags that every verb of a budget has: `--key`, `--memo`, `--at`, `--by`, `--dry-run`."""
    parser.add_argument("--key", help="makes a repeat safe")
    parser.add_argument("--memo", default="", help="a line for people")
    parser.add_argument(
        "--at", metavar="TIME", help="when it happened, such as 2026-03-31T12:00 (default: now)"
    )
    add_by(parser)


def add_by(parser: argparse.ArgumentParser) -> None:
    """The flags `--by` and `--dry-run`."""
    parser.add_argument(
        "--by", metavar="EMAIL", help="the member who asks; their role decides (default: nobody)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show it, and write nothing")


@dataclass(frozen=True, slots=True)
class Request:
    """A budget, and what a verb on it is told besides its amounts."""

    budget: Budget
    options: RequestOptions

    @classmethod
    def of(cls, budget: Budget, *, key: str | None, memo: str, at: str | None, **_: Any) -> Self:
        """As the flags of `add_request` say. Raises BadQuestion for an unreadable time."""
        when = moment(at, local().zone)
        return cls(budget, RequestOptions(key=key, memo=memo, effective_at=when))

    def bucket(self, name: str) -> Bucket:
        """The bucket that is meant. Raises UnknownBucket and BucketClosed."""
        return Bucket.objects.meant(self.budget, name, key=self.options["key"])

    def sum(self, text: str) -> int:
        """A sum as the tenant writes it. Raises BadAmount and WrongCurrency."""
        return typed(self.budget, text)


@contextmanager
def tried(dry_run: bool) -> Iterator[None]:
    """What the block writes can be read until it ends; with `dry_run` it is taken back then."""
    with transaction.atomic():
        yield
        if dry_run:
            transaction.set_rollback(True)


@contextmanager
def sums_told(budget: Budget) -> Iterator[None]:
    """A refusal for want of money or of space says how much there is, as the tenant writes it."""
    try:
        yield
    except Refused as error:
        there = error.figures.get("available", error.figures.get("space"))
        if there is None or "asked" not in error.figures:
            raise
        sums = f"{shown(budget, there)} of {shown(budget, error.figures['asked'])}"
        raise type(error)(f"{error}: {sums}", **error.figures) from error
