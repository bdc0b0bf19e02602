"""The subcommands of `manage.py bucket`: flags, examples and the call of the manager.

Each takes a BudgetRequest and its flags and returns the bucket or buckets.
"""

from collections.abc import Sequence
from typing import Any

from budgets.management.base import BUCKET, parse_claim, parse_rule_amount
from budgets.management.request_flags import BudgetRequest
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget
from tenants.management.declarations import Verb, argument, flag

NONE = "none"
"""The word that removes a target or a hold."""

type ChangedBuckets = Bucket | Sequence[Bucket]


CLAIMS = (
    argument(
        "--filter",
        "flat amount, or share of what arrives: 100.00, 33.3%%",
        "SUM|PERCENT",
        required=True,
    ),
    argument("--hold", "minimum that it keeps", "SUM|PERCENT"),
)
NEW_BUCKET = (
    argument("bucket", "name of the new bucket", "NAME"),
    *CLAIMS,
    argument("--target", "balance at which it is full (default: unlimited)", "SUM"),
    argument("--priority", "position in the cascade, 0 first (default: last)", type=int),
    flag("--locked", "exclude it from cascades"),
)


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


def change(
    request: BudgetRequest, *, verb: str, bucket: str, name: str | None = None, **_: Any
) -> Bucket:
    """Rename, lock or unlock a bucket. Raises BadRule when another open bucket has the name."""
    run, values = getattr(Bucket.objects, verb), [] if name is None else [name]
    changed: Bucket = run(request.bucket(bucket), *values, **request.options)
    return changed


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


_TARGET = argument("sum", f"balance at which it is full; {NONE}: unlimited", "SUM")
_ORDER = argument("buckets", "each open envelope once, in the new order", "BUCKET", nargs="+")
_CLOSE = (
    argument(
        "--to",
        "where its money goes: to the money bucket, through the cascade, to the bucket of --into, "
        "or out of the budget",
        choices=[choice.value for choice in Disposition],
        required=True,
    ),
    argument("--into", "name or id of the bucket for --to bucket", "BUCKET"),
    flag("--yes", "skip the confirmation"),
)

VERBS = {
    "add": Verb("add a bucket", add, NEW_BUCKET),
    "rename": Verb("rename a bucket", change, (BUCKET, argument("name", "new name", "NEW"))),
    "rules": Verb(
        "set filter and hold of a bucket; without --hold it has no hold", rules, (BUCKET, *CLAIMS)
    ),
    "target": Verb(
        "set the target of a bucket; `release` moves the excess afterwards",
        target,
        (BUCKET, _TARGET),
    ),
    "lock": Verb("exclude a bucket from cascades", change, (BUCKET,)),
    "unlock": Verb("include a locked bucket in cascades again", change, (BUCKET,)),
    "reorder": Verb("set the order of the open envelopes in the cascade", reorder, (_ORDER,)),
    "close": Verb(
        "close a bucket permanently and move its money where --to says", close, (BUCKET, *_CLOSE)
    ),
}
