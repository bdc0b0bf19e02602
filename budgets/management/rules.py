"""The verbs that change a bucket, as `manage.py bucket` has them: flags, examples, and the call.

Each takes a Request and its flags, and answers the bucket or the buckets.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from budgets.management.asking import Request
from budgets.management.base import claim, rule_sum
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget

NONE = "none"
"""How a target or a hold is taken away."""

type Answer = Bucket | Sequence[Bucket]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the command: what `--help` says, which flags it has, and what it does."""

    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    ask: Callable[..., Answer]


def add_rules(parser: argparse.ArgumentParser) -> None:
    """The name and the flags of a new bucket."""
    parser.add_argument("bucket", metavar="NAME", help="what it is called")
    add_claims(parser)
    parser.add_argument("--target", metavar="SUM", help="until it holds this (default: no limit)")
    parser.add_argument("--priority", type=int, help="0 is served first (default: last)")
    parser.add_argument("--locked", action="store_true", help="cascades pass it by")


def add_claims(parser: argparse.ArgumentParser) -> None:
    """The flags `--filter` and `--hold`."""
    parser.add_argument("--filter", required=True, metavar="SUM|PERCENT", help="100.00 or 33.3%%")
    parser.add_argument("--hold", metavar="SUM|PERCENT", help="it keeps at least this")


def claims(budget: Budget, filter: str, hold: str | None) -> dict[str, Any]:
    """What a bucket asks of the money that arrives. Raises BadRule and BadAmount."""
    return {
        "filter": claim(budget, filter),
        "hold": None if hold in (None, NONE) else claim(budget, str(hold)),
    }


def target_of(budget: Budget, text: str | None) -> int | None:
    """A target in minor units; None is no limit. Raises BadAmount."""
    return None if text in (None, NONE) else rule_sum(budget, str(text))


def add(
    request: Request, *, bucket: str, filter: str, hold: str | None, target: str | None,
    priority: int | None, locked: bool, **_: Any,
) -> Bucket:  # fmt: skip
    """Raises BadRule and BadAmount."""
    return Bucket.objects.create_bucket(
        request.budget,
        bucket,
        **claims(request.budget, filter, hold),
        target=target_of(request.budget, target),
        priority=priority,
        locked=locked,
        **request.options,
    )


def rename(request: Request, *, bucket: str, name: str, **_: Any) -> Bucket:
    """Raises BadRule for a name that is taken."""
    return Bucket.objects.rename(request.bucket(bucket), name, **request.options)


def rules(request: Request, *, bucket: str, filter: str, hold: str | None, **_: Any) -> Bucket:
    """Raises BadRule and BadAmount."""
    asks = claims(request.budget, filter, hold)
    return Bucket.objects.set_rules(request.bucket(bucket), **asks, **request.options)


def target(request: Request, *, bucket: str, sum: str, **_: Any) -> Bucket:
    """Raises BadRule and BadAmount."""
    minor = target_of(request.budget, sum)
    return Bucket.objects.set_target(request.bucket(bucket), minor, **request.options)


def lock(request: Request, *, bucket: str, **_: Any) -> Bucket:
    """A locked bucket stays as it is."""
    return Bucket.objects.lock(request.bucket(bucket), **request.options)


def unlock(request: Request, *, bucket: str, **_: Any) -> Bucket:
    """An open bucket stays as it is."""
    return Bucket.objects.unlock(request.bucket(bucket), **request.options)


def reorder(request: Request, *, buckets: list[str], **_: Any) -> list[Bucket]:
    """Raises NotAPermutation."""
    order = [request.bucket(name) for name in buckets]
    return Bucket.objects.reorder(request.budget, order, **request.options)


def close(request: Request, *, bucket: str, to: str, into: str | None, **_: Any) -> Bucket:
    """Raises BadRule, and what the movement of its money does."""
    return Bucket.objects.close(
        request.bucket(bucket),
        Disposition(to),
        into=None if into is None else request.bucket(into),
        **request.options,
    )


def _add_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bucket", metavar="BUCKET", help="its name, or its id")


def _add_rename(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument("name", metavar="NEW", help="its new name")


def _add_asks(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    add_claims(parser)


def _add_target(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument("sum", metavar="SUM", help=f"until it holds this; {NONE}: no limit")


def _add_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "buckets", nargs="+", metavar="BUCKET", help="each open envelope once, first served first"
    )


def _add_close(parser: argparse.ArgumentParser) -> None:
    _add_one(parser)
    parser.add_argument(
        "--to",
        required=True,
        choices=[choice.value for choice in Disposition],
        help="where its money goes: the money bucket, a cascade through the others, the bucket "
        "that --into names, or out of the budget",
    )
    parser.add_argument("--into", metavar="BUCKET", help="with --to bucket: which one")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to close it")


ON = "--tenant rivera --budget Household"

VERBS = {
    "add": Verb("add a bucket", f"""
  manage.py bucket add Rent {ON} --filter 30% --hold 725
  manage.py bucket add Holiday {ON} --filter 100 --target 3000 --key holiday-2027
""", add_rules, add),
    "rename": Verb("give a bucket another name", f"""
  manage.py bucket rename Holiday "Holiday 2027" {ON}
""", _add_rename, rename),
    "rules": Verb("change what a bucket asks of arriving money; without --hold it has none", f"""
  manage.py bucket rules Rent {ON} --filter 35% --hold 750
""", _add_asks, rules),
    "target": Verb("change when a bucket is full; `release` moves what it then holds too much", f"""
  manage.py bucket target Holiday 2500 {ON}
  manage.py bucket target Holiday none {ON}
""", _add_target, target),
    "lock": Verb("keep cascades from filling a bucket", f"""
  manage.py bucket lock Treats {ON} --memo "Saving"
""", _add_one, lock),
    "unlock": Verb("let cascades fill a bucket again", f"""
  manage.py bucket unlock Treats {ON} --by ana@example.com
""", _add_one, unlock),
    "reorder": Verb("serve the open envelopes in this order", f"""
  manage.py bucket reorder Rent Holiday "Car loan" Treats {ON}
""", _add_order, reorder),
    "close": Verb("close a bucket for good, after its money went where --to says", f"""
  manage.py bucket close Treats {ON} --to cascade --dry-run
  manage.py bucket close Treats {ON} --to money --yes
  manage.py bucket close Treats {ON} --to bucket --into Holiday
""", _add_close, close),
}  # fmt: skip
