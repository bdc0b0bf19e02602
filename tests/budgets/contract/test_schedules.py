"""Schedules over the managers and in memory: the same deposits, refusals and due times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from budgets.errors import (
    BadAmount,
    BadSchedule,
    BudgetArchived,
    KeyReused,
    ScheduleEnded,
    StalePlan,
    UnknownKeyword,
    UnknownSchedule,
)
from tests.budgets.contract.sides import Scene

START = datetime(2026, 1, 31, 9)
JANUARY = datetime(2026, 1, 31, 8, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 28, 8, tzinfo=UTC)
MARCH = datetime(2026, 3, 31, 7, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
TERMS: dict[str, Any] = {
    "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "starts": START,
    "time_zone": "Europe/Berlin",
}
CHANGES: dict[str, dict[str, Any]] = {
    "edit": {"amount": 200_00},
    "rename": {"name": "Wages"},
    "pause": {},
    "resume": {},
    "end": {},
}
COLUMNS = ("pk", "name", "amount", "rrule", "paused_at", "ended_at", "next_due_at")
every_change = pytest.mark.parametrize(("verb", "values"), CHANGES.items(), ids=CHANGES)


def create(scene: Scene, **values: Any) -> Any:
    terms = {"name": "Salary", "amount": 100_00, **TERMS, **values}
    return scene.do(lambda: scene.side.schedules.create_schedule(scene.home, **terms))


def now(scene: Scene, name: str = "Salary") -> Any:
    return scene.do(lambda: scene.side.schedules.get_by_name(scene.home, name))


def change(scene: Scene, verb: str, schedule: Any, **values: Any) -> Any:
    return scene.do(lambda: getattr(scene.side.schedules, verb)(schedule, **values))


def run(scene: Scene, schedule: Any, moment: datetime = NOW) -> list[tuple[datetime, str, Any]]:
    """What each due time came to, and what its deposit brought."""

    def work() -> list[tuple[datetime, str, Any]]:
        runs = scene.side.schedules.run_due(schedule, moment)
        return [
            (run.due_at, str(run.outcome), run.movement and run.movement.amount) for run in runs
        ]

    return scene.do(work)


def upcoming(scene: Scene, schedule: Any, many: int = 2) -> list[datetime]:
    seen = scene.do(lambda: scene.side.schedules.upcoming(schedule, many=many))
    return list(seen.due_times)


class TestADueSchedule:
    def test_deposits_once_for_each_due_time(self, scene: Scene) -> None:
        schedule = create(scene, key="salary", memo="pay", metadata={"from": "work"})
        before = scene.balances("Rent", "Money")

        assert run(scene, schedule) == [
            (due, "deposited", 100_00) for due in (JANUARY, FEBRUARY, MARCH)
        ]
        assert run(scene, schedule) == []
        assert schedule.next_due_at == datetime(2026, 4, 30, 7, tzinfo=UTC)
        page = scene.do(lambda: scene.side.entries.page({"budget": scene.home.pk}, limit=500))
        movements = {row.movement.seq: row.movement for row in page.rows}
        made = [row for row in movements.values() if row.source == f"schedule {schedule.pk}"]
        assert sorted((row.effective_at, row.memo, row.kind) for row in made) == [
            (due, "pay", "deposit") for due in (JANUARY, FEBRUARY, MARCH)
        ]
        assert scene.balances("Rent", "Money") != before

    @pytest.mark.parametrize(
        ("catch_up", "expected"),
        [
            ("all", ["deposited", "deposited", "deposited"]),
            ("last", ["missed", "missed", "deposited"]),
            ("none", ["missed", "missed", "deposited"]),
        ],
    )
    def test_catches_up_by_its_policy(
        self, scene: Scene, catch_up: str, expected: list[str]
    ) -> None:
        schedule = create(scene, catch_up=catch_up)
        planned = scene.do(lambda: scene.side.schedules.planned(schedule, NOW))

        done = [outcome for _, outcome, _ in run(scene, schedule)]

        assert done == [outcome for _, outcome in planned] == expected

    def test_is_found_by_when_it_is_due(self, scene: Scene) -> None:
        late, early = create(scene), create(scene, name="Early", starts=START - timedelta(days=40))
        create(scene, name="Later", starts=datetime(2027, 1, 1))
        change(scene, "pause", create(scene, name="Paused"))

        found = scene.do(lambda: list(scene.side.schedules.due(NOW)))

        assert [schedule.pk for schedule in found] == [early.pk, late.pk]

    def test_rests_while_its_budget_is_archived(self, scene: Scene) -> None:
        create(scene)
        scene.do(lambda: scene.side.budgets.archive(scene.home))
        schedule = scene.do(lambda: scene.side.schedules.get_by_name(scene.kept["Home"], "Salary"))

        planned = scene.do(lambda: scene.side.schedules.planned(schedule, NOW))

        assert [outcome for _, outcome in planned] == ["resting"]
        assert run(scene, schedule) == []

    def test_is_run_by_the_terms_of_its_due_time(self, scene: Scene, at_the_time: Any) -> None:
        at_the_time(datetime(2026, 1, 1, tzinfo=UTC))
        schedule = create(scene)
        at_the_time(datetime(2026, 3, 1, tzinfo=UTC))
        change(scene, "edit", schedule, amount=150_00)

        assert [amount for *_, amount in run(scene, schedule)] == [100_00, 100_00, 150_00]

    def test_follows_a_new_rule_after_the_change(self, scene: Scene, at_the_time: Any) -> None:
        at_the_time(datetime(2026, 1, 1, tzinfo=UTC))
        schedule = create(scene)
        at_the_time(datetime(2026, 3, 1, tzinfo=UTC))
        change(scene, "edit", schedule, rrule="FREQ=MONTHLY;BYMONTHDAY=15")

        due = [due for due, *_ in run(scene, schedule)]

        assert due == [JANUARY, FEBRUARY, datetime(2026, 3, 15, 8, tzinfo=UTC)]

    def test_needs_an_aware_moment(self, scene: Scene) -> None:
        schedule = create(scene)
        scene.refuses(
            lambda: scene.side.schedules.run_due(schedule, datetime(2026, 4, 1)),
            BadSchedule,
            "bad_schedule",
        )


class TestASkippedDueTime:
    def test_is_not_deposited(self, scene: Scene) -> None:
        schedule = create(scene)

        skipped = change(scene, "skip", schedule, due_at=FEBRUARY)
        again = change(scene, "skip", schedule, due_at=FEBRUARY)

        assert (skipped.outcome, skipped.movement, again.pk) == ("skipped", None, skipped.pk)
        assert upcoming(scene, schedule) == [JANUARY, MARCH]
        assert [due for due, *_ in run(scene, schedule)] == [JANUARY, MARCH]

    def test_that_is_the_next_one_moves_the_schedule_on(self, scene: Scene) -> None:
        schedule = create(scene)

        change(scene, "skip", schedule, due_at=JANUARY)

        assert now(scene).next_due_at == FEBRUARY

    @pytest.mark.parametrize("due_at", [JANUARY, JANUARY + timedelta(hours=1)])
    def test_is_refused_when_it_was_run_or_never_falls_due(
        self, scene: Scene, due_at: datetime
    ) -> None:
        schedule = create(scene)
        run(scene, schedule)

        with pytest.raises(BadSchedule):
            change(scene, "skip", schedule, due_at=due_at)


class TestAChange:
    @every_change
    def test_is_made_once_under_its_key(self, scene: Scene, verb: str, values: Any) -> None:
        schedule = create(scene)

        first = change(scene, verb, schedule, key="change", **values)
        second = change(scene, verb, schedule, key="change", **values)

        assert (first.repeated, second.repeated) == (False, True)
        assert [getattr(second, name) for name in COLUMNS] == [
            getattr(first, name) for name in COLUMNS
        ]
        with pytest.raises(KeyReused):
            change(scene, "edit", schedule, key="change", amount=7)

    @every_change
    def test_of_an_ended_schedule_is_refused(self, scene: Scene, verb: str, values: Any) -> None:
        schedule = change(scene, "end", create(scene))

        with pytest.raises(ScheduleEnded):
            change(scene, verb, schedule, **values)

    @every_change
    def test_expects_a_version_and_known_keywords(
        self, scene: Scene, verb: str, values: Any
    ) -> None:
        schedule = create(scene)

        with pytest.raises(StalePlan):
            change(scene, verb, schedule, expect=1, **values)
        with pytest.raises(UnknownKeyword):
            change(scene, verb, schedule, idempotency_key="x", **values)

    def test_pauses_resumes_and_ends(self, scene: Scene) -> None:
        schedule = create(scene)
        states = [change(scene, verb, schedule).state for verb in ("pause", "resume", "end")]

        assert states == ["paused", "active", "ended"]
        assert upcoming(scene, schedule) == []
        with pytest.raises(UnknownSchedule):
            now(scene)

    def test_of_nothing_is_refused(self, scene: Scene) -> None:
        schedule = create(scene)

        with pytest.raises(BadSchedule, match="name what to change"):
            change(scene, "edit", schedule)

    def test_to_a_rule_that_never_falls_due_is_refused(self, scene: Scene) -> None:
        schedule = create(scene)
        with pytest.raises(BadSchedule):
            change(scene, "edit", schedule, rrule="FREQ=DAILY;UNTIL=20260201")

        assert now(scene).rrule == TERMS["rrule"]

    def test_is_found_again_by_its_key_and_the_old_name(self, scene: Scene) -> None:
        schedule = create(scene)
        change(scene, "rename", schedule, name="Wages", key="new-name")

        found = scene.do(
            lambda: scene.side.schedules.get_by_name(scene.home, "salary", key="new-name")
        )

        assert (found.pk, found.name) == (schedule.pk, "Wages")


class TestANewSchedule:
    def test_is_created_once_under_its_key(self, scene: Scene) -> None:
        first, second = create(scene, key="salary"), create(scene, key="salary")

        assert (second.pk, first.repeated, second.repeated) == (first.pk, False, True)
        with pytest.raises(KeyReused):
            create(scene, key="salary", amount=5)

    def test_shares_its_key_space_with_deposits(self, scene: Scene) -> None:
        create(scene, key="salary")

        with pytest.raises(KeyReused):
            scene.do(lambda: scene.side.movements.deposit(scene.home, 5, key="salary"))

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"amount": 0}, BadAmount),
            ({"rrule": "FREQ=HOURLY"}, BadSchedule),
            ({"time_zone": "Mars/Olympus"}, BadSchedule),
            ({"catch_up": "some"}, BadSchedule),
            ({"name": "taken"}, BadSchedule),
            ({"starts": JANUARY}, BadSchedule),
        ],
    )
    def test_must_make_sense(self, scene: Scene, values: Any, error: type[Exception]) -> None:
        create(scene, name="Taken")

        with pytest.raises(error):
            create(scene, **values)

    def test_needs_a_budget_in_use(self, scene: Scene) -> None:
        home = scene.do(lambda: scene.side.budgets.archive(scene.home))

        with pytest.raises(BudgetArchived):
            scene.do(lambda: scene.side.schedules.create_schedule(home, "Salary", 100, **TERMS))
