"""The two implementations of budgets.interfaces, and a scene that is the same on both."""

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from budgets.cascade import Claim
from budgets.errors import Refused
from budgets.interfaces import (
    Buckets,
    Budgets,
    Entries,
    ImportProfiles,
    Movements,
    Schedules,
    Statements,
)
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Entry, ImportProfile, Movement, Schedule, Statement
from tenants.context import run_for
from tenants.models import Tenant


class Side(Protocol):
    """One tenant's data-access objects; each `run` is all or nothing."""

    @property
    def budgets(self) -> Budgets: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def movements(self) -> Movements: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def statements(self) -> Statements: ...
    @property
    def import_profiles(self) -> ImportProfiles: ...

    def run[T](self, work: Callable[[], T]) -> T: ...


class Database:
    """The managers, in a tenant's blocks."""

    budgets = Budget.objects
    buckets = Bucket.objects
    movements = Movement.objects
    entries = Entry.objects
    schedules = Schedule.objects
    statements = Statement.objects
    import_profiles = ImportProfile.objects

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def run[T](self, work: Callable[[], T]) -> T:
        return run_for(self.tenant, work)


class Scene:
    """Two budgets in EUR of one tenant, Home with 1005.00 in it; each `do` is all or nothing.

    Rent   300.00 of 500.00  keeps 300.00 of a deposit
    Trip   100.00 of  60.00  keeps 100.00; its target was lowered
    Fun    300.00            keeps half of what arrives
    Spare    0.00            keeps nothing
    Money  305.00            and Gone, which is closed; Far, with 80.00, is in Away

    The rows in `kept` stay as they were when they were made.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.kept: dict[str, Any] = {}
        self.do(self._build)

    def _build(self) -> None:
        side, kept = self.side, self.kept
        kept["Home"], kept["Away"] = (
            side.budgets.create_budget(name, "EUR") for name in ("Home", "Away")
        )
        for budget, name, filter, target in (
            ("Home", "Rent", Claim(flat=300_00), 500_00),
            ("Home", "Trip", Claim(flat=100_00), 100_00),
            ("Home", "Fun", Claim(share=500_000), None),
            ("Home", "Spare", Claim(), None),
            ("Home", "Gone", Claim(flat=1), None),
            ("Away", "Far", Claim(flat=100_00), None),
        ):
            kept[name] = side.buckets.create_bucket(
                kept[budget], name, filter=filter, target=target
            )
        side.buckets.close(kept["Gone"], Disposition.MONEY)
        kept["Money"] = kept["Home"].buckets.money()
        kept["salary"] = side.movements.deposit(kept["Home"], 1000_00)
        kept["coins"] = side.movements.deposit_into(kept["Money"], 5_00)
        side.movements.deposit(kept["Away"], 80_00)
        side.buckets.set_target(side.buckets.get_by_name(kept["Home"], "Trip"), 60_00)

    def do[T](self, work: Callable[[], T]) -> T:
        return self.side.run(work)

    @property
    def home(self) -> Any:
        return self.side.budgets.get_by_name("Home")

    def bucket(self, name: str) -> Any:
        """As it is now; a closed one as it was kept."""
        if name == "Gone":
            return self.kept[name]
        budget = "Away" if name == "Far" else "Home"
        return self.side.buckets.get_by_name(self.side.budgets.get_by_name(budget), name)

    def balances(self, *names: str) -> list[int]:
        return self.do(lambda: [self.bucket(name).balance for name in names])

    def lines(self, movement: Any) -> list[tuple[str, int, str]]:
        """Who got or gave what in a movement, and why."""
        return self.do(lambda: [line[:3] for line in entered(movement)])

    def picture(self) -> Any:
        return self.do(lambda: [picture(self.side, self.kept[name]) for name in ("Home", "Away")])

    def refuses(
        self, work: Callable[[], Any], error: type[Refused], code: str, **figures: Any
    ) -> None:
        """`work` is refused with that code and those figures, and nothing is written."""
        before = self.picture()
        with pytest.raises(error) as raised:
            self.do(work)
        assert (type(raised.value), raised.value.code) == (error, code)
        assert raised.value.figures == figures
        assert str(raised.value)
        assert self.picture() == before


def entered(movement: Any) -> list[tuple[Any, ...]]:
    """The lines of a movement."""
    return [
        (
            entry.bucket.name, entry.amount, entry.reason, entry.position, entry.seq,
            entry.balance_before, entry.balance_after, entry.became_full,
        )
        for entry in movement.entries.order_by("position")
    ]  # fmt: skip


def picture(side: Side, budget: Any) -> Any:
    """Everything a caller can see of a budget, but for ids and clocks."""
    seen = side.budgets.dashboard(budget)
    page = side.entries.page({"budget": budget.pk}, limit=500)
    halfway = side.budgets.balances_at(budget, seq=seen.seq // 2)
    return {
        "totals": (seen.name, seen.version, seen.seq, seen.deposited, seen.withdrawn),
        "redistributed": (seen.redistributed, seen.last_redistributed_at is not None),
        "buckets": [_bucket(state) for state in seen.buckets],
        "versions": {
            bucket.name: (bucket.version, bucket.last_entry_seq) for bucket in budget.buckets.open()
        },
        "entries": [_entry(row) for row in page.rows],
        "page": (page.next, page.previous),
        "halfway": (halfway.seq, [_then(bucket) for bucket in halfway.buckets]),
    }


def _bucket(state: Any) -> tuple[Any, ...]:
    last = state.last and (state.last.seq, state.last.kind, state.last.amount, state.last.memo)
    return (
        state.name, state.kind, state.state, state.priority, state.filter, state.hold,
        state.locked, state.balance, state.target, state.space, state.fill, last,
    )  # fmt: skip


def _entry(row: Any) -> tuple[Any, ...]:
    return (
        row.movement.seq, row.position, row.movement.kind, row.bucket.name, row.amount,
        row.balance_before, row.balance_after, row.reason, row.became_full, row.movement.memo,
        row.movement.source,
    )  # fmt: skip


def _then(bucket: Any) -> tuple[Any, ...]:
    return bucket.name, bucket.kind, bucket.closed, bucket.balance
