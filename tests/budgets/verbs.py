"""What every verb promises, asked of each: repeats, keys, versions, options, two at once.

A module on one verb says with a fixture `verb` how it is asked, and subclasses `EveryRequest`.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets.cascade import Claim
from budgets.errors import BadOption, KeyReused, Refused, StalePlan
from budgets.jobs import audit
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import acting_for, run_for
from tenants.models import Tenant
from tests.factories import UserFactory
from tests.times import UNWRITABLE

LEDGER = (Budget, Bucket, BucketVersion, Movement, Entry)
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Scene:
    """Two budgets in EUR of one tenant, Home with 1005.00 in it; each `do` is a transaction.

    Rent   300.00 of 500.00  keeps 300.00 of a deposit
    Trip   100.00 of  60.00  keeps 100.00; its target was lowered
    Fun    300.00            keeps half of what arrives
    Spare    0.00            keeps nothing
    Money  305.00            and Gone, which is closed; Far, with 80.00, is in Away
    """

    def __init__(self, tenant: Tenant, prefix: str = "") -> None:
        self.tenant = tenant
        self.pks: dict[str, UUID] = {}
        self.do(partial(self._build, prefix))

    def _build(self, prefix: str) -> None:
        names = (prefix + name for name in ("Home", "Away"))
        home, away = (Budget.objects.create_budget(name, "EUR") for name in names)
        self.pks = {"Home": home.pk, "Away": away.pk, "Money": home.buckets.money().pk}
        for name, filter, target in (
            ("Rent", Claim(flat=300_00), 500_00),
            ("Trip", Claim(flat=100_00), 100_00),
            ("Fun", Claim(share=500_000), None),
            ("Spare", Claim(), None),
            ("Gone", Claim(flat=1), None),
        ):
            made = Bucket.objects.create_bucket(home, name, filter=filter, target=target)
            self.pks[name] = made.pk
        far = Bucket.objects.create_bucket(away, "Far", filter=Claim(flat=100_00))
        Bucket.objects.close(self.bucket("Gone"), Disposition.MONEY)
        salary = Movement.objects.deposit(home, 1000_00)
        coins = Movement.objects.deposit_into(home.buckets.money(), 5_00)
        Movement.objects.deposit(away, 80_00)
        Bucket.objects.set_target(self.bucket("Trip"), 60_00)
        self.pks |= {"Far": far.pk, "salary": salary.pk, "coins": coins.pk}

    def do[T](self, work: Callable[[], T], **by: Any) -> T:
        return run_for(self.tenant, work, **by)

    def block(self) -> AbstractContextManager[None]:
        return acting_for(self.tenant)

    @property
    def home(self) -> Any:
        return self.budget("Home")

    def budget(self, name: str) -> Any:
        return Budget.objects.get(pk=self.pks[name])

    def bucket(self, name: str) -> Any:
        return Bucket.objects.get(pk=self.pks[name])

    def movement(self, name: str) -> Any:
        return Movement.objects.get(pk=self.pks[name])

    def newest(self) -> Any:
        """The last movement of Home."""
        return self.do(lambda: self.home.movements.order_by("seq").last())

    def lines(self, movement: Any) -> list[tuple[str, int, str]]:
        """Who got or gave what in a movement, and why."""
        columns = ("bucket__name", "amount", "reason")
        return self.do(lambda: list(movement.entries.order_by("position").values_list(*columns)))

    def balances(self, *names: str) -> list[int]:
        return self.do(lambda: [self.bucket(name).balance for name in names])

    def totals(self) -> tuple[int, int]:
        return self.do(lambda: (self.home.deposited, self.home.withdrawn))

    def everything(self) -> list[Any]:
        """Every row of the tenant's ledger."""
        return self.do(lambda: [list(model.objects.order_by("pk").values()) for model in LEDGER])

    def refuses(
        self, work: Callable[[], Any], error: type[Refused], code: str, **figures: Any
    ) -> None:
        """`work` is refused with that code and those figures, and nothing is written."""
        refusal = refused(self, lambda _: work(), error, code)
        assert (type(refusal), refusal.figures) == (error, figures)
        assert str(refusal)

    def at_once(self, *works: Callable[[], Any]) -> list[Any]:
        """What each of `works` answers, or how it is refused, when all wait for the budget.

        They have read what they like before any of them may change anything.
        """
        with ThreadPoolExecutor(len(works)) as pool:
            with self.block():
                self.home.acquire()
                answers = [pool.submit(self.alone, work) for work in works]
                until_waiting(len(works))
            return [answer.result(timeout=20) for answer in answers]

    def one_wins(self, *works: Callable[[], Any]) -> Refused:
        """How the others are refused when one of `works`, all asked at once, is done."""
        answers = self.at_once(*works)
        refusals = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(refusals) == len(works) - 1, answers
        return refusals[0]

    def alone(self, work: Callable[[], Any]) -> Any:
        try:
            return self.do(work)
        except Refused as refusal:
            return refusal
        finally:
            connection.close()


def until_waiting(count: int) -> None:
    """Return when that many sessions wait for a lock."""
    end = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= count:
                return
            time.sleep(0.005)
    raise AssertionError(f"not all of {count} waited for the budget's lock")


