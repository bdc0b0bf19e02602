"""Bulk deposits: many budgets in one call, and the same result as one by one."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import (
    BadAmount,
    BadOption,
    KeyReused,
    NotEnoughMoney,
    Refused,
    StalePlan,
    UnknownBudget,
)
from budgets.jobs import audit
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for, run_for
from tenants.errors import TimedOut
from tests.budgets.verbs import (
    NO_AMOUNTS,
    Audited,
    EveryRequest,
    Scene,
    Verb,
    statements,
    until_waiting,
)
from tests.factories import BudgetFactory


def in_bulk(amount: int, scene: Scene, **said: Any) -> Any:
    [movement] = both(("Home", amount, said), scene=scene)
    return movement


def both(*deposits: tuple[str, Any, Any], scene: Scene, **how: Any) -> list[Any]:
    """Deposits into Home and Away, by name."""
    return Movement.objects.deposit_many(
        [Deposit(scene.pks[name], amount, said) for name, amount, said in deposits], **how
    )


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        return Verb(partial(in_bulk, 5_00), (partial(in_bulk, 6_00),))


class TestSameAsOneByOne(Audited):
    def test_in_every_line_and_total(self, scene):
        mixed = [("Home", 700_00), ("Away", 90_00), ("Home", 1), ("Away", 90_00), ("Home", 300_00)]
        before = scene.do(lambda: scene.home.version)

        movements = scene.do(lambda: both(*[(*pair, {}) for pair in mixed], scene=scene))

        assert [movement.seq for movement in movements] == [3, 2, 4, 3, 5]
        assert [scene.lines(movement) for movement in movements] == self.one_by_one(scene, mixed)
        assert scene.totals() == (2005_01, 0)
        assert scene.do(lambda: scene.home.version) == before + 3
        times = [movement.recorded_at for movement in movements]
        assert times == sorted(times)

    @staticmethod
    def one_by_one(scene: Scene, deposits: list[tuple[str, int]]) -> list[Any]:
        twin = Scene(scene.tenant, "Twin ")

        def deposit(name: str, amount: int) -> Movement:
            return Movement.objects.deposit(twin.budget(name), amount)

        return [twin.lines(twin.do(partial(deposit, *each))) for each in deposits]

    def test_a_key_used_one_by_one_is_answered_in_bulk_and_the_other_way_round(self, scene):
        one = scene.do(lambda: Movement.objects.deposit(scene.home, 5, key="a"))
        bulk = scene.do(lambda: in_bulk(6, scene, key="b"))
        before = scene.everything()

        assert scene.do(lambda: in_bulk(5, scene, key="a")) == one
        assert scene.do(lambda: Movement.objects.deposit(scene.home, 6, key="b")) == bulk
        assert scene.everything() == before

    def test_a_key_twice_in_one_call_is_one_deposit(self, scene):
        said = {"key": "k"}

        one, two, away = scene.do(
            lambda: both(("Home", 5, said), ("Home", 5, said), ("Away", 9, said), scene=scene)
        )

        assert one == two
        assert (one.repeated, two.repeated, away.repeated) == (False, True, False)
        assert scene.totals() == (1005_05, 0)

    def test_expects_what_a_preview_said(self, scene):
        hash = scene.do(lambda: Movement.objects.preview(scene.home, 5_00).hash)

        with pytest.raises(StalePlan):
            scene.do(lambda: in_bulk(6_00, scene, expect=hash))
        scene.do(lambda: in_bulk(5_00, scene, expect=hash))
        with pytest.raises(StalePlan):
            scene.do(lambda: in_bulk(5_00, scene, expect=hash))

    def test_what_is_no_amount_is_refused_on_its_own(self, scene):
        wanted: list[Any] = [("Home", amount, {}) for amount in NO_AMOUNTS]

        answers = scene.do(lambda: both(*wanted, scene=scene, each_on_its_own=True))

        assert [(type(answer), answer.figures) for answer in answers] == [
            (BadAmount, {"asked": amount}) for amount in NO_AMOUNTS
        ]

    def test_nothing_to_deposit_is_nothing_done(self, scene):
        before = scene.everything()

        assert scene.do(lambda: Movement.objects.deposit_many([])) == []

        assert scene.everything() == before


REFUSED: dict[str, tuple[Any, type[Refused], dict[str, Any]]] = {
    "amount": (("Home", 0, {}), BadAmount, {"asked": 0}),
    "budget": (("Rent", 5, {}), UnknownBudget, {}),
    "key of another deposit": (("Home", 5, {"key": "used"}), KeyReused, {"key": "used"}),
    "key of a rule": (("Home", 5, {"key": "rule"}), KeyReused, {"key": "rule"}),
    "memo": (("Home", 5, {"memo": "x" * 501}), BadOption, {"field": "memo"}),
    "too much": (("Home", MAX_MINOR, {}), BadAmount, {"asked": MAX_MINOR}),
    "version": (("Home", 5, {"expect": 0}), StalePlan, {"expected": 0}),
}
FIRST, LAST = ("Home", 1, {"key": "first"}), ("Away", 2, {"key": "last"})


@pytest.mark.parametrize("refused", REFUSED)
class TestRefusals(Audited):
    @pytest.fixture(autouse=True)
    def _used(self, scene) -> None:
        scene.do(lambda: in_bulk(1, scene, key="used"))
        scene.do(lambda: Bucket.objects.rename(scene.bucket("Rent"), "House", key="rule"))

    def test_one_refuses_all_and_says_which(self, scene, refused):
        bad, error, figures = REFUSED[refused]
        before = scene.everything()

        with pytest.raises(error) as raised:
            scene.do(lambda: both(FIRST, bad, LAST, scene=scene))

        assert raised.value.figures.items() >= {**figures, "number": 1}.items()
        assert scene.everything() == before

    def test_or_only_itself_when_each_is_on_its_own(self, scene, refused):
        bad, error, figures = REFUSED[refused]

        first, refusal, last = scene.do(
            lambda: both(FIRST, bad, LAST, scene=scene, each_on_its_own=True)
        )

        assert isinstance(refusal, error)
        assert refusal.figures.items() >= figures.items()
        assert (first.amount, last.amount) == (1, 2)
        assert scene.totals() == (1005_02, 0)


def test_the_statements_do_not_grow_with_the_deposits(tenant):
    def founded() -> list[Any]:
        budgets: list[Any] = [BudgetFactory() for _ in range(20)]
        for budget in budgets[:5]:
            Bucket.objects.create_bucket(budget, "Some", filter=Claim(share=333_333))
        return budgets

    def pay(count: int) -> None:
        Movement.objects.deposit_many(
            [Deposit(budgets[n % 20].pk, 100 + n, {"key": f"{n} of {count}"}) for n in range(count)]
        )

    budgets = run_for(tenant, founded)

    counts = [statements(tenant, partial(pay, count)) for count in (10, 1000)]

    assert counts == [7, 7]
    assert run_for(tenant, Movement.objects.count) == 1010
    assert list(audit.breaks_of(tenant)) == []  # the newest of each budget is replayed


class TestTwoAtOnce(Audited):
    def test_beside_a_withdrawal_count_wholly_before_it_or_after(self, scene):
        _, out = scene.at_once(
            lambda: both(("Home", 1000_00, {}), ("Away", 1, {}), scene=scene),
            lambda: Movement.objects.withdraw(scene.bucket("Money"), 400_00),
        )

        came_late = isinstance(out, NotEnoughMoney)
        assert scene.balances("Money") == [705_00 if came_late else 305_00]

    def test_lock_budgets_by_their_ids_whatever_their_order(self, scene):
        first, second = sorted(("Home", "Away"), key=lambda name: scene.pks[name])
        scene.do(lambda: Movement.objects.deposit(scene.budget(first), 1))  # now last on the disk

        with ThreadPoolExecutor(1) as pool:
            with scene.block():
                scene.budget(second).acquire()
                wanted: list[Any] = [(name, 1, {}) for name in (second, first)]
                answer = pool.submit(scene.alone, lambda: both(*wanted, scene=scene))
                until_waiting(1)
                free = pool_of_one(partial(is_free, scene, first))
            answer.result(timeout=20)

        assert not free

    def test_never_wait_in_a_circle(self, scene):
        def pay(names: tuple[str, str]) -> None:
            for _ in range(10):
                with acting_for(scene.tenant):  # which would not retry a deadlock
                    both(*[(name, 1, {}) for name in names], scene=scene)
            connection.close()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(pay, way) for way in (("Home", "Away"), ("Away", "Home"))]:
                done.result(timeout=30)

        assert scene.totals() == (1005_20, 0)


def pool_of_one(work: Any) -> Any:
    """What `work` answers in a thread, and so a session, of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(timeout=20)


def is_free(scene: Scene, name: str) -> bool:
    """Whether nobody has the budget's lock."""
    try:
        with scene.block():
            list(Budget.objects.filter(pk=scene.pks[name]).select_for_update(nowait=True))
    except TimedOut:
        return False
    finally:
        connection.close()
    return True
