"""How a deposit is divided among buckets. Pure arithmetic: no Django, no clock, no I/O.

Money is an int of minor units (cents); a share is an int of parts per million.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from operator import attrgetter
from typing import Any

WHOLE = 1_000_000
"""Parts per million in 100 %."""

MAX_MINOR = 2**63 - 1
"""The largest bigint of PostgreSQL, in minor units."""


class Reason(StrEnum):
    """Why a bucket kept its amount. With the first four it kept 0."""

    LOCKED = "locked"
    FULL = "full"
    EXHAUSTED = "exhausted"  # no money arrived
    NOTHING_WANTED = "nothing_wanted"  # filter and hold are both 0
    CAPACITY_LIMIT = "capacity_limit"  # the space was less than filter and hold
    HOLD_FLOOR = "hold_floor"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Claim:
    """A flat amount, or a share of the money that arrives at a bucket.

    `flat` is in minor units, `share` in parts per million; both 0 is valid.

    Raises ValueError for both at once, for less than 0 and for more than `WHOLE`.
    """

    flat: int = 0
    share: int = 0

    def __post_init__(self) -> None:
        _require_whole("flat", self.flat)
        _require_whole("share", self.share, most=WHOLE)
        if self.flat and self.share:
            raise ValueError(f"a claim is a flat amount or a share, not both: {self}")

    def of(self, arriving: int) -> int:
        """The claimed part of `arriving`, at most all of it; a share rounds down."""
        return min(self.flat, arriving) if self.flat else arriving * self.share // WHOLE


@dataclass(frozen=True, slots=True)
class Slot[K: Hashable]:
    """One bucket as an argument of the cascade; its step has the same `key`.

    `balance` and `target` are in minor units. Target None means unlimited, target 0 means no
    capacity. The balance may exceed the target.

    Raises ValueError for a negative or fractional priority, balance or target.
    """

    key: K
    priority: int
    balance: int
    target: int | None
    filter: Claim
    hold: Claim | None = None
    locked: bool = False

    def __post_init__(self) -> None:
        _require_whole("priority", self.priority)
        _require_whole("balance", self.balance)
        if self.target is not None:
            _require_whole("target", self.target)

    @property
    def space(self) -> int | None:
        """Minor units up to the target, 0 when full; None without a target."""
        return None if self.target is None else max(0, self.target - self.balance)


@dataclass(frozen=True, slots=True)
class Step[K: Hashable]:
    """The result for one bucket; all amounts in minor units.

    `available` is the money that arrived; `filter` and `hold` are the claims on it, also for a
    locked or full bucket. `space` None means unlimited.
    """

    key: K
    available: int
    filter: int
    hold: int
    space: int | None
    kept: int
    reason: Reason

    @property
    def fills(self) -> bool:
        """Whether this step fills the bucket up to its target."""
        return 0 < self.kept == self.space


@dataclass(frozen=True, slots=True)
class Plan[K: Hashable]:
    """A divided deposit: one step for each bucket, in priority order, and the unallocated rest."""

    amount: int
    steps: tuple[Step[K], ...]
    remainder: int

    @property
    def lines(self) -> tuple[Step[K], ...]:
        """The steps that kept money."""
        return tuple(step for step in self.steps if step.kept)

    @property
    def filled(self) -> tuple[K, ...]:
        """The buckets that this plan fills."""
        return tuple(step.key for step in self.steps if step.fills)

    @property
    def changes(self) -> Mapping[K, int]:
        """Bucket -> minor units to add to its balance."""
        return {step.key: step.kept for step in self.lines}


def cascade[K: Hashable](amount: int, slots: Iterable[Slot[K]]) -> Plan[K]:
    """Divide `amount` among `slots`, lowest priority number first.

    Each bucket that is neither locked nor full keeps the larger of its filter and its hold, as
    far as its target allows; the rest flows on. Shares are of the money that reaches the bucket,
    not of the whole deposit, and round down.

    >>> rent = Slot("rent", 0, balance=0, target=500_00, filter=Claim(flat=300_00))
    >>> fun = Slot("fun", 1, balance=40_00, target=50_00, filter=Claim(share=500_000))
    >>> plan = cascade(350_00, [fun, rent])
    >>> [(step.key, step.kept, str(step.reason)) for step in plan.steps]
    [('rent', 30000, 'filter'), ('fun', 1000, 'capacity_limit')]
    >>> plan.remainder, plan.filled
    (4000, ('fun',))

    Raises ValueError unless amount is an int > 0 and priorities and keys are unique.
    """
    _require_whole("amount", amount, least=1)
    left = amount
    steps = []
    for slot in _in_order(slots):
        step = _step(slot, left)
        steps.append(step)
        left -= step.kept
    return Plan(amount, tuple(steps), left)


def _step[K: Hashable](slot: Slot[K], available: int) -> Step[K]:
    """The step of `slot` when `available` minor units arrive."""
    filter_, hold = slot.filter.of(available), slot.hold.of(available) if slot.hold else 0
    wanted, space = max(filter_, hold), slot.space
    if slot.locked:
        kept, reason = 0, Reason.LOCKED
    elif space == 0:
        kept, reason = 0, Reason.FULL
    elif available == 0:
        kept, reason = 0, Reason.EXHAUSTED
    elif wanted == 0:
        kept, reason = 0, Reason.NOTHING_WANTED
    elif space is not None and space < wanted:
        kept, reason = space, Reason.CAPACITY_LIMIT
    else:
        kept, reason = wanted, Reason.HOLD_FLOOR if hold > filter_ else Reason.FILTER
    return Step(slot.key, available, filter_, hold, space, kept, reason)


def _in_order[K: Hashable](slots: Iterable[Slot[K]]) -> list[Slot[K]]:
    """The slots by priority. Raises ValueError for a repeated priority or key."""
    ordered = sorted(slots, key=attrgetter("priority"))
    for before, after in pairwise(ordered):
        if before.priority == after.priority:
            raise ValueError(f"{before.key!r} and {after.key!r} share priority {after.priority}")
    if len({slot.key for slot in ordered}) < len(ordered):
        raise ValueError("two slots have the same key")
    return ordered


def _require_whole(name: str, value: Any, *, least: int = 0, most: int | None = None) -> None:
    """Raise ValueError unless `value` is an int in the range; bool and float are refused."""
    if type(value) is not int or value < least or (most is not None and value > most):
        limits = f"from {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {limits}, not {value!r}")