def statements(tenant: Tenant, work: Callable[[], Any]) -> int:
    """How many statements `work` makes, the block's own three not counted."""
    with CaptureQueriesContext(connection) as captured:
        run_for(tenant, work)
    begun, *_, ended = [row["sql"] for row in captured.captured_queries]
    assert (begun, ended) == ("BEGIN", "COMMIT")
    return len(captured) - 3


class Audited:
    """Tests that leave a ledger in which every invariant holds and every cascade replays."""

    @pytest.fixture
    def scene(self, tenant: Tenant) -> Iterator[Scene]:
        yield Scene(tenant)
        assert list(audit.breaks_of(tenant, replay=True)) == []


type Ask = Callable[..., Any]
"""A request of a scene, its options as keywords; asked within a block."""


@dataclass(frozen=True)
class Verb:
    """A request of a scene, and other requests, which are refused under its key."""

    ask: Ask
    others: tuple[Ask, ...] = ()


def deposit(scene: Scene, **said: Any) -> Movement:
    return Movement.objects.deposit(scene.home, 7_77, **said)


def rename(scene: Scene, **said: Any) -> Bucket:
    return Bucket.objects.rename(scene.bucket("Fun"), "Joy", **said)


STRANGERS = (deposit, rename)
"""Requests of other kinds: one moves money, one changes a rule."""

NO_AMOUNTS: tuple[Any, ...] = (0, -1, 1.5, True, 2**63, "5", None)
UNRECORDABLE = (
    ("memo", "x" * 501),
    ("key", "x" * 201),
    ("key", ""),
    ("key", 5),
    ("memo", None),
    ("effective_at", "2026-06-01"),
    ("source", "x" * 201),
    ("effective_at", datetime(2026, 6, 1)),
    *(("effective_at", time) for time in UNWRITABLE[:2]),
    ("metadata", ["a"]),
    ("metadata", {"a": float("nan")}),
    ("metadata", {"a": object()}),
    ("metadata", {("a",): 1}),
)


class EveryRequest(Audited):
    """The promises; a subclass or its module has the fixture `verb`."""

    def test_a_repeat_changes_nothing_and_gives_the_first_answer(self, scene, verb):
        first = scene.do(lambda: verb.ask(scene, key="k"))
        before = scene.everything()

        again = scene.do(lambda: verb.ask(scene, key="k", expect=0))

        assert again == first
        assert scene.everything() == before

    def test_its_key_is_refused_for_another_request(self, scene, verb):
        scene.do(lambda: verb.ask(scene, key="k"))

        for other in (*verb.others, *STRANGERS, partial(verb.ask, memo="other")):
            refusal = refused(scene, other, KeyReused, "key_reused", key="k")
            assert refusal.figures["key"] == "k"

    def test_a_key_that_money_or_a_rule_has_used_is_refused(self, scene, verb):
        for stranger in STRANGERS:
            key = stranger.__name__
            scene.do(partial(stranger, scene, key=key))

            refusal = refused(scene, verb.ask, KeyReused, "key_reused", key=key)

            assert refusal.figures["key"] == key

    def test_refuses_a_budget_that_has_changed_since_it_was_looked_at(self, scene, verb):
        version = scene.do(lambda: scene.home.version)

        refusal = refused(scene, verb.ask, StalePlan, "stale_plan", expect=version - 1)

        assert refusal.figures["expected"] == version - 1
        assert refusal.figures["version"] == version
        with pytest.raises((BadOption, StalePlan)):  # of a deposit a preview's hash is stale
            scene.do(partial(verb.ask, scene, expect="0" * 64))

    def test_of_two_at_once_that_expect_one_version_one_is_done(self, scene, verb):
        version = scene.do(lambda: scene.home.version)

        refusal = scene.one_wins(*[lambda: verb.ask(scene, expect=version)] * 2)

        assert isinstance(refusal, StalePlan)
        assert scene.do(lambda: scene.home.version) > version

    def test_two_at_once_under_one_key_are_one_request(self, scene, verb):
        one, two = scene.at_once(*[lambda: verb.ask(scene, key="k")] * 2)

        assert one == two
        assert len(scene.do(lambda: recorded_under("k"))) == 1

    def test_records_who_asked_when_and_why(self, scene, verb):
        user: Any = UserFactory()
        said = {"memo": "why", "metadata": {"a": [1]}, "effective_at": JUNE, "source": "test"}

        scene.do(lambda: verb.ask(scene, key="k", **said), actor=user, request_id="req-1")

        [record] = scene.do(lambda: recorded_under("k"))
        assert (record.actor_id, record.request_id) == (user.pk, "req-1")
        assert (record.memo, record.metadata, record.effective_at) == ("why", {"a": [1]}, JUNE)
        assert getattr(record, "source", "test") == "test"
        assert len(record.request_hash) == 64

    def test_refuses_what_cannot_be_recorded(self, scene, verb):
        for field, value in UNRECORDABLE:
            said = {field: value}
            refusal = refused(scene, verb.ask, BadOption, "bad_particulars", **said)
            assert refusal.figures["field"] == field


def refused(scene: Scene, ask: Ask, error: type[Refused], code: str, **said: Any) -> Refused:
    """How a request is refused; nothing is written."""
    before = scene.everything()
    with pytest.raises(error) as raised:
        scene.do(partial(ask, scene, **said))
    assert raised.value.code == code
    assert scene.everything() == before
    return raised.value


def recorded_under(key: str) -> list[Any]:
    """The movements and versions with that key."""
    return [row for model in (Movement, BucketVersion) for row in model.objects.filter(key=key)]
