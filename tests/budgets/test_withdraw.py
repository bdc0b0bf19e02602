"""Withdrawing: out of a bucket, and out of the budget."""

from functools import partial
from typing import Any

import pytest

from budgets.errors import BadAmount, BucketClosed, NotEnoughMoney
from budgets.models import Bucket, Movement
from tests.budgets.verbs import NO_AMOUNTS, Audited, EveryRequest, Scene, Verb, statements


def withdraw(name: str, amount: int, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.withdraw(scene.bucket(name), amount, **said)


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        others = partial(withdraw, "Rent", 51_00), partial(withdraw, "Fun", 50_00)
        return Verb(partial(withdraw, "Rent", 50_00), others)


class TestWithdraw(Audited):
    def test_takes_money_out_of_a_bucket_and_out_of_the_budget(self, scene):
        movement = scene.do(lambda: withdraw("Rent", 50_00, scene))

        assert (movement.kind, movement.amount, movement.net_amount) == ("withdraw", 50_00, -50_00)
        assert scene.lines(movement) == [("Rent", -50_00, "withdrawn")]
        assert scene.balances("Rent", "Money") == [250_00, 305_00]
        assert scene.totals() == (1005_00, 50_00)

    def test_may_leave_nothing(self, scene):
        for name, amount in (("Money", 305_00), ("Rent", 300_00)):
            scene.do(partial(withdraw, name, amount, scene))

        assert scene.balances("Money", "Rent") == [0, 0]

    def test_a_locked_bucket_gives_and_stays_locked(self, scene):
        scene.do(lambda: Bucket.objects.lock(scene.bucket("Fun")))

        scene.do(lambda: withdraw("Fun", 1, scene))

        assert scene.do(lambda: scene.bucket("Fun").locked)

    def test_never_takes_more_than_the_bucket_holds(self, scene):
        for name, holds in (("Rent", 300_00), ("Money", 305_00), ("Spare", 0)):
            scene.refuses(
                partial(withdraw, name, holds + 1, scene),
                NotEnoughMoney,
                "not_enough_money",
                asked=holds + 1,
                available=holds,
            )

    def test_a_closed_bucket_has_nothing_to_give(self, scene):
        scene.refuses(
            partial(withdraw, "Gone", 1, scene), BucketClosed, "bucket_closed", bucket="Gone"
        )

    def test_refuses_what_is_no_amount(self, scene):
        for amount in NO_AMOUNTS:
            scene.refuses(
                partial(withdraw, "Rent", amount, scene), BadAmount, "bad_amount", asked=amount
            )

    def test_two_at_once_do_not_take_the_same_money(self, scene):
        refusal = scene.one_wins(*[partial(withdraw, "Rent", 200_00, scene)] * 2)

        assert isinstance(refusal, NotEnoughMoney)
        assert refusal.figures == {"asked": 200_00, "available": 100_00}
        assert scene.balances("Rent") == [100_00]

    def test_two_at_once_both_take_what_there_is_for_both(self, scene):
        one, two = scene.at_once(*[partial(withdraw, "Rent", 150_00, scene)] * 2)

        assert {one.seq, two.seq} == {3, 4}
        assert scene.balances("Rent") == [0]

    def test_takes_eight_statements(self, scene):
        with scene.block():
            bucket = scene.bucket("Rent")

        count = statements(scene.tenant, lambda: Movement.objects.withdraw(bucket, 1, key="k"))

        assert count == 8
