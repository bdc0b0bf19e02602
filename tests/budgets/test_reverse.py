"""Reversing: a new movement that mirrors the old one, once."""

from functools import partial
from typing import Any

import pytest

from budgets.errors import ReversalRefused
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Movement
from tests.budgets.verbs import Audited, EveryRequest, Scene, Verb


def reverse(name: str, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.reverse_movement(scene.movement(name), **said)


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        return Verb(partial(reverse, "salary"), (partial(reverse, "coins"),))


class TestReverse(Audited):
    def test_mirrors_every_line_of_a_deposit(self, scene):
        movement = scene.do(lambda: reverse("salary", scene))

        assert (movement.kind, movement.amount, movement.net_amount) == (
            "reversal",
            1000_00,
            -1000_00,
        )
        assert movement.reverses_id == scene.pks["salary"]
        assert scene.lines(movement) == [
            ("Rent", -300_00, "reversal"),
            ("Trip", -100_00, "reversal"),
            ("Fun", -300_00, "reversal"),
            ("Money", -300_00, "reversal"),
        ]
        assert scene.balances("Rent", "Trip", "Fun", "Money") == [0, 0, 0, 5_00]
        assert scene.totals() == (1005_00, 1000_00)

    def test_gives_a_withdrawal_back_beyond_the_target_if_need_be(self, scene):
        out = scene.do(lambda: Movement.objects.withdraw(scene.bucket("Rent"), 10_00))
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Rent"), 0))

        movement = scene.do(lambda: Movement.objects.reverse_movement(out))

        assert movement.net_amount == 10_00
        assert scene.balances("Rent") == [300_00]
        assert scene.totals() == (1015_00, 10_00)

    def test_moves_a_transfer_back_into_locked_buckets(self, scene):
        sent = scene.do(
            lambda: Movement.objects.transfer(scene.bucket("Rent"), scene.bucket("Fun"), 10_00)
        )
        for name in ("Rent", "Fun"):
            scene.do(lambda name=name: Bucket.objects.lock(scene.bucket(name)))

        movement = scene.do(lambda: Movement.objects.reverse_movement(sent))

        assert movement.net_amount == 0
        assert scene.lines(movement) == [("Rent", 10_00, "reversal"), ("Fun", -10_00, "reversal")]


class TestRefusals(Audited):
    def test_once_is_enough(self, scene):
        scene.do(lambda: reverse("coins", scene))

        self.refused(scene, lambda: reverse("coins", scene), why="reversed")

    def test_a_reversal_is_not_reversed(self, scene):
        mirror = scene.do(lambda: reverse("coins", scene))

        self.refused(scene, lambda: Movement.objects.reverse_movement(mirror), why="reversal")

    def test_a_bucket_that_no_longer_has_the_money(self, scene):
        scene.do(lambda: Movement.objects.withdraw(scene.bucket("Fun"), 1))

        self.refused(
            scene,
            lambda: reverse("salary", scene),
            why="not_enough_money",
            bucket="Fun",
            asked=300_00,
            available=299_99,
        )

    def test_a_bucket_that_is_closed(self, scene):
        scene.do(lambda: Bucket.objects.close(scene.bucket("Fun"), Disposition.MONEY))
        movement = scene.newest()

        for ask in (
            partial(reverse, "salary", scene),
            lambda: Movement.objects.reverse_movement(movement),
        ):
            self.refused(scene, ask, why="closed", bucket="Fun")

    @staticmethod
    def refused(scene: Scene, ask: Any, **figures: Any) -> None:
        scene.refuses(ask, ReversalRefused, "reversal_refused", **figures)


class TestTwoAtOnce(Audited):
    def test_reverse_it_once(self, scene):
        refusal = scene.one_wins(*[partial(reverse, "coins", scene)] * 2)

        assert isinstance(refusal, ReversalRefused)
        assert refusal.figures == {"why": "reversed"}
        assert scene.balances("Money") == [300_00]

    def test_beside_a_withdrawal_do_not_take_the_same_money(self, scene):
        one, other = scene.at_once(
            partial(reverse, "salary", scene),
            lambda: Movement.objects.withdraw(scene.bucket("Money"), 6_00),
        )

        assert isinstance(one, ReversalRefused) != (getattr(other, "code", "") != "")
        assert scene.balances("Money") in ([299_00], [5_00])
