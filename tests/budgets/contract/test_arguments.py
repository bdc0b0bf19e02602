"""Arguments of a type that a verb does not take: named in a typed error, and nothing is written."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from budgets.cascade import Claim
from budgets.errors import BadOption
from budgets.managers.bulk import Deposit
from budgets.models import Budget, Movement, Schedule, Statement
from tenants.context import acting_for
from tenants.errors import CodedError, WrongType
from tenants.postgres.untrusted import DEEPEST_JSON, LARGEST_JSON
from tests.budgets.contract.sides import Scene
from tests.factories import BudgetFactory

FLAT = Claim(flat=5_00)
WORD: Any = "30%"
FIVE: Any = 5
NONE: Any = None
ONE: Any = (object(),)
TWO: Any = (5, 6)
DEEP: Any = {"deep": True}

type Ask = Callable[[Scene], Any]

ASKED: list[tuple[str, Ask]] = [
    ("budget", lambda scene: scene.side.movements.deposit(WORD, 5)),
    ("budget", lambda scene: scene.side.movements.deposit(scene.home.pk, 5, memo="x")),
    ("budget", lambda scene: scene.side.movements.deposit(NONE, amount=5)),
    ("budget", lambda scene: scene.side.movements.preview(WORD, 5)),
    ("budget", lambda scene: scene.side.movements.redistribute(FIVE, 5)),
    ("bucket", lambda scene: scene.side.movements.preview_into(WORD, 5)),
    ("bucket", lambda scene: scene.side.movements.withdraw(WORD, 5)),
    ("bucket", lambda scene: scene.side.movements.release_excess([])),
    ("to", lambda scene: scene.side.movements.transfer(scene.bucket("Rent"), WORD, 5)),
    ("movement", lambda scene: scene.side.movements.reverse_movement(WORD)),
    ("deposits", lambda scene: scene.side.movements.deposit_many(FIVE)),
    ("deposits", lambda scene: scene.side.movements.deposit_many([FIVE])),
    ("filter", lambda scene: create(scene, filter=WORD)),
    ("hold", lambda scene: create(scene, filter=FLAT, hold=WORD)),
    ("name", lambda scene: scene.side.buckets.create_bucket(scene.home, FIVE, filter=FLAT)),
    ("filter", lambda scene: scene.side.buckets.set_rules(scene.bucket("Rent"), filter=WORD)),
    ("name", lambda scene: scene.side.buckets.rename(scene.bucket("Rent"), NONE)),
    ("order", lambda scene: scene.side.buckets.reorder(scene.home, FIVE)),
    ("order", lambda scene: scene.side.buckets.reorder(scene.home, [WORD])),
    ("bucket", lambda scene: scene.side.buckets.lock(WORD)),
    ("name", lambda scene: scene.side.budgets.create_budget(FIVE, "EUR")),
    ("currency", lambda scene: scene.side.budgets.create_budget("Third", FIVE)),
    ("name", lambda scene: scene.side.budgets.get_by_name(FIVE)),
    ("name", lambda scene: scene.side.budgets.rename(scene.home, FIVE)),
    ("budget", lambda scene: scene.side.budgets.archive(WORD)),
    ("budget", lambda scene: scene.side.budgets.dashboard(WORD)),
    ("budget", lambda scene: scene.side.budgets.balances_at(WORD, seq=1)),
]
TORN: list[Ask] = [
    lambda scene: scene.side.movements.deposit(*ONE),
    lambda scene: scene.side.movements.deposit(scene.home, *TWO),
    lambda scene: scene.side.budgets.dashboard(scene.home, **DEEP),
]


def create(scene: Scene, **rules: Any) -> Any:
    return scene.side.buckets.create_bucket(scene.home, "New", **rules)


def refused(scene: Scene, ask: Ask, error: type[CodedError]) -> CodedError:
    before = scene.picture()
    with pytest.raises(error) as caught:
        scene.do(lambda: ask(scene))
    assert scene.picture() == before
    return caught.value


@pytest.mark.parametrize(
    ("field", "ask"), ASKED, ids=[f"{n} {name}" for n, (name, _) in enumerate(ASKED)]
)
def test_are_refused_by_name(scene, field, ask):
    refusal = refused(scene, ask, WrongType)

    assert (refusal.code, refusal.fields) == ("wrong_type", (field,))


@pytest.mark.parametrize(
    ("field", "given"), [("budget_id", ("Home", 5)), ("options", (UUID(int=1), 5, None))]
)
def test_a_deposit_of_many_is_one_of_a_budget_with_options(field, given):
    with pytest.raises(WrongType) as caught:
        Deposit(*given)

    assert caught.value.fields == (field,)


@pytest.mark.parametrize("ask", TORN, ids=range(len(TORN)))
def test_too_many_or_too_few_are_refused(scene, ask):
    assert isinstance(refused(scene, ask, CodedError), TypeError)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


REQUEST_OPTIONS: list[tuple[str, Any]] = [
    ("memo", None),
    ("memo", "a\0b"),
    ("memo", "\udc80"),
    ("key", "a\0b"),
    ("source", 5),
    ("effective_at", "2026-06-01"),
    ("effective_at", date(2026, 6, 1)),
    ("effective_at", datetime(2026, 6, 1)),
    ("metadata", None),
    ("metadata", nested(DEEPEST_JSON + 1)),
    ("metadata", nested(5_000)),
    ("metadata", nested(200_000)),
    ("metadata", {"a": "x" * LARGEST_JSON}),
    ("metadata", {"a": "\0"}),
    ("metadata", {"a": "\ud800"}),
    ("metadata", {"a": 10**5000}),
]


@pytest.mark.parametrize(
    ("field", "value"),
    REQUEST_OPTIONS,
    ids=[f"{n} {name}" for n, (name, _) in enumerate(REQUEST_OPTIONS)],
)
def test_particulars_that_cannot_be_recorded_are_refused_by_name(scene, field, value):
    said: Any = {field: value}
    for ask in (
        lambda scene: scene.side.movements.deposit(scene.home, 5, **said),
        lambda scene: create(scene, filter=FLAT, **said),
        lambda scene: scene.side.movements.deposit_many([Deposit(scene.home.pk, 5, said)]),
    ):
        refusal = refused(scene, ask, BadOption)
        assert (refusal.code, refusal.fields) == ("bad_particulars", (field,))


class TestOfTheManagersAlone:
    """Verbs and questions that a ledger in memory does not have."""

    @pytest.mark.parametrize(
        ("field", "ask"),
        [
            ("rrule", lambda home: schedule(home, rrule=FIVE)),
            ("starts", lambda home: schedule(home, starts=WORD)),
            ("starts", lambda home: schedule(home, starts=date(2026, 1, 1))),
            ("now", lambda home: Schedule.objects.run_due(schedule(home), WORD)),
            ("now", lambda home: Schedule.objects.due(WORD)),
            ("statement", lambda home: Statement.objects.undo(WORD)),
            ("zone", lambda home: Budget.objects.months(home, zone=WORD)),
            ("until", lambda home: Budget.objects.months(home, until=WORD)),
            ("rules", lambda home: Budget.objects.what_if(home, {WORD: {}})),
            ("deposits", lambda home: Budget.objects.projection(home, FIVE)),
            ("pk", lambda home: Movement.objects.get_by_id(WORD)),
            ("objs", lambda home: Movement.objects.bulk_update([FIVE], ["memo"])),
            ("objs", lambda home: Movement.objects.bulk_create([FIVE])),
            ("wanted", lambda home: Movement.objects.reverse_many(home, [WORD])),
        ],
        ids=range(14),
    )
    def test_are_refused_by_name(self, acting, field, ask):
        home = BudgetFactory()
        Movement.objects.deposit(home, 5)

        with pytest.raises(WrongType) as caught:
            ask(home)

        assert caught.value.fields == (field,)

    def test_a_moment_that_no_time_zone_can_show_is_refused(self, tenant):
        with acting_for(tenant):
            due = schedule(BudgetFactory())
            for moment in (datetime.min, datetime.max):
                with pytest.raises(CodedError):
                    Schedule.objects.skip(due, moment.replace(tzinfo=UTC))


def schedule(home: Budget, **said: Any) -> Schedule:
    told: Any = {"rrule": "FREQ=DAILY", "starts": datetime(2026, 1, 1), "time_zone": "UTC"} | said
    return Schedule.objects.create_schedule(home, "Salary", 5, **told)
