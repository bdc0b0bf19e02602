"""Transferring: from a bucket to another of its budget, as far as the target allows."""

from functools import partial
from typing import Any

import pytest

from budgets.errors import (
    BadAmount,
    BucketClosed,
    BucketFull,
    NoSpace,
    NotEnoughMoney,
    NothingToMove,
    WrongBudget,
)
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Movement
from tests.budgets.verbs import NO_AMOUNTS, Audited, EveryRequest, Scene, Verb, statements


def transfer(giver: str, to: str, amount: int, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.transfer(scene.bucket(giver), scene.bucket(to), amount, **said)


def became_full(scene: Scene, movement: Movement) -> list[str]:
    with scene.block():
        filled = movement.entries.filter(became_full=True)
        return list(filled.values_list("bucket__name", flat=True))


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        others = (
            partial(transfer, "Fun", "Rent", 51_00),
            partial(transfer, "Fun", "Spare", 50_00),
            partial(transfer, "Money", "Rent", 50_00),
            partial(transfer, "Fun", "Rent", 50_00, overflow=Overflow.ALLOW),
        )
        return Verb(partial(transfer, "Fun", "Rent", 50_00), others)


class TestTransfer(Audited):
    def test_moves_money_and_no_income(self, scene):
        movement = scene.do(lambda: transfer("Fun", "Rent", 50_00, scene))

        assert (movement.kind, movement.amount, movement.net_amount) == ("transfer", 50_00, 0)
        assert scene.lines(movement) == [("Fun", -50_00, "source"), ("Rent", 50_00, "direct")]
        assert scene.balances("Fun", "Rent") == [250_00, 350_00]
        assert scene.totals() == (1005_00, 0)

    def test_what_the_target_does_not_allow_goes_to_the_money_bucket(self, scene):
        movement = scene.do(lambda: transfer("Fun", "Rent", 250_00, scene))

        assert scene.lines(movement) == [
            ("Fun", -250_00, "source"),
            ("Rent", 200_00, "direct"),
            ("Money", 50_00, "overflow"),
        ]

    def test_what_the_money_bucket_gets_back_never_left_it(self, scene):
        movement = scene.do(lambda: transfer("Money", "Rent", 250_00, scene))

        assert scene.lines(movement) == [("Money", -200_00, "source"), ("Rent", 200_00, "direct")]

    def test_may_fill_a_bucket_beyond_its_target_when_told_so(self, scene):
        movement = scene.do(lambda: transfer("Fun", "Rent", 250_00, scene, overflow=Overflow.ALLOW))

        assert scene.lines(movement) == [("Fun", -250_00, "source"), ("Rent", 250_00, "direct")]
        assert scene.balances("Rent") == [550_00]

    def test_fills_to_the_cent_what_would_reject_one_more(self, scene):
        def reject(amount: int) -> Movement:
            return transfer("Fun", "Rent", amount, scene, overflow=Overflow.REJECT)

        scene.refuses(lambda: reject(200_01), NoSpace, "no_space", asked=200_01, space=200_00)
        movement = scene.do(lambda: reject(200_00))

        assert scene.balances("Rent") == [500_00]
        assert became_full(scene, movement) == ["Rent"]

    def test_a_bucket_becomes_full_once(self, scene):
        first, second = (
            scene.do(partial(transfer, "Fun", "Rent", amount, scene, overflow=Overflow.ALLOW))
            for amount in (200_00, 100_00)
        )

        assert became_full(scene, first) == ["Rent"]
        assert became_full(scene, second) == []

    def test_reaches_locked_buckets_and_leaves_them_locked(self, scene):
        for name in ("Fun", "Spare"):
            scene.do(lambda name=name: Bucket.objects.lock(scene.bucket(name)))

        scene.do(lambda: transfer("Fun", "Spare", 1, scene))

        assert scene.balances("Spare") == [1]
        assert scene.do(lambda: [scene.bucket(name).locked for name in ("Fun", "Spare")]) == [
            True,
            True,
        ]

    def test_never_takes_more_than_the_bucket_holds(self, scene):
        for amount in (300_01, 2**63 - 1):
            scene.refuses(
                partial(transfer, "Fun", "Money", amount, scene),
                NotEnoughMoney,
                "not_enough_money",
                asked=amount,
                available=300_00,
            )

    def test_closed_buckets_neither_give_nor_get(self, scene):
        for source, to in (("Gone", "Rent"), ("Rent", "Gone")):
            scene.refuses(
                partial(transfer, source, to, 1, scene),
                BucketClosed,
                "bucket_closed",
                bucket="Gone",
            )

    def test_money_stays_in_its_budget(self, scene):
        for source, to in (("Far", "Rent"), ("Rent", "Far")):
            scene.refuses(partial(transfer, source, to, 1, scene), WrongBudget, "wrong_budget")

    def test_a_bucket_has_nothing_to_give_itself(self, scene):
        scene.refuses(
            partial(transfer, "Fun", "Fun", 1, scene),
            NothingToMove,
            "nothing_to_move",
            bucket="Fun",
        )

    def test_to_a_full_bucket_from_the_money_bucket_says_that_it_is_full(self, scene):
        scene.refuses(
            partial(transfer, "Money", "Trip", 1, scene),
            BucketFull,
            "bucket_full",
            asked=1,
            space=0,
        )

    def test_refuses_what_is_no_amount(self, scene):
        for amount in NO_AMOUNTS:
            scene.refuses(
                partial(transfer, "Fun", "Rent", amount, scene),
                BadAmount,
                "bad_amount",
                asked=amount,
            )

    def test_takes_eleven_statements_whatever_overflows(self, scene):
        with scene.block():
            fun, rent = scene.bucket("Fun"), scene.bucket("Rent")

        counts = [
            statements(scene.tenant, partial(Movement.objects.transfer, fun, rent, amount, key=key))
            for key, amount in (("fits", 1), ("overflows", 250_00))
        ]

        assert counts == [11, 11]


class TestTwoAtOnce(Audited):
    def test_do_not_move_the_same_money(self, scene):
        refusal = scene.one_wins(
            partial(transfer, "Fun", "Money", 200_00, scene),
            partial(transfer, "Fun", "Spare", 200_00, scene),
        )

        assert isinstance(refusal, NotEnoughMoney)
        assert refusal.figures == {"asked": 200_00, "available": 100_00}

    def test_do_not_fill_the_same_space(self, scene):
        refusal = scene.one_wins(
            *[partial(transfer, "Fun", "Rent", 150_00, scene, overflow=Overflow.REJECT)] * 2
        )

        assert isinstance(refusal, NoSpace)
        assert refusal.figures == {"asked": 150_00, "space": 50_00}

    def test_may_go_opposite_ways(self, scene):
        scene.at_once(
            partial(transfer, "Fun", "Spare", 200_00, scene),
            partial(transfer, "Rent", "Fun", 200_00, scene),
        )

        assert scene.balances("Rent", "Fun", "Spare") == [100_00, 300_00, 200_00]
