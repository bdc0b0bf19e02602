"""The subcommands of `manage.py bucket`: flags, examples and the call of the manager.

Each takes a BudgetRequest and its flags and returns the bucket or buckets.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from budgets.management.base import parse_claim, parse_rule_amount
from budgets.management.request_flags import BudgetRequest
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget

NONE = "none"
"""The word that removes a target or a hold."""

type ChangedBuckets = Bucket | Sequence[Bucket]


@dataclass(frozen=True, slots=True)
class Verb:
    """One subcommand: its help, examples, flags and call."""

    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[..., ChangedBuckets]


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the name and the flags of a new bucket."""
    parser.add_argument("bucket", metavar="NAME", help="name of the new bucket")
    add_claims(parser)
    parser.add_argument(
        "--target", metavar="SUM", help="balance at which it is full (default: unlimited)"
    )
    parser.add_argument(
        "--priority", type=int, help="position in the cascade, 0 first (default: last)"
    )
    parser.add_argument("--locked", action="store_true", help="exclude it from cascades")


def add_claims(parser: argparse.ArgumentParser) -> None:
    """Add `--filter` and `--hold`."""
    parser.add_argument(
        "--filter",
        required=True,
        metavar="SUM|PERCENT",
        help="flat amount, or share of what arrives: 100.00, 33.3%%",
    )
    parser.add_argument("--hold", metavar="SUM|PERCENT", help="minimum that it keeps")


def parse_claims(budget: Budget, filter: str, hold: str | None) -> dict[str, Any]:
    """The filter and the hold. Raises BadRule and BadAmount."""
    return {
        "filter": parse_claim(budget, filter),
        "hold": None if hold in (None, NONE) else parse_claim(budget, str(hold)),
    }


def parse_target(budget: Budget, text: str | None) -> int | None:
    """A target in minor units; None means unlimited. Raises BadAmount."""
    return None if text in (None, NONE) else parse_rule_amount(budget, str(text))


def add(
    request: BudgetRequest, *, bucket: str, filter: str, hold: str | None, target: str | None,
    priority: int | None, locked: bool, **_: Any,
) -> Bucket:  # fmt: skip
    """Raises BadRule and BadAmount."""
    return Bucket.objects.create_bucket(
        request.budget,
        bucket,
        **parse_claims(request.budget, filter, hold),
        target=parse_target(request.budget, target),
        priority=priority,
        locked=locked,
        **request.options,
    )


def rename(request: BudgetRequest, *, bucket: str, name: str, **_: Any) -> Bucket:
    """Raises BadRule when another open bucket has the name."""
    return Bucket.objects.rename(request.bucket(bucket), name, **request.options)


def rules(
    request: BudgetRequest, *, bucket: str, filter: str, hold: str | None, **_: Any
) -> Bucket:
    """Raises BadRule and BadAmount."""
    both = parse_claims(request.budget, filter, hold)
    return Bucket.objects.set_rules(request.bucket(bucket), **both, **request.options)


def target(request: BudgetRequest, *, bucket: str, sum: str, **_: Any) -> Bucket:
    """Raises BadRule and BadAmount."""
    minor = parse_target(request.budget, sum)
    return Bucket.objects.set_target(request.bucket(bucket), minor, **request.options)


def lock(request: BudgetRequest, *, bucket: str, **_: Any) -> Bucket:
    """Changes nothing when the bucket is locked."""
    return Bucket.objects.lock(request.bucket(bucket), **request.options)


def unlock(request: BudgetRequest, *, bucket: str, **_: Any) -> Bucket:
    """Changes nothing when the bucket is unlocked."""
    return Bucket.objects.unlock(request.bucket(bucket), **request.options)


def reorder(request: BudgetRequest, *, buckets: list[str], **_: Any) -> list[Bucket]:
    """Raises NotAPermutation."""
    order = [request.bucket(name) for name in buckets]
    return Bucket.objects.reorder(request.budget, order, **request.options)


def close(request: BudgetRequest, *, bucket: str, to: str, into: str | None, **_: Any) -> Bucket:
    """Raises BadRule, and the errors of the movement that empties the bucket."""
    return Bucket.objects.close(
        request.bucket(bucket),
        Disposition(to),
        into=None if into is None else request.bucket(into),
        **request.options,
    )


def _add_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bucket", metavar="BUCKET", help="name or id")


def _add_rename(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument("name", metavar="NEW", help="new name")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    add_claims(parser)


def _add_target(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument(
        "sum", metavar="SUM", help=f"balance at which it is full; {NONE}: unlimited"
    )


def _add_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "buckets", nargs="+", metavar="BUCKET", help="each open envelope once, in the new order"
    )


def _add_close(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument(
        "--to",
        required=True,
        choices=[choice.value for choice in Disposition],
        help="where its money goes: to the money bucket, through the cascade, to the bucket of "
        "--into, or out of the budget",
    )
    parser.add_argument("--into", metavar="BUCKET", help="name or id of the bucket for --to bucket")
    parser.add_argument("--yes", action="store_true", help="skip the confirmation")


ON = "--tenant tierney --budget Household"

VERBS = {
    "add": Verb("add a bucket", f"""
  manage.py bucket add Books {ON} --filter 5% --hold 20
  manage.py bucket add Piano {ON} --filter 100 --target 3000 --key piano-2027
""", add_rules, add),
    "rename": Verb("rename a bucket", f"""
  manage.py bucket rename Piano "Grand piano" {ON}
""", _add_rename, rename),
    "rules": Verb("set filter and hold of a bucket; without --hold it has no hold", f"""
  manage.py bucket rules Groceries {ON} --filter 35% --hold 750
""", _add_rules, rules),
    "target": Verb("set the target of a bucket; `release` moves the excess afterwards", f"""
  manage.py bucket target Holiday 2500 {ON}
  manage.py bucket target "Grand piano" none {ON}
""", _add_target, target),
    "lock": Verb("exclude a bucket from cascades", f"""
  manage.py bucket lock Treats {ON} --memo "Saving"
""", _add_one, lock),
    "unlock": Verb("include a locked bucket in cascades again", f"""
  manage.py bucket unlock Treats {ON} --by aoife@example.com
""", _add_one, unlock),
    "reorder": Verb("set the order of the open envelopes in the cascade", f"""
  manage.py bucket reorder Rent Treats Holiday Crèche Groceries Energy "Emergency fund" \\
      "Car loan" {ON}
""", _add_order, reorder),
    "close": Verb("close a bucket permanently and move its money where --to says", f"""
  manage.py bucket close "Emergency fund" {ON} --to cascade --dry-run
  manage.py bucket close "Emergency fund" {ON} --to money --yes
  manage.py bucket close Energy {ON} --to bucket --into Rent --yes
""", _add_close, close),
}  # fmt: skip
