"""Redistributing the money bucket: to one bucket, and through the cascade; neither is income."""

from functools import partial
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import (
    BadAmount,
    BucketClosed,
    BucketFull,
    BucketLocked,
    NotEnoughMoney,
    NothingToMove,
)
from budgets.models import Bucket, Movement
from tests.budgets.verbs import NO_AMOUNTS, Audited, EveryRequest, Scene, Verb


def to_bucket(name: str, amount: int, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.redistribute_to(scene.bucket(name), amount, **said)


def cascaded(amount: int, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.redistribute(scene.home, amount, **said)


VERBS = {
    "to a bucket": Verb(
        partial(to_bucket, "Rent", 50_00),
        (partial(to_bucket, "Rent", 51_00), partial(to_bucket, "Fun", 50_00)),
    ),
    "through the cascade": Verb(
        partial(cascaded, 50_00), (partial(cascaded, 51_00), partial(to_bucket, "Rent", 50_00))
    ),
}


class TestEveryRequest(EveryRequest):
    @pytest.fixture(params=VERBS)
    def verb(self, request) -> Verb:
        return VERBS[request.param]


class TestToABucket(Audited):
    def test_moves_money_and_no_income(self, scene):
        movement = scene.do(lambda: to_bucket("Fun", 5_00, scene))

        assert (movement.kind, movement.amount, movement.net_amount) == ("redistribute_to", 5_00, 0)
        assert scene.lines(movement) == [("Money", -5_00, "source"), ("Fun", 5_00, "direct")]
        assert scene.totals() == (1005_00, 0)

    def test_what_the_target_does_not_allow_never_leaves_the_money_bucket(self, scene):
        movement = scene.do(lambda: to_bucket("Rent", 250_00, scene))

        assert movement.amount == 250_00
        assert scene.lines(movement) == [("Money", -200_00, "source"), ("Rent", 200_00, "direct")]
        assert scene.balances("Money", "Rent") == [105_00, 500_00]

    def test_a_locked_bucket_refuses(self, scene):
        scene.do(lambda: Bucket.objects.lock(scene.bucket("Fun")))

        scene.refuses(
            lambda: to_bucket("Fun", 1, scene), BucketLocked, "bucket_locked", bucket="Fun"
        )

    def test_a_full_bucket_refuses_at_or_over_its_target(self, scene):
        scene.refuses(
            lambda: to_bucket("Trip", 7, scene), BucketFull, "bucket_full", asked=7, space=0
        )
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Spare"), 0))
        scene.refuses(
            lambda: to_bucket("Spare", 7, scene), BucketFull, "bucket_full", asked=7, space=0
        )

    def test_a_closed_bucket_and_the_money_bucket_itself_refuse(self, scene):
        for name, error, code in (
            ("Gone", BucketClosed, "bucket_closed"),
            ("Money", NothingToMove, "nothing_to_move"),
        ):
            scene.refuses(partial(to_bucket, name, 1, scene), error, code, bucket=name)

    def test_two_at_once_do_not_move_the_same_money(self, scene):
        refusal = scene.one_wins(
            partial(to_bucket, "Fun", 200_00, scene), partial(to_bucket, "Spare", 200_00, scene)
        )

        assert isinstance(refusal, NotEnoughMoney)
        assert refusal.figures == {"asked": 200_00, "available": 105_00}

    def test_two_at_once_do_not_fill_the_same_space(self, scene):
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Rent"), 400_00))

        refusal = scene.one_wins(*[partial(to_bucket, "Rent", 100_00, scene)] * 2)

        assert isinstance(refusal, BucketFull)
        assert scene.balances("Money", "Rent") == [205_00, 400_00]


class TestThroughTheCascade(Audited):
    def test_fills_envelopes_by_their_rules_and_the_rest_never_leaves(self, scene):
        movement = scene.do(lambda: cascaded(250_00, scene))

        assert (movement.kind, movement.amount, movement.net_amount) == ("redistribute", 250_00, 0)
        assert scene.lines(movement) == [
            ("Rent", 200_00, "capacity_limit"),
            ("Fun", 25_00, "filter"),
            ("Money", -225_00, "source"),
        ]
        assert scene.balances("Money") == [80_00]
        assert scene.totals() == (1005_00, 0)

    def test_a_locked_bucket_is_passed_by(self, scene):
        scene.do(lambda: Bucket.objects.lock(scene.bucket("Rent")))

        movement = scene.do(lambda: cascaded(100, scene))

        assert scene.lines(movement) == [("Fun", 50, "filter"), ("Money", -50, "source")]

    def test_may_move_all_there_is(self, scene):
        scene.do(lambda: Bucket.objects.set_rules(scene.bucket("Fun"), filter=Claim(share=10**6)))

        scene.do(lambda: cascaded(305_00, scene))

        assert scene.balances("Money") == [0]

    def test_there_is_nothing_to_move_when_no_envelope_keeps_any(self, scene):
        for name in ("Rent", "Fun"):
            scene.do(lambda name=name: Bucket.objects.lock(scene.bucket(name)))

        scene.refuses(lambda: cascaded(10_00, scene), NothingToMove, "nothing_to_move")

    def test_two_at_once_do_not_move_the_same_money(self, scene):
        refusal = scene.one_wins(*[partial(cascaded, 305_00, scene)] * 2)

        assert isinstance(refusal, NotEnoughMoney)
        assert refusal.figures["asked"] == 305_00


@pytest.mark.parametrize("ask", [partial(to_bucket, "Rent"), cascaded], ids=VERBS)
class TestBoth(Audited):
    def test_never_take_more_than_the_money_bucket_holds(self, scene, ask):
        for amount in (305_01, 2**63 - 1):
            scene.refuses(
                partial(ask, amount, scene),
                NotEnoughMoney,
                "not_enough_money",
                asked=amount,
                available=305_00,
            )

    def test_refuse_what_is_no_amount(self, scene, ask):
        for amount in NO_AMOUNTS:
            scene.refuses(partial(ask, amount, scene), BadAmount, "bad_amount", asked=amount)
