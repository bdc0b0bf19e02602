"""What the arguments of a verb must be: names, amounts, targets and claims, as they are kept."""

import re

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadAmount, BadRule

LONGEST_NAME = 255
"""Characters in the name of a budget, a bucket or a schedule."""

_CONTROL = re.compile(r"[\x01-\x1f\x7f-\x9f]")


def clean_name(name: str) -> str:
    """A name fit for a budget, a bucket or a schedule.

    Raises BadRule when it is empty, too long, or has a control character: a terminal obeys those.
    """
    if not 0 < len(name := name.strip()) <= LONGEST_NAME:
        raise BadRule(f"a name has 1 to {LONGEST_NAME} characters", name=name)
    if _CONTROL.search(name):
        raise BadRule(f"a name has no control characters: {name!a}", name=name)
    return name


def require_amount(amount: int) -> None:
    """Raise BadAmount unless it is an int of minor units from 1 to MAX_MINOR."""
    if type(amount) is not int or not 0 < amount <= MAX_MINOR:
        raise BadAmount(
            f"an amount is an int of minor units from 1 to {MAX_MINOR}, not {amount!r}",
            asked=amount,
        )


def claim_columns(prefix: str, claim: Claim | None) -> dict[str, int | None]:
    """A claim as its two columns, one of which is null."""
    if claim is None:
        return {f"{prefix}_flat": None, f"{prefix}_share": None}
    share = claim.share or None
    return {f"{prefix}_flat": None if share else claim.flat, f"{prefix}_share": share}


def clean_target(target: int | None) -> int | None:
    """A target as it is kept. Raises BadRule unless it is an int of minor units, or None."""
    if target is not None and (type(target) is not int or not 0 <= target <= MAX_MINOR):
        raise BadRule(f"a target is an int of minor units from 0, or None, not {target!r}")
    return target
